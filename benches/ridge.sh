#!/usr/bin/env bash
# Level 0 of a stacked block ridge, by this project and by numpy with 32-bit floats, on the same genotypes in one run:
# medians, ratios, peak memory, and the out-of-fold R2 of each share of variance.
#
#   benches/ridge.sh PREFIX PHENO [WORKDIR]
#                            PREFIX.bed, .bim, .fam: those who train, without missing calls; PHENO: a table with a header,
#                            its rows in the order of the .fam file
#   VARIANTS=44084 BLOCK=1000 TRAIT=QT THREADS=1 RUNS=3
#
# The bench cohort is that of lasso.sh. Needs numpy and scipy in the Python that $PYTHON names (default python3).
set -euo pipefail
cd "$(dirname "$0")/.."

prefix="${1:?give the prefix of .bed, .bim, .fam}"
pheno="${2:?give a table of phenotypes}"
work="${3:-benches/work/ridge}"
variants="${VARIANTS:-44084}"
block="${BLOCK:-1000}"
name="${TRAIT:-QT}"
threads="${THREADS:-1}"
mkdir -p "$work"

cargo build --release --quiet -p steppe-benches --example ridge
ours="${CARGO_TARGET_DIR:-target}/release/examples/ridge"
export OPENBLAS_NUM_THREADS="$threads" OMP_NUM_THREADS="$threads"
: > "$work/steppe.json"
: > "$work/numpy.json"
# Turn by turn: both meet the same load.
for _ in $(seq "${RUNS:-3}"); do
    "$ours" "$prefix" "$pheno" "$name" "$variants" "$block" "$threads" >> "$work/steppe.json"
    "${PYTHON:-python3}" benches/ridge_numpy.py "$prefix" "$pheno" "$name" "$variants" "$block" >> "$work/numpy.json"
done

# median FILE KEY: the median of a number over a file's lines of JSON
median() {
    sed -n "s/.*\"$2\": \([0-9.e+-]*\).*/\1/p" "$1" | sort -g | awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'
}
for key in wall cpu peak_mib; do
    ours_is="$(median "$work/steppe.json" "$key")"
    theirs="$(median "$work/numpy.json" "$key")"
    awk -v a="$ours_is" -v b="$theirs" -v key="$key" \
        'BEGIN { printf "%s: steppe %.2f, numpy %.2f, %.2fx\n", key, a, b, a / b }'
done
for who in steppe numpy; do
    printf '%s R2: %s\n' "$who" "$(sed -n 's/.*"r2": \(\[[^]]*\]\).*/\1/p' "$work/$who.json" | tail -1)"
done
