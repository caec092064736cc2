#!/usr/bin/env bash
# A cluster of processes against one process, side by side on one machine: what the way over a coordinator, workers and
# the store costs.
#
#   benches/cluster.sh [WORKDIR]    data and results stay in WORKDIR (default benches/work), as compare.sh makes them
#
# Needs hyperfine and a release build of steppe.
set -euo pipefail
cd "$(dirname "$0")/.."

work="$(realpath -m "${1:-benches/work}")"
runs="${RUNS:-5}"
data="$(realpath "${STEPPE_DATA:-../shared/data}")"
steppe="$(realpath "${STEPPE:-${CARGO_TARGET_DIR:-target}/release/steppe}")"
cluster="$work/cluster"
mkdir -p "$work/results"

say() { printf '\n== %s\n' "$*" >&2; }
down() { "$steppe" cluster down --dir "$cluster" >/dev/null 2>&1 || true; }
trap down EXIT

make_data() {
    local prefix="$work/$1"
    [ -e "$prefix.bed" ] || "$steppe" simulate --unlinked --samples "$2" --variants "$3" --scores "$4" --out "$prefix"
    [ -e "$prefix.cohort/manifest" ] || "$steppe" import --quiet --build GRCh38 --bfile "$prefix" --out "$prefix.cohort"
}

# up WORKERS SLOTS: a fresh cluster. Jobs keep what they work with in a folder, as on a shared file system, or with
# STORE=s3 in the development S3, which takes a share of the same cores.
up() {
    down
    rm -rf "$cluster" "$work/store"
    mkdir -p "$work/store"
    if [ "${STORE:-folder}" = folder ]; then
        export STEPPE_COORDINATOR_STORE="file://$work/store"
    fi
    "$steppe" cluster up --workers "$1" --slots "$2" --dir "$cluster" --allow "$work" --allow "$data" >/dev/null 2>&1
}

# remote JOB WORKERS SLOTS COHORT TABLE: a job on the cluster beside the same one in one process. Every run is another
# job (another threshold), so that none finds its result.
remote() {
    local job="$1" cohort="$4" table="$5"
    up "$2" "$3"
    say "$job: $2 workers with $3 slots"
    hyperfine --warmup 1 --runs "$runs" --export-json "$work/results/$job.json" \
        --prepare "rm -rf $work/out" \
        --command-name "one process" \
        "$steppe score --quiet --cohort $cohort --score $table --ambiguous keep --no-sscore --min-overlap 0.1 --out $work/out --threads 2" \
        --prepare "rm -rf $work/out; echo \$((\$(cat $work/n 2>/dev/null || echo 0) + 1)) > $work/n" \
        --command-name "cluster" \
        "$steppe --profile $cluster score --quiet --cohort file://$cohort --score $table --ambiguous keep --no-sscore --min-overlap 0.\$(printf %06d \$(cat $work/n)) --out file://$work/out" >&2
    python3 - "$work/results/$job.json" <<'PY'
import json, sys
one, cluster = (result["median"] for result in json.load(open(sys.argv[1]))["results"])
print(f"{one:.3f} s in one process, {cluster:.3f} s on the cluster: {cluster / one:.2f}x, {1000 * (cluster - one):+.0f} ms")
PY
}

make_data big 100000 50000 1000
[ -e "$work/big.k100.txt" ] || cut -f 1-102 "$work/big.scores.txt" > "$work/big.k100.txt"
remote cluster-one-worker 1 2 "$work/big.cohort" "$work/big.k100.txt"
say "the coordinator's largest memory"
grep VmHWM "/proc/$(python3 -c "import json;print([m['pid'] for m in json.load(open('$cluster/cluster.json'))['members'] if m['name']=='coordinator'][0])")/status"
remote cluster-two-workers 2 1 "$work/big.cohort" "$work/big.k100.txt"

folder="$data/hapmap2_ceu_yri"
if [ -d "$folder" ]; then
    [ -e "$work/hapmap2.cohort/manifest" ] || "$steppe" import --quiet --build GRCh37 --bfile "$folder/hm2_chr4_20" --out "$work/hapmap2.cohort"
    remote cluster-small 2 1 "$work/hapmap2.cohort" "$(realpath "$folder")/PGS000027_GRCh37_chr20.txt"
fi

# read_bytes: what all workers have read from object stores, from their metrics
read_bytes() {
    python3 - "$cluster" <<'PY'
import json, ssl, sys, urllib.request
folder = sys.argv[1]
context = ssl.create_default_context(cafile=f"{folder}/certs/ca.crt")
context.check_hostname = False
total = 0
for _, port in json.load(open(f"{folder}/cluster.json"))["worker_ports"]:
    text = urllib.request.urlopen(f"https://127.0.0.1:{port}/metrics", context=context).read().decode()
    total += sum(int(line.split()[1]) for line in text.splitlines() if line.startswith('steppe_store_bytes_total{direction="read"}'))
print(total)
PY
}

if [ -d "$folder" ]; then
    up 2 1
    say "bytes that workers read from S3: a first job over a cohort there, and another one"
    remote_steppe() { "$steppe" --profile "$cluster" --quiet "$@" >/dev/null; }
    remote_steppe import --bfile "$folder/hm2_chr4_20" --build GRCh37 --out s3://steppe/cached
    before=0
    for overlap in 0.1 0.2; do
        remote_steppe score --cohort s3://steppe/cached --score "$folder/PGS000027_GRCh37_chr20.txt" --min-overlap "$overlap" --out "s3://steppe/cached-$overlap"
        sleep 2
        now="$(read_bytes)"
        echo "$((now - before))"
        before="$now"
    done
fi

say "a coordinator with 10,000 finished jobs in its log"
down
python3 - "$cluster/state/jobs.sqlite" <<'PY'
import hashlib, sqlite3, sys
log = sqlite3.connect(sys.argv[1])
columns = [row[1] for row in log.execute("PRAGMA table_info(jobs)")]
row = dict(zip(columns, log.execute("SELECT * FROM jobs WHERE state = 'succeeded' LIMIT 1").fetchone()))
revision = log.execute("SELECT revision FROM job_log").fetchone()[0]
for number in range(10_000):
    revision += 1
    row |= {"id": hashlib.sha256(str(number).encode()).hexdigest(), "sequence": revision, "revision": revision}
    log.execute(f"INSERT INTO jobs ({', '.join(columns)}) VALUES ({', '.join('?' * len(columns))})", [row[c] for c in columns])
log.execute("UPDATE job_log SET revision = ?", (revision,))
log.commit()
PY
"$steppe" cluster up --workers 2 --slots 1 --dir "$cluster" 2>&1 | head -1
