#!/usr/bin/env bash
# Lasso paths of 1 and of 16 traits of one cohort by the program, from its store: time, memory, bytes read from the disk.
#
#   benches/many_traits.sh PREFIX [WORKDIR]      PREFIX.bed, .bim, .fam: those who train
#   TRAITS=16 LAMBDAS=30 RATIO=0.2 THREADS=1 RUNS=3
#   MEMORY=1500M      the programs may use so much memory, page cache included: a cohort that is larger is read from the
#                     disk in every pass, as one that is larger than a machine's memory is (needs root, for a cgroup)
#
# Traits have 1,000 causal variants each, drawn for each trait alone, and a heritability of 0.4. Needs a release build.
set -euo pipefail
prefix="${1:?give the prefix of .bed, .bim, .fam}"
work="$(realpath -m "${2:-benches/work/many}")"
traits="${TRAITS:-16}" lambdas="${LAMBDAS:-30}" ratio="${RATIO:-0.2}" threads="${THREADS:-1}" runs="${RUNS:-3}"
steppe="$(realpath "${STEPPE:-${CARGO_TARGET_DIR:-target}/release/steppe}")"
mkdir -p "$work"

[ -e "$work/cohort/manifest" ] ||
    "$steppe" import --quiet --bfile "$prefix" --build GRCh38 --out "$work/cohort" > /dev/null
if ! [ -e "$work/pheno.tsv" ]; then
    # Effects of standardised genotypes need no frequencies here: the score is scaled to its variance afterwards.
    awk -v traits="$traits" -v rows="$(wc -l < "$prefix.bim")" '
        function normal() { return sqrt(-2 * log(1 - rand())) * cos(6.283185307179586 * rand()) }
        BEGIN { srand(7); printf "ID\tA1"; for (t = 1; t <= traits; t++) printf "\tT%d", t; print "" }
        {
            line = ""; any = 0
            for (t = 1; t <= traits; t++) {
                w = rand() < 1000 / rows ? normal() : 0
                any = any || w != 0
                line = line "\t" w
            }
            if (any) print $2 "\t" $5 line
        }' "$prefix.bim" > "$work/weights.tsv"
    rm -rf "$work/values"
    "$steppe" score --quiet --cohort "$work/cohort" --score "$work/weights.tsv" --score-columns "1,2,3-$((traits + 2))" \
        --match-by id --ambiguous keep --no-sscore --out "$work/values" > /dev/null
    "$steppe" sql --quiet --scores "$work/values" --format csv \
        'SELECT family_id, sample_id, score, sum FROM scores ORDER BY sample_id, score' > "$work/values.csv"
    awk -F, -v traits="$traits" '
        function normal() { return sqrt(-2 * log(1 - rand())) * cos(6.283185307179586 * rand()) }
        NR == 1 { next }
        { key = $1 "\t" $2; if (!(key in seen)) { seen[key] = ++people; name[people] = key }
          if (!($3 in trait)) { trait[$3] = ++found }
          t = trait[$3]; value[seen[key], t] = $4; sum[t] += $4; square[t] += $4 * $4 }
        END {
            srand(11)
            printf "FID\tIID"; for (t = 1; t <= found; t++) printf "\tT%d", t; print ""
            for (p = 1; p <= people; p++) {
                printf "%s", name[p]
                for (t = 1; t <= found; t++) {
                    sd = sqrt(square[t] / people - (sum[t] / people) ^ 2)
                    printf "\t%.6f", sqrt(0.4) * (value[p, t] - sum[t] / people) / sd + sqrt(0.6) * normal()
                }
                print ""
            }
        }' "$work/values.csv" > "$work/pheno.tsv"
fi

# The memory limit, as a cgroup of version 1 or 2.
confined=()
if [ -n "${MEMORY:-}" ]; then
    group=/sys/fs/cgroup/memory/steppe-bench limit=memory.limit_in_bytes
    [ -d /sys/fs/cgroup/memory ] || { group=/sys/fs/cgroup/steppe-bench; limit=memory.max; }
    mkdir -p "$group"
    echo "$MEMORY" > "$group/$limit"
    confined=(bash -c 'echo $$ > "$0/cgroup.procs"; exec "$@"' "$group")
fi

fit() {
    local count="$1" names=()
    for t in $(seq "$count"); do names+=(--trait "T$t"); done
    rm -rf "$work/fit.$count" "$work"/.fit."$count".*
    [ -z "${MEMORY:-}" ] || { sync; echo 3 > /proc/sys/vm/drop_caches; }
    "${confined[@]}" /usr/bin/time -f "$count %e %U %S %M %I" -o "$work/time" \
        "$steppe" fit lasso --quiet --cohort "$work/cohort" --pheno "$work/pheno.tsv" "${names[@]}" --standardize \
        --lambdas "$lambdas" --lambda-min-ratio "$ratio" --threads "$threads" --out "$work/fit.$count" > "$work/fit.log" 2>&1 \
        || { cat "$work/fit.log"; exit 1; }
    tail -1 "$work/time" >> "$work/times.$threads.${MEMORY:-all}"
}

: > "$work/times.$threads.${MEMORY:-all}"
for _ in $(seq "$runs"); do fit 1; fit "$traits"; done
echo "traits, wall s, user s, system s, peak MiB, MiB read from the disk; $threads threads, memory ${MEMORY:-not limited}"
awk '{ printf "%s\t%s\t%s\t%s\t%.0f\t%.0f\n", $1, $2, $3, $4, $5 / 1024, $6 / 2048 }' "$work/times.$threads.${MEMORY:-all}"
for column in wall:2 cpu:3; do
    IFS=: read -r name at <<< "$column"
    median() {
        awk -v n="$1" -v at="$at" '$1 == n { print at == 3 ? $3 + $4 : $at }' "$work/times.$threads.${MEMORY:-all}" |
            sort -g | awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'
    }
    awk -v name="$name" -v n="$traits" -v one="$(median 1)" -v all="$(median "$traits")" \
        'BEGIN { printf "%s: %s traits %.2f s, one %.2f s: %.1f times one\n", name, n, all, one, all / one }'
done
