#!/usr/bin/env bash
# Principal components beside plink2's, projection, and adjusted scores beside pgscatalog-utils', one thread each, turn by
# turn: CPU seconds and peak memory of every run, and the medians.
#
#   benches/ancestry.sh SIMULATED [WORKDIR]
#                            SIMULATED: the folder of the bench cohort (geno.*, samples.tsv, keep.*; see lasso.sh)
#   PGSCATALOG=pgscatalog-ancestry-adjust RUNS=3 VARIANTS=10435
#
# Needs a release build of steppe, plink2, and pgscatalog-utils 2.0.4 (PyPI) for the last part, which is left out where
# PGSCATALOG is empty. See compare.sh for the BLAS that plink2 should have.
set -euo pipefail
cd "$(dirname "$0")/.."

data="$(realpath "${1:?give the folder of the bench cohort}")"
work="${2:-benches/work/ancestry}"
steppe="$(realpath "${STEPPE:-${CARGO_TARGET_DIR:-target}/release/steppe}")"
adjust="${PGSCATALOG-pgscatalog-ancestry-adjust}"
runs="${RUNS:-3}"
inputs="$PWD/benches/ancestry_inputs.py"
export OPENBLAS_NUM_THREADS=1 OMP_NUM_THREADS=1 OPENBLAS_CORETYPE="${OPENBLAS_CORETYPE:-SkylakeX}"
mkdir -p "$work"
cd "$work"

# fileset NAME KEEP...: the chosen variants of some people, as a .bed and as a cohort
fileset() {
    local name="$1"
    shift
    cat "$@" > "$name.keep"
    plink2 --bfile "$data/geno" --keep "$name.keep" --extract variants.txt --make-bed --threads 1 --out "$name" > /dev/null
    "$steppe" import --bfile "$name" --out "$name.cohort" --build GRCh38 --overwrite > /dev/null 2>&1
}

if [ ! -d target.scores ]; then
    plink2 --bfile "$data/geno" --keep "$data/keep.ALL.train.txt" --maf 0.05 --indep-pairwise 1000 50 0.6 --threads 1 \
        --out prune > /dev/null
    shuf --random-source=<(yes) -n "${VARIANTS:-10435}" prune.prune.in > variants.txt
    fileset train "$data/keep.ALL.train.txt"
    fileset panel "$data"/keep.{EUR,EAS,AFR}.ref.txt
    fileset target "$data/keep.ALL.test.txt" "$data/keep.KAZ.train.txt"
    awk 'BEGIN { srand(1); print "ID\tA1\tW1\tW2\tW3" }
        { print $2 "\t" $5 "\t" rand() - 0.5 "\t" rand() - 0.5 "\t" rand() - 0.5 }' panel.bim > weights.tsv
    for of in panel target; do
        "$steppe" score --cohort "$of.cohort" --score weights.tsv --score-columns ID,A1,W1,W2,W3 --out "$of.scores" \
            --overwrite > /dev/null 2>&1
    done
fi

# timed NAME COMMAND...: CPU seconds and peak MB go to NAME.times
timed() {
    local name="$1"
    shift
    /usr/bin/time -f "%U %S %M" -o one.time "$@" > "$name.log" 2>&1
    awk '{ print $1 + $2, $3 / 1024 }' one.time >> "$name.times"
}

# median NAME COLUMN
median() {
    sort -g -k "$2" "$1.times" | awk -v of="$2" '{ v[NR] = $of } END { print v[int((NR + 1) / 2)] }'
}

rm -f -- *.times
all_variants=(--population "$data/samples.tsv:pop" --no-prune --keep-long-range-ld --maf 0 --geno 1 --threads 1 --overwrite)
"$steppe" pca --cohort panel.cohort "${all_variants[@]}" --out panel.pca > panel.log 2>&1
for run in $(seq "$runs"); do
    rm -rf train.pca search.pca ancestry calibrated
    timed pca "$steppe" pca --cohort train.cohort "${all_variants[@]}" --out train.pca
    timed search "$steppe" pca --cohort train.cohort "${all_variants[@]}" --held-out-folds 0 --out search.pca
    timed plink2 plink2 --bfile train --pca approx 10 --threads 1 --seed "$run" --out plink2
    timed ancestry "$steppe" ancestry --cohort target.cohort --reference panel.pca --threads 1 --out ancestry
    timed calibrate "$steppe" calibrate --reference panel.pca --reference-scores panel.scores --ancestry ancestry \
        --scores target.scores --reference-only --out calibrated
    [ -n "$adjust" ] || continue
    mkdir -p pgscatalog
    "${PYTHON:-python3}" "$inputs" "$data/samples.tsv" panel.pca ancestry panel.scores target.scores pgscatalog
    timed pgscatalog "$adjust" -d target -r reference --ref_pcs pgscatalog/reference.pcs \
        --target_pcs pgscatalog/target.pcs --psam pgscatalog/reference.psam -x pgscatalog/related.txt -p SuperPop \
        -s pgscatalog/scores.txt.gz -a RandomForest -n empirical mean mean+var --outdir pgscatalog
done

printf 'people, variants: %s, %s\n' "$(wc -l < train.fam)" "$(wc -l < train.bim)"
for name in pca search plink2 ancestry calibrate pgscatalog; do
    [ -f "$name.times" ] || continue
    printf '%s: %s CPU s, %.0f MB (%s)\n' "$name" "$(median "$name" 1)" "$(median "$name" 2)" \
        "$(cut -d ' ' -f 1 "$name.times" | xargs)"
done
ratio() {
    [ ! -f "$2.times" ] || awk -v a="$(median "$1" 1)" -v b="$(median "$2" 1)" -v what="$1 to $2" \
        'BEGIN { printf "%s: %.2fx\n", what, a / b }'
}
ratio pca plink2
ratio search plink2
ratio calibrate pgscatalog
awk -v all="$(median ancestry 1)" -v people="$(wc -l < target.fam)" \
    'BEGIN { printf "ancestry: %.3f ms of CPU a person\n", 1000 * all / people }'
cut -f 1-6 train.pca/eigenvalues.tsv
