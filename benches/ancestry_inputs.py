#!/usr/bin/env python3
"""What pgscatalog-ancestry-adjust reads, from results of steppe: components of reference and target, populations, scores.

    ancestry_inputs.py SAMPLES PCA ANCESTRY REFERENCE_SCORES TARGET_SCORES OUT

SAMPLES is the simulator's table of people; the next four are folders of steppe pca, ancestry and score (twice).
"""

import gzip
import sys
from pathlib import Path


def table(path):
    header, *rows = (line.rstrip("\n").lstrip("#").split("\t") for line in open(path))
    return [dict(zip(header, row)) for row in rows]


def main():
    samples, pca, ancestry, reference_scores, target_scores, out = map(Path, sys.argv[1:])
    population = {row["IID"]: row["pop"] for row in table(samples)}
    components = [f"PC{number}" for number in range(1, 11)]
    for name, source in (("reference", pca / "pcs.tsv"), ("target", ancestry / "ancestry.tsv")):
        with open(out / f"{name}.pcs", "w") as pcs:
            print("FID", "IID", *components, sep="\t", file=pcs)
            for row in table(source):
                print(row["IID"], row["IID"], *(row[of] for of in components), sep="\t", file=pcs)
    with open(out / "reference.psam", "w") as psam:
        print("#IID", "SEX", "SuperPop", "Population", sep="\t", file=psam)
        for row in table(pca / "pcs.tsv"):
            print(row["IID"], 0, *[population[row["IID"]]] * 2, sep="\t", file=psam)
    (out / "related.txt").write_text("#IID\nnobody\n")
    with gzip.open(out / "scores.txt.gz", "wt") as scores:
        print("sampleset", "FID", "IID", "PGS", "SUM", "DENOM", "AVG", sep="\t", file=scores)
        for name, source in (("reference", reference_scores), ("target", target_scores)):
            for row in table(source / "scores.sscore"):
                for score in (column[:-4] for column in row if column.endswith("_SUM") and column[0] == "W"):
                    values = row[f"{score}_SUM"], row["DENOM"], row[f"{score}_AVG"]
                    print(name, row["IID"], row["IID"], score, *values, sep="\t", file=scores)


if __name__ == "__main__":
    main()
