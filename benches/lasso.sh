#!/usr/bin/env bash
# Lasso paths of this project and of adelie (PyPI) on the same genotypes in one run: medians, ratios, peak memory, and
# the violations of both paths' optimality conditions, computed with adelie's products.
#
#   benches/lasso.sh PREFIX PHENO [WORKDIR]
#                            PREFIX.bed, .bim, .fam: those who train; PHENO: a table with a header, its rows in the order
#                            of the .fam file, without missing values
#   JOBS="gaussian:QT:60:0.05:1" benches/lasso.sh …   family:column:lambdas:ratio:threads, several with spaces
#   RUNS=3                   runs of each
#
# The bench cohort: simulate.py --size bench --out cohort; plink2 --bfile cohort/geno --keep cohort/keep.EUR.train.txt
# --make-bed --out eur; PHENO is the rows of cohort/pheno.tsv of those in eur.fam.
#
# Needs adelie and scipy in the Python that $PYTHON names (default python3).
set -euo pipefail
cd "$(dirname "$0")/.."

prefix="${1:?give the prefix of .bed, .bim, .fam}"
pheno="${2:?give a table of phenotypes}"
work="${3:-benches/work/lasso}"
runs="${RUNS:-3}"
jobs="${JOBS:-gaussian:QT:60:0.05:1 gaussian:QT:60:0.05:2 binomial:CC:40:0.05:1 binomial:CC:40:0.05:2}"
python="${PYTHON:-python3}"
peer="$(dirname "$0")/lasso_adelie.py"
mkdir -p "$work"

cargo build --release --quiet -p steppe-benches --example lasso
ours="${CARGO_TARGET_DIR:-target}/release/examples/lasso"
[ -e "$work/genotypes.snpdat.npy" ] || "$python" "$peer" convert "$prefix" "$work/genotypes.snpdat"

# median FILE KEY: the median of a number over a file's lines of JSON
median() {
    sed -n "s/.*\"$2\": \([0-9.e+-]*\).*/\1/p" "$1" | sort -g | awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'
}

table="$work/table.md"
{
    printf '%s, %s, %s runs\n\n' "$(nproc) cores of $(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -1)" \
        "adelie $("$python" -c 'import adelie; print(adelie.__version__)')" "$runs"
    printf '| family, lambdas, threads | | median wall s | median CPU s | peak MiB | violation / lambda |\n|---|---|---|---|---|---|\n'
} > "$table"

for job in $jobs; do
    IFS=: read -r family name lambdas ratio threads <<< "$job"
    label="$family.$name.$lambdas.$threads"
    : > "$work/$label.steppe.json"
    : > "$work/$label.adelie.json"
    # Turn by turn: both meet the same load.
    for _ in $(seq "$runs"); do
        "$ours" "$prefix" "$pheno" "$name" "$family" "$lambdas" "$ratio" "$threads" "$work/$label.steppe.txt" \
            >> "$work/$label.steppe.json"
        "$python" "$peer" fit "$work/genotypes.snpdat" "$pheno" "$name" "$family" "$lambdas" "$ratio" "$threads" \
            default "$work/$label.adelie.txt" >> "$work/$label.adelie.json"
    done
    for who in steppe adelie; do
        "$python" "$peer" check "$work/genotypes.snpdat" "$pheno" "$name" "$family" "$work/$label.$who.txt" \
            > "$work/$label.$who.check.json"
        result="$work/$label.$who.json"
        printf '| %s, %s, %s | %s | %.2f | %.2f | %.0f | %.1e |\n' "$family" "$lambdas" "$threads" "$who" \
            "$(median "$result" wall)" "$(median "$result" cpu)" "$(median "$result" peak_mib)" \
            "$(median "$work/$label.$who.check.json" violation)" >> "$table"
    done
    for key in wall cpu peak_mib; do
        awk -v a="$(median "$work/$label.steppe.json" "$key")" -v b="$(median "$work/$label.adelie.json" "$key")" \
            -v key="$key" -v label="$label" 'BEGIN { printf "%s: %s %.2fx adelie\n", label, key, a / b }' >&2
    done
done
cat "$table"
