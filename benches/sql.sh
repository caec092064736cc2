#!/usr/bin/env bash
# Analysts' questions to `steppe gateway` over 500,000 people and 1,000 scores (500 million rows) under a policy, beside DuckDB
# over the same Parquet: times, what is read, 50 analysts at once, the first byte of a long answer, memory.
#
#   benches/sql.sh [WORKDIR]
#                            PEOPLE=500000 VARIANTS=1000 SCORES=1000 ANALYSTS=50 THREADS=2 (of DuckDB; the gateway takes all) MEMORY=2GiB
#
# The data is made once: 9 GB of disk and some minutes. Needs psycopg, adbc-driver-flightsql, pyarrow and duckdb in the Python
# that $PYTHON names (default python3).
set -euo pipefail
cd "$(dirname "$0")/.."

work="$(realpath -m "${1:-benches/work/sql}")"
people="${PEOPLE:-500000}"
scores="${SCORES:-1000}"
analysts="${ANALYSTS:-50}"
threads="${THREADS:-2}"
mkdir -p "$work"

cargo build --release --quiet --workspace --bin steppe
steppe="$(realpath "${CARGO_TARGET_DIR:-target}/release/steppe")"
here="$PWD"
cd "$work"

if [ ! -e run/scores.parquet ]; then
    "$steppe" -q simulate --unlinked --samples "$people" --variants "${VARIANTS:-1000}" --scores "$scores" --missing-rate 0 \
        --seed 5 --overwrite --out g
    rm -rf cohort run
    "$steppe" -q import --bfile g --build GRCh38 --out cohort > /dev/null
    columns="$(sed -n '1s/\t/,/gp' g.scores.txt)"
    "$steppe" -q score --cohort cohort --score g.scores.txt --score-header read --score-columns "$columns" --ambiguous keep \
        --no-sscore --out run > /dev/null
fi
awk 'BEGIN { srand(7); print "iid,population,t2d" }
    { print $2 "," (NR % 10 < 4 ? "EUR" : NR % 10 < 8 ? "EAS" : "KAZ") "," (rand() < 0.12 ? 1 : 0) }' g.fam > pheno.csv

{
    printf 'version = 1\nrevision = 1\n[cohort.cohort]\nminimum_cell = 20\npercentile_grid = 5\n'
    printf '[cohort.cohort.role.analyst]\nscores = "aggregates"\nphenotypes = "aggregates"\n'
    printf '[cohort.cohort.role.researcher]\nscores = "raw"\nphenotypes = "raw"\nexport_rows_per_day = 100000000\napprovals = 0\n'
    printf '[user.rosa]\nroles = ["researcher"]\n'
    for number in $(seq 0 "$analysts"); do printf '[user.a%s]\nroles = ["analyst"]\n' "$number"; done
} > policy.toml
rm -rf certs state audit.jsonl audit.head
"$steppe" certs init >/dev/null
for user in rosa $(seq -f 'a%g' 0 "$analysts"); do "$steppe" certs token --subject "$user" >/dev/null; done

flight="${FLIGHT:-17075}" postgres="${POSTGRES:-15433}"
"$steppe" gateway --policy policy.toml --state state --audit-log audit.jsonl --cohort cohort --scores run \
    --table pheno=pheno.csv --sample-column iid --token-key certs/token.pub --tls-authority certs/ca.crt \
    --tls-certificate certs/server.crt --tls-key certs/server.key --flight "127.0.0.1:$flight" \
    --postgres "127.0.0.1:$postgres" --operations-listen 127.0.0.1:0 --memory "${MEMORY:-2GiB}" > gateway.log 2>&1 &
gateway=$!
trap 'kill "$gateway" 2>/dev/null || true' EXIT
"${PYTHON:-python3}" "$here/benches/sql_analysts.py" "$work" "$gateway" "$flight" "$postgres" "$analysts" "$threads"
