#!/bin/sh
# Which variants plink2 (v2.00a3.5) keeps with --indep-pairwise, and its Hardy-Weinberg P, for the tests of crates/steppe-calibrate.
# Usage: plink2_prune.sh DATA OUT, where DATA holds simulated, ancestry_bp1000g and bigsnpr_missing.
# A line of prune.tsv: data set, window, step, r2, kept variants, and a bit for each variant of the .bim (hexadecimal, the
# first variant is the highest bit of the first digit).
set -eu
data=$1
out=$2
work=$(mktemp -d)
bits() {
    awk 'NR==FNR {kept[$1]; next} {
        bit = ($2 in kept); n += bit; value = value * 2 + bit
        if (FNR % 4 == 0) { text = text sprintf("%x", value); value = 0 }
        last = FNR
    } END { while (last % 4) { value *= 2; last++; if (last % 4 == 0) text = text sprintf("%x", value) }; print n "\t" text }' "$1" "$2"
}
run() {
    name=$1; prefix=$2; shift 2
    set -- "$@"
    plink2 --bfile "$prefix" $keep --threads 1 --memory 3000 --allow-extra-chr --out "$work/run" --indep-pairwise "$@" > /dev/null
    if [ $# -eq 2 ]; then window=$1; step=1; r2=$2; else window=$1; step=$2; r2=$3; fi
    printf '%s\t%s\t%s\t%s\t%s\n' "$name" "$window" "$step" "$r2" "$(bits "$work/run.prune.in" "$prefix.bim")"
}
{
    printf 'data\twindow\tstep\tr2\tkept\tbits\n'
    keep="--keep $data/simulated/keep.ALL.ref.txt"
    run simulated "$data/simulated/geno" 1000 50 0.05
    run simulated "$data/simulated/geno" 50 5 0.2
    run simulated "$data/simulated/geno" 200kb 0.1
    keep=
    run ancestry_bp1000g "$data/ancestry_bp1000g/data/ref" 1000 50 0.05
    run ancestry_bp1000g "$data/ancestry_bp1000g/data/ref" 50 5 0.2
    run ancestry_bp1000g "$data/ancestry_bp1000g/data/ref" 2000kb 0.1
    run bigsnpr_missing "$data/bigsnpr_missing/example-missing" 50 5 0.1
    run bigsnpr_missing "$data/bigsnpr_missing/example-missing" 100 10 0.02
} > "$out/prune.tsv"
plink2 --bfile "$data/simulated/geno" --keep "$data/simulated/keep.ALL.ref.txt" --hardy --out "$work/hardy" > /dev/null
awk 'NR > 1 && NR % 10 == 0 {print $2, $5, $6, $7, $10}' OFS='\t' "$work/hardy.hardy" > "$out/hardy.tsv"
rm -r "$work"
