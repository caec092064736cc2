"""Makes people.tsv for the example `goals` from a simulated cohort (the simulator's --size bench).

    prepare.py SIMULATED OUT [--steppe PROGRAM] [--plink2 PROGRAM]

Principal components come from the reference people of EUR, EAS and AFR; KAZ is absent there, and in every training set.
Scores: lasso of EUR, of EAS, and of EUR, EAS and AFR pooled, for the traits QT and CC, each on training people only.
Everyone is projected and scored. Liabilities are drawn from their distribution given the true genetic value and the
status, so that a cohort with another prevalence can be made by moving the threshold.
"""
import argparse, csv, os, shutil, subprocess
from collections import defaultdict
from statistics import NormalDist

import random

parser = argparse.ArgumentParser()
parser.add_argument("simulated")
parser.add_argument("out")
parser.add_argument("--steppe", default="steppe")
parser.add_argument("--plink2", default="plink2")
args = parser.parse_args()
data, out = args.simulated, args.out
os.makedirs(out, exist_ok=True)
SETS = {"EUR": ["EUR"], "EAS": ["EAS"], "POOLED": ["EUR", "EAS", "AFR"]}
REFERENCE = ["EUR", "EAS", "AFR"]


def run(*command):
    subprocess.run([str(word) for word in command], check=True, stdout=subprocess.DEVNULL)


def rows(path):
    with open(path) as lines:
        return list(csv.DictReader(lines, delimiter="\t"))


def keep(name, populations, split):
    path = f"{out}/{name}.{split}.keep"
    with open(path, "w") as target:
        for population in populations:
            target.write(open(f"{data}/keep.{population}.{split}.txt").read())
    return path


def components():
    reference = keep("reference", REFERENCE, "ref")
    base = [args.plink2, "--bfile", f"{data}/geno", "--threads", 1, "--memory", 3000, "--out", f"{out}/pca"]
    run(*base, "--keep", reference, "--maf", 0.05, "--indep-pairwise", 1000, 50, 0.2)
    run(*base, "--keep", reference, "--extract", f"{out}/pca.prune.in", "--freq", "counts", "--pca", "allele-wts", 10)
    columns = open(f"{out}/pca.eigenvec.allele").readline().split()
    first = columns.index("PC1") + 1
    run(*base, "--read-freq", f"{out}/pca.acount", "--score", f"{out}/pca.eigenvec.allele",
        columns.index("ID") + 1, columns.index("A1") + 1, "header-read", "no-mean-imputation",
        "variance-standardize", "--score-col-nums", f"{first}-{first + 9}")
    return {row["IID"]: [row[f"PC{k}_AVG"] for k in range(1, 11)] for row in rows(f"{out}/pca.sscore")}


def scores():
    cohort = f"{out}/cohort"
    if not os.path.exists(cohort):
        run(args.steppe, "import", "--bfile", f"{data}/geno", "--build", "GRCh38", "--out", cohort, "-q")
    found = defaultdict(dict)
    for name, populations in SETS.items():
        fit = f"{out}/fit.{name}"
        if not os.path.exists(f"{fit}/CC.score.txt"):
            several = ["--population", f"{data}/samples.tsv:pop"] if len(populations) > 1 else []
            run(args.steppe, "fit", "lasso", "--cohort", cohort, "--pheno", f"{data}/pheno.tsv", "--trait", "QT", "CC",
                "--covar", f"{data}/covar.tsv", "--keep", keep(name, populations, "train"), "--validation", 0.2, "--no-early-stopping",
                "--lambda-min-ratio", 0.1, "--refit",
                *several, "--threads", 1, "--overwrite", "--out", fit, "-q")
        for trait in ("QT", "CC"):
            to = f"{out}/scores.{name}.{trait}"
            run(args.steppe, "score", "--cohort", cohort, "--score", f"{fit}/{trait}.score.txt", "--ambiguous", "keep",
                "--threads", 1, "--overwrite", "--out", to, "-q")
            table = rows(f"{to}/scores.sscore")
            column = next(key for key in table[0] if key.endswith("_SUM") and "DOSAGE" not in key)
            for row in table:  # plink2 writes #IID where there are no family ids
                found[row.get("IID") or row["#IID"]][f"{trait}_{name}"] = row[column]
    shutil.rmtree(cohort)
    return found


def sources():
    """Each score's weights with the effect allele's frequency among the reference people of each source."""
    frequency = {}
    for population in REFERENCE:
        path = f"{out}/frequency.{population}"
        run(args.plink2, "--bfile", f"{data}/geno", "--threads", 1, "--memory", 3000, "--freq", "--out", path,
            "--keep", f"{data}/keep.{population}.ref.txt")
        frequency[population] = {row["ID"]: (row["ALT"], float(row["ALT_FREQS"])) for row in rows(path + ".afreq")}
    for name in SETS:
        for trait in ("QT", "CC"):
            with open(f"{out}/fit.{name}/{trait}.score.txt") as lines:
                table = list(csv.DictReader((line for line in lines if line[0] != "#"), delimiter="\t"))
            with open(f"{out}/sources.{trait}_{name}.tsv", "w") as target:
                target.write("\t".join(["ID", "WEIGHT"] + REFERENCE) + "\n")
                for row in table:
                    of = [frequency[population][row["rsID"]] for population in REFERENCE]
                    of = [f if alternative == row["effect_allele"] else 1 - f for alternative, f in of]
                    target.write("\t".join([row["rsID"], row["effect_weight"]] + [repr(f) for f in of]) + "\n")


def liabilities(people, truth, status):
    """Genetic value plus a residual, drawn given the status; the covariates' share is in the residual."""
    normal, drawn = NormalDist(), random.Random(1)
    by_population = defaultdict(list)
    for person in people:
        by_population[person["pop"]].append(person["IID"])
    value = {}
    for ids in by_population.values():
        genetic = [float(truth[i]["CC_GV"]) for i in ids]
        mean = sum(genetic) / len(ids)
        variance = sum((g - mean) ** 2 for g in genetic) / len(ids)
        sd = max(variance, 0.1) ** 0.5  # heritability one half
        share = sum(status[i] == "2" for i in ids) / len(ids)
        low, high = mean - 8 * sd, mean + 8 * sd
        for _ in range(60):  # the threshold above which the expected share of cases is the observed one
            cut = (low + high) / 2
            above = sum(1 - normal.cdf((cut - g) / sd) for g in genetic) / len(ids)
            low, high = (cut, high) if above > share else (low, cut)
        for i, g in zip(ids, genetic):
            below = min(max(normal.cdf((cut - g) / sd), 1e-12), 1 - 1e-12)
            u = drawn.random()
            p = below + u * (1 - below) if status[i] == "2" else u * below
            value[i] = g + sd * normal.inv_cdf(min(max(p, 1e-15), 1 - 1e-15))
    return value


def main():
    people = rows(f"{data}/samples.tsv")
    truth = {row["IID"]: row for row in rows(f"{data}/truth.tsv")}
    phenotypes = {row["IID"]: row for row in rows(f"{data}/pheno.tsv")}
    liability = liabilities(people, truth, {i: row["CC"] for i, row in phenotypes.items()})
    pcs, scored = components(), scores()
    sources()
    names = [f"{trait}_{name}" for trait in ("QT", "CC") for name in SETS]
    with open(f"{out}/people.tsv", "w") as target:
        header = ["IID", "pop", "split", "sex", "age", "east", "QT", "CC", "LIABILITY"]
        target.write("\t".join(header + [f"PC{k}" for k in range(1, 11)] + names) + "\n")
        for person in people:
            i = person["IID"]
            line = [i, person["pop"], person["split"], person["sex"], person["age"], person["east"], phenotypes[i]["QT"],
                    str(int(phenotypes[i]["CC"]) - 1), f"{liability[i]:.6g}"]
            target.write("\t".join(line + pcs[i] + [scored[i][name] for name in names]) + "\n")


main()
