#!/usr/bin/env bash
# Steppe against plink2 and plink1.9, side by side in one run, on data that `steppe simulate --unlinked` makes.
#
#   benches/compare.sh [WORKDIR]        all jobs; data and results stay in WORKDIR (default benches/work)
#   JOBS="one ten" benches/compare.sh   some of them: one ten hundred thousand tall small import select growth
#
# Needs hyperfine, plink2 and plink1.9 (Debian's packages of these names) and a release build of steppe.
set -euo pipefail
cd "$(dirname "$0")/.."

work="${1:-benches/work}"
jobs="${JOBS:-one ten hundred thousand tall small import select growth}"
runs="${RUNS:-7}"
threads=2
data="${STEPPE_DATA:-../shared/data}"
steppe="${STEPPE:-${CARGO_TARGET_DIR:-target}/release/steppe}"
# plink2's matrix products take what BLAS gives; name a core that OpenBLAS knows, where the CPU has AVX-512.
if grep -q avx512f /proc/cpuinfo; then export OPENBLAS_CORETYPE=SkylakeX; fi
mkdir -p "$work/results"

say() { printf '\n== %s\n' "$*" >&2; }

# make_data NAME SAMPLES VARIANTS SCORES
make_data() {
    local prefix="$work/$1"
    [ -e "$prefix.bed" ] || "$steppe" simulate --unlinked --samples "$2" --variants "$3" --scores "$4" --out "$prefix"
    [ -e "$prefix.pgen" ] || plink2 --bfile "$prefix" --make-pgen --threads "$threads" --out "$prefix" >/dev/null
    [ -e "$prefix.cohort/manifest" ] || "$steppe" import --quiet --build GRCh38 --bfile "$prefix" --out "$prefix.cohort"
}

# columns NAME K: the first K weight columns of the data's scoring file
columns() {
    local out="$work/$1.k$2.txt"
    [ -e "$out" ] || cut -f "1-$(($2 + 2))" "$work/$1.scores.txt" > "$out"
    printf '%s' "$out"
}

# compare JOB NAME K [steppe options]: one steppe call and the peers on the same scores
compare() {
    local job="$1" name="$2" k="$3" prefix="$work/$2" table last
    shift 3
    table="$(columns "$name" "$k")"
    last="3-$((k + 2))"
    [ "$k" = 1 ] && last=3
    say "$job: $k scores of $name"
    hyperfine --warmup 1 --runs "$runs" --export-json "$work/results/$job.json" \
        --prepare "rm -rf $work/out" \
        --command-name "steppe" \
        "$steppe score --quiet --cohort $prefix.cohort --score $table --ambiguous keep --out $work/out --threads $threads $*" \
        --command-name "plink2 .bed" \
        "plink2 --bfile $prefix --score $table header-read cols=+scoresums --score-col-nums $last --threads $threads --out $work/plink" \
        --command-name "plink2 .pgen" \
        "plink2 --pfile $prefix --score $table header-read cols=+scoresums --score-col-nums $last --threads $threads --out $work/plink" \
        "${plink19[@]/#/}" >&2
    plink19=()
    peak "$job" "$steppe" score --quiet --cohort "$prefix.cohort" --score "$table" --ambiguous keep --out "$work/out" --threads "$threads" "$@"
}

# peak JOB COMMAND…: the largest resident set, in MiB
peak() {
    local job="$1"
    shift
    rm -rf "$work/out"
    command -v /usr/bin/time >/dev/null || return 0
    /usr/bin/time -f '%M' -o "$work/results/$job.rss" "$@"
}

plink19=()
for job in $jobs; do
    case "$job" in
    one)
        make_data big 100000 50000 100
        table="$(columns big 1)"
        plink19=(--command-name "plink1.9 .bed" "plink1.9 --bfile $work/big --score $table 1 2 3 header sum --threads $threads --out $work/plink19")
        compare one big 1
        ;;
    ten) make_data big 100000 50000 100 && compare ten big 10 ;;
    hundred) make_data big 100000 50000 100 && compare hundred big 100 ;;
    thousand) make_data wide 100000 5000 1000 && compare thousand wide 1000 --no-sscore --memory 8GiB ;;
    tall) make_data tall 500000 5000 1 && compare tall tall 1 ;;
    small)
        say "small: hapmap2_ceu_yri, three PGS, matching included"
        folder="$data/hapmap2_ceu_yri"
        [ -e "$work/hapmap2.cohort/manifest" ] ||
            "$steppe" import --quiet --build GRCh37 --bfile "$folder/hm2_chr4_20" --out "$work/hapmap2.cohort"
        gzip -dc "$folder/expected/match/tgt_ALL_additive_0.scorefile.gz" > "$work/hapmap2.scores.txt"
        hyperfine --warmup 2 --runs 15 --export-json "$work/results/small.json" --prepare "rm -rf $work/out" \
            --command-name "steppe, matching included" \
            "$steppe score --quiet --cohort $work/hapmap2.cohort --score $folder/PGS000018_GRCh37_chr20.txt --score $folder/PGS000027_GRCh37_chr20.txt --score $folder/PGS001229_GRCh37_chr4_20.txt --min-overlap 0.2 --out $work/out --threads $threads" \
            --command-name "plink2 --score on ready-made files" \
            "plink2 --bfile $folder/hm2_chr4_20 --score $work/hapmap2.scores.txt header-read cols=+scoresums --score-col-nums 3-5 --threads $threads --out $work/plink" >&2
        ;;
    import)
        make_data big 100000 50000 100
        say "import: 1.25 GB of .bed; cat and cp of the same file for scale"
        hyperfine --warmup 1 --runs 5 --export-json "$work/results/import.json" --prepare "rm -rf $work/again $work/copy" \
            --command-name "steppe import" \
            "$steppe import --quiet --build GRCh38 --bfile $work/big --out $work/again --threads $threads" \
            --command-name "cat to nowhere" "cat $work/big.bed > /dev/null" \
            --command-name "cp" "cp $work/big.bed $work/copy" \
            --command-name "plink2 --make-pgen" \
            "plink2 --bfile $work/big --make-pgen --threads $threads --out $work/copy-pgen" >&2
        peak import "$steppe" import --quiet --build GRCh38 --bfile "$work/big" --out "$work/again" --threads "$threads"
        rm -rf "$work/again" "$work/copy" "$work"/copy-pgen.*
        ;;
    select)
        make_data big 100000 50000 100
        say "select: the passes' own time (run.json) with every 100th variant and with all of them"
        full="$(columns big 1)"
        [ -e "$work/big.percent.txt" ] || awk 'NR == 1 || NR % 100 == 0' "$full" > "$work/big.percent.txt"
        for table in "$full" "$work/big.percent.txt"; do
            for _ in $(seq "$runs"); do
                rm -rf "$work/out"
                "$steppe" score --quiet --no-sscore --cohort "$work/big.cohort" --score "$table" --ambiguous keep --out "$work/out" --threads "$threads" >/dev/null
                sed -n 's/.*"passes": \([0-9.]*\).*/\1/p' "$work/out/run.json"
            done | sort -n | sed -n "$(((runs + 1) / 2))p"
        done | paste -s -d ' ' | awk '{ printf "select 1 %% of the variants: %.4f s, all: %.4f s, %.1f %% of a scan\n", $2, $1, 100 * $2 / $1 }' | tee "$work/results/select.txt" >&2
        ;;
    growth)
        make_data wide 100000 5000 1000
        make_data wide2s 200000 5000 1
        make_data wide2v 100000 10000 1
        say "growth: twice the samples, twice the variants, twice the scores"
        score() { printf '%s' "$steppe score --quiet --no-sscore --cohort $work/$1.cohort --score $(columns "$1" "$2") --ambiguous keep --out $work/out --threads $threads"; }
        hyperfine --warmup 1 --runs 15 --export-json "$work/results/growth.json" --prepare "rm -rf $work/out" \
            --command-name "100,000 x 5,000, 1 score" "$(score wide 1)" \
            --command-name "200,000 x 5,000, 1 score" "$(score wide2s 1)" \
            --command-name "100,000 x 10,000, 1 score" "$(score wide2v 1)" \
            --command-name "100,000 x 5,000, 50 scores" "$(score wide 50)" \
            --command-name "100,000 x 5,000, 100 scores" "$(score wide 100)" \
            --command-name "100,000 x 5,000, 200 scores" "$(score wide 200)" >&2
        ;;
    *)
        echo "unknown job $job" >&2
        exit 2
        ;;
    esac
done

# The medians of all results so far, each as a ratio to the first command of its job.
{
    printf '%s, %s, plink2: %s\n\n' "$(nproc) cores of $(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -1)" \
        "$("$steppe" --version)" "$(plink2 --version | head -1)"
    printf '| job | command | median s | ratio to the first | peak MiB |\n|---|---|---|---|---|\n'
    for result in "$work"/results/*.json; do
        job="$(basename "$result" .json)"
        rss=""
        [ -e "$work/results/$job.rss" ] && rss="$(($(tail -1 "$work/results/$job.rss") / 1024))"
        awk -v job="$job" -v rss="$rss" '
            /"command":/ { sub(/^[^:]*: "/, ""); sub(/",?$/, ""); command = $0 }
            /"median":/ { sub(/^[^:]*: */, ""); sub(/,.*$/, ""); if (!first) first = $0
                printf "| %s | %s | %.3f | %.1f | %s |\n", job, command, $0, $0 / first, rss; rss = "" }
        ' "$result"
    done
} | tee "$work/results/table.md"
