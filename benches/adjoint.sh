#!/usr/bin/env bash
# Adjoint passes by this project and by adelie (PyPI) on the same genotypes, both in memory, in one run: one residual and
# sixteen, CPU seconds and wall time of each.
#
#   benches/adjoint.sh PREFIX SNPDAT
#                            PREFIX.bed, .bim, .fam; SNPDAT: adelie's file of it, which lasso.sh leaves in its WORKDIR
#   THREADS="1 2" RUNS=25
#
# Needs adelie in the Python that $PYTHON names (default python3).
set -euo pipefail
cd "$(dirname "$0")/.."

prefix="${1:?give the prefix of .bed, .bim, .fam}"
snpdat="${2:?give a file in the format of adelie}"
runs="${RUNS:-25}"

cargo build --release --quiet -p steppe-benches --example adjoint
ours="${CARGO_TARGET_DIR:-target}/release/examples/adjoint"
for threads in ${THREADS:-1 2}; do
    printf '%s thread(s)\n' "$threads"
    # One before and one after: a change of load shows.
    "$ours" "$prefix" "$threads" "$runs" 1 16
    "${PYTHON:-python3}" benches/lasso_adelie.py adjoint "$snpdat" "$threads" "$runs"
    "$ours" "$prefix" "$threads" "$runs" 1 16
done
