#!/usr/bin/env bash
# One score from people of several populations, beside one from Europeans alone: R2 in the test people of each population.
#
#   benches/populations.sh DATA [WORKDIR]    DATA as `simulate.py --size bench` of the project's data makes it
#
# Needs a release build of steppe.
set -euo pipefail
data="$(realpath "$1")"
work="$(realpath -m "${2:-benches/work}")"
steppe="$(realpath "${STEPPE:-${CARGO_TARGET_DIR:-target}/release/steppe}")"
mkdir -p "$work"

[ -e "$work/populations.cohort/manifest" ] ||
    "$steppe" import --quiet --bfile "$data/geno" --build GRCh38 --out "$work/populations.cohort" >/dev/null
# Europeans train and validate; everybody else is in the test set, or not used.
awk 'NR > 1 && ($3 == "EUR" || $4 == "test") { print $1, $2 }' "$data/samples.tsv" > "$work/populations.eur.txt"

fit() {
    local name="$1"
    shift
    rm -rf "$work/populations.$name"
    printf '\n== %s\n' "$name"
    "$steppe" fit lasso --quiet --cohort "$work/populations.cohort" --pheno "$data/pheno.tsv" --trait QT \
        --covar "$data/covar.tsv" --split "$data/samples.tsv:split" --population "$data/samples.tsv:pop" \
        --remove "$data/keep.ALL.ref.txt" --lambdas 60 --lambda-min-ratio 0.03 --refit \
        --out "$work/populations.$name" "$@" | grep -E '^trait +model|refit +test'
}

fit eur --keep "$work/populations.eur.txt"
fit pooled
fit kaz3 --population-weights KAZ=3
fit equal --population-weights equal
fit specific --shared-plus-specific
fit standardized --population-weights equal --standardize
