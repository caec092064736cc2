#!/usr/bin/env bash
# The coordinator's largest memory over one job: how it grows with variants, samples, and the rows of scoring files.
#
#   benches/coordinator_memory.sh [WORKDIR]    data stay in WORKDIR (default benches/work), as compare.sh makes them
#
# Needs a release build of steppe. COORDINATOR_MEMORY=512MiB sets `coordinator.memory`.
set -euo pipefail
cd "$(dirname "$0")/.."

work="$(realpath -m "${1:-benches/work}")"
steppe="$(realpath "${STEPPE:-${CARGO_TARGET_DIR:-target}/release/steppe}")"
cluster="$work/cluster-memory"
mkdir -p "$work"

down() { "$steppe" cluster down --dir "$cluster" >/dev/null 2>&1 || true; }
trap down EXIT

# Ten scores; ids name the variants.
make_data() {
    local prefix="$work/$1"
    [ -e "$prefix.scores.txt" ] || "$steppe" simulate --quiet --unlinked --samples "$2" --variants "$3" --scores 10 --out "$prefix" >/dev/null
    [ -e "$prefix.cohort/manifest" ] || "$steppe" import --quiet --build GRCh38 --bfile "$prefix" --out "$prefix.cohort" >/dev/null
}

# measure NAME ROWS: a job with ten scores of so many of the cohort's variants, evenly spread, on a fresh cluster.
measure() {
    local prefix="$work/$1" rows="$2" variants
    variants="$(wc -l < "$prefix.bim")"
    awk -v step="$((variants / rows))" 'NR == 1 || (NR - 2) % step == 0' "$prefix.scores.txt" > "$work/memory.scores.txt"
    down
    rm -rf "$cluster" "$work/store" "$work/out"
    mkdir -p "$work/store"
    STEPPE_COORDINATOR_STORE="file://$work/store" STEPPE_COORDINATOR_MEMORY="${COORDINATOR_MEMORY:-2GiB}" \
        "$steppe" cluster up --workers 1 --slots 2 --dir "$cluster" --allow "$work" >/dev/null 2>&1
    "$steppe" --profile "$cluster" score --quiet --cohort "file://$prefix.cohort" --score "$work/memory.scores.txt" \
        --ambiguous keep --no-sscore --min-overlap 0.1 --out "file://$work/out" >/dev/null
    python3 - "$cluster" "$1" "$(wc -l < "$prefix.fam")" "$variants" "$rows" <<'PY'
import json, sys
folder, name, *sizes = sys.argv[1:]
pid = next(m["pid"] for m in json.load(open(f"{folder}/cluster.json"))["members"] if m["name"] == "coordinator")
status = dict(line.split(":", 1) for line in open(f"/proc/{pid}/status"))
samples, variants, rows = (f"{int(size):,}" for size in sizes)
print(f"{samples} samples x {variants} variants, ten scores of {rows} rows: {int(status['VmHWM'].split()[0]) / 1000:.0f} MB", flush=True)
PY
}

for variants in 5000 50000 200000 1000000; do
    make_data "memory-$variants" 200 "$variants"
    measure "memory-$variants" 5000
done
make_data memory-tall 500000 5000
measure memory-tall 5000
for rows in 50000 200000 1000000; do
    measure memory-1000000 "$rows"
done
