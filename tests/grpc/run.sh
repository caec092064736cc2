#!/usr/bin/env bash
# A public client can use the coordinator: Python's grpcio, which learns the API by reflection. Installs it into a
# virtual environment of its own, and starts a development cluster for it.
set -euo pipefail
cd "$(dirname "$0")/../.."

environment="${STEPPE_CACHE:-$HOME/.cache/steppe}/grpc-venv"
wanted="tests/grpc/requirements.txt"
if ! cmp --silent "$wanted" "$environment/requirements.txt"; then
    python3 -m venv --clear "$environment"
    "$environment/bin/pip" install --quiet --disable-pip-version-check --requirement "$wanted"
    # Written last: an installation that was interrupted is done again.
    cp "$wanted" "$environment/requirements.txt"
fi

steppe="$(realpath "${STEPPE_BINARY:-${CARGO_TARGET_DIR:-target}/debug/steppe}")"
work="$(mktemp -d)"
cluster="$work/cluster"
finish() {
    status=$?
    if [[ -d "$cluster" ]]; then
        "$steppe" --quiet cluster down --dir "$cluster" || status=1
        ((status == 0)) || tail -n 20 "$cluster"/logs/* >&2
    fi
    rm -rf "$work"
    exit "$status"
}
trap finish EXIT
# The commands here are to run as they stand, whatever the caller works with.
unset STEPPE_PROFILE STEPPE_COORDINATOR STEPPE_TOKEN STEPPE_TOKEN_FILE STEPPE_CA STEPPE_CONFIG

"$steppe" --quiet simulate --unlinked --samples 600 --variants 8000 --scores 2 --out "$work/people"
"$steppe" --quiet import --bfile "$work/people" --build GRCh38 --out "$work/cohort" > /dev/null
"$steppe" --quiet score --cohort "$work/cohort" --score "$work/people.scores.txt" --out "$work/local" > /dev/null

# Every run of variants takes 200 ms longer, so that a job can be watched and cancelled.
STEPPE_TEST_TILE_DELAY_MS=200 "$steppe" --quiet cluster up --workers 2 --dir "$cluster" --allow "$work"
"$environment/bin/python" -B tests/grpc/client.py --profile "$cluster" --fileset "$work/people" \
    --scores "$work/people.scores.txt" --expected "$work/local/scores.sscore"
