#!/usr/bin/env bash
# The expected answers of the records here are DuckDB's over the same Parquet; tests/it/slt.rs asks Steppe for them.
# Installs DuckDB into a virtual environment of its own.
set -euo pipefail
cd "$(dirname "$0")/../.."

target="${CARGO_TARGET_DIR:-target}"
environment="${STEPPE_SLT_VENV:-$HOME/.cache/steppe/slt-venv}"
if ! "$environment/bin/python" -c 'import duckdb, numpy' >/dev/null 2>&1; then
    python3 -m venv "$environment"
    "$environment/bin/pip" install --quiet --disable-pip-version-check -r tests/slt/requirements.txt
fi
study="$(mktemp -d)"
trap 'rm -rf "$study"' EXIT
tests/slt/fixture.sh "${STEPPE_BINARY:-$target/debug/steppe}" "$study"
"$environment/bin/python" tests/slt/duckdb_oracle.py check "$study"
