#!/usr/bin/env bash
# Makes the small simulated study that the records of this folder ask of: fixture.sh STEPPE FOLDER
# The same bytes of genotypes, scores and phenotypes on any machine.
set -euo pipefail
steppe="$(realpath "$1")"
mkdir -p "$2"
cd "$2"

"$steppe" -q simulate --out people --population EUR=500 --population EAS=400 --population KAZ=500 --variants 3000 --seed 11
"$steppe" -q import --bfile people --build GRCh38 --out cohort >/dev/null

# A score of few variants: the first 15 rows of another.
{ grep '^#' people.scores/height.txt | sed 's/STP_height/STP_small/'
  grep -v '^#' people.scores/height.txt | sed -n '1,16p'; } > people.scores/small.txt
scoring=(people.scores/height.txt people.scores/type2diabetes.txt people.scores/small.txt people.scores/other_array.txt)
# The gate skips the score of another array: status 3.
score() { "$steppe" -q score --cohort cohort --score "${scoring[@]}" "$@" >/dev/null || [ $? -eq 3 ]; }
score --ambiguous keep --out first
score --ambiguous drop --out second

# Phenotypes: cases, a trait, and made-up attributes, each a function of the person's place.
awk -F '\t' 'BEGIN { OFS = ","; print "iid,t2d,age,days,bmi,site,consent,name,postcode" }
  NR > 1 {
    n = NR - 1
    bmi = n % 9 == 4 ? "" : sprintf("%.3f", 24 + $3)
    site = n * 31 % 7 < 3 ? "north" : n * 31 % 7 < 5 ? "south" : "east"
    print $2, ($4 == 2 || n % 4 == 1) ? 1 : 0, 40 + n * 7919 % 30, 10000 + n, bmi, site, n % 11 == 3 ? "no" : "yes", "N" n, 1000 + n % 50
  }' people.pheno.tsv > phenotypes.csv

# Ancestry against the Europeans and East Asians; calibrated risks and their evaluation in the Kazakhs.
awk -F '\t' 'NR > 1 && $5 != "KAZ" { print $1 "\t" $2 }' people.pheno.tsv > reference.txt
awk -F '\t' 'NR > 1 && $5 == "KAZ" { print $1 "\t" $2 }' people.pheno.tsv > kazakhs.txt
awk 'NR % 2 == 0' kazakhs.txt > learn.txt
"$steppe" -q pca --cohort cohort --keep reference.txt --population people.pheno.tsv:population --pcs 2 --angle 0.05 \
  --out reference >/dev/null
"$steppe" -q ancestry --cohort cohort --reference reference --out ancestry >/dev/null
"$steppe" -q calibrate --reference reference --reference-scores first --ancestry ancestry --scores first \
  --score-name STP_t2d --pcs 2 --population people.pheno.tsv:population --target KAZ --pheno people.pheno.tsv --trait CC \
  --learn learn.txt --out calibrated >/dev/null
"$steppe" -q evaluate --scores first --score-name STP_t2d --pheno people.pheno.tsv --trait CC \
  --population population --resamples 50 --permutations 0 --out evaluated >/dev/null
