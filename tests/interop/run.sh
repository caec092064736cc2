#!/usr/bin/env bash
# The stored cohort and a result open in DuckDB and pyarrow. Installs both into a virtual environment of its own.
set -euo pipefail
cd "$(dirname "$0")/../.."

target="${CARGO_TARGET_DIR:-target}"
environment="${STEPPE_INTEROP_VENV:-$HOME/.cache/steppe/interop-venv}"
if ! "$environment/bin/python" -c 'import duckdb, pyarrow' >/dev/null 2>&1; then
    python3 -m venv "$environment"
    "$environment/bin/pip" install --quiet --disable-pip-version-check duckdb pyarrow
fi
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
steppe="$target/debug/steppe"
prefix="$(pwd)/tests/fixtures/plink2_ploidy/$(awk -F '\t' 'NR == 1 { for (i = 1; i <= NF; i++) if ($i == "prefix") at = i } NR == 2 { print $at }' tests/fixtures/plink2_ploidy/cases.tsv)"
"$steppe" import --build GRCh38 --bfile "$prefix" --block-samples 50 --out "$work/cohort"
awk 'BEGIN { print "ID\tA1\tW" } { print $2 "\t" $5 "\t" NR / 64 }' "$prefix.bim" > "$work/weights.txt"
"$steppe" score --cohort "$work/cohort" --score "$work/weights.txt" --missing zero --ambiguous keep \
    --match-by id --min-overlap 0 --out "$work/scores"
"$environment/bin/python" tests/interop/check.py "$prefix" "$work/cohort" "$work/scores"
