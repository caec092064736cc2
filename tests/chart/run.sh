#!/usr/bin/env bash
# The chart renders, lints and validates, and the files of deploy/ are what they should be. Installs Helm's library,
# Kubernetes' schemas and a PromQL parser into a virtual environment of its own; needs no network after that.
set -euo pipefail
cd "$(dirname "$0")/../.."

environment="${STEPPE_CACHE:-$HOME/.cache/steppe}/chart-venv"
wanted="tests/chart/requirements.txt"
if ! cmp --silent "$wanted" "$environment/requirements.txt"; then
    python3 -m venv --clear "$environment"
    "$environment/bin/pip" install --quiet --disable-pip-version-check --requirement "$wanted"
    # Written last: an installation that was interrupted is done again.
    cp "$wanted" "$environment/requirements.txt"
fi
"$environment/bin/python" -B tests/chart/check.py "$(pwd)"
