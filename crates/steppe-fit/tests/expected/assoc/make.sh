#!/bin/sh
# What plink2 says of the fixture that make.py makes: as it does by default, without Firth's penalty, always with it,
# and on the counted allele (plink2's ALT, the first allele of the .bim) whatever its frequency.
#
# Binary traits run one variant at a time. plink2 2.00a3.5 otherwise lets a variant's predecessors change the standard
# error of a variant with missing calls (v103 of B2: 0.684586 after others, 0.717218 alone; R's glm: 0.717220).
set -eu
columns=cols=chrom,pos,ref,alt,a1freq,firth,nobs,beta,se,tz,p,err
run() {
    out=$1
    shift
    plink2 --bfile small --pheno small.pheno --covar small.covar --covar-variance-standardize --threads 1 \
        --out "$out" --glm hide-covar "$columns" "$@" >/dev/null 2>&1
}
rm -f ./*.glm.*
run default --pheno-name Q1 Q2 Q3 Q4
run counted omit-ref --pheno-name Q1 Q2 Q3 Q4
each() {
    name=$1
    shift
    for id in $(cut -f 2 small.bim); do
        rm -f one.*
        run one "$@" --pheno-name B1 B2 --snp "$id"
        for trait in B1 B2; do
            result=$(echo one.$trait.glm.*)
            table=$name.${result#one.}
            [ -f "$table" ] || head -n 1 "$result" >"$table"
            tail -n +2 "$result" >>"$table"
        done
    done
}
each default
each no-firth no-firth
each firth firth
each counted omit-ref
rm -f ./*.log one.*
