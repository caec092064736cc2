#!/usr/bin/env python3
"""Makes the association fixture and what plink2 says of it. Needs plink2 2.00a3.5 and nothing else.

    python3 make.py && sh make.sh

240 people x 320 variants: missing calls, missing phenotypes, covariates with gaps, rare variants that separate the
cases, constant and empty variants, a variant that is a covariate, one that covariates nearly add up to, counted
alleles that are the major ones, one frequency of exactly one half.
"""
import random

N, M = 240, 320
rng = random.Random(20260801)
COVARIATES = ["AGE", "C2", "COPY", "SUM_A", "SUM_B", "FLAT"]


def genotypes(j):
    """Copies of the counted allele; None is missing."""
    if j == 3:
        return [0] * N
    if j == 4:
        return [None] * N
    if j == 5:
        return [1] * N
    if j == 6:
        return [2] * N
    if j == 9:
        return [0, 1, 2, 1] * (N // 4)
    if j % 10 == 8:  # one to three carriers
        carriers = set(rng.sample(range(N), 1 + j // 10 % 3))
        g = [1 if i in carriers else 0 for i in range(N)]
    else:
        f = rng.choice([0.01, 0.03, 0.1, 0.3, 0.5, 0.7, 0.95])
        g = [(rng.random() < f) + (rng.random() < f) for _ in range(N)]
    gap = rng.choice([0, 0, 0.01, 0.05, 0.3])
    if j == 17:
        gap = 0.97
    return [None if rng.random() < gap else x for x in g]


G = [genotypes(j) for j in range(M)]
fill = lambda x: 0 if x is None else x
G[1] = [(rng.random() < 0.4) + (rng.random() < 0.4) for _ in range(N)]
G[2] = [(rng.random() < 0.3) + (rng.random() < 0.3) for _ in range(N)]
age = [rng.randint(30, 75) for _ in range(N)]
c2 = [rng.gauss(0, 1) for _ in range(N)]
copy = [3 * g + 1 for g in G[1]]
sum_a = [rng.gauss(0, 1) for _ in range(N)]
sum_b = [2 * g - a + rng.gauss(0, 0.1) for g, a in zip(G[2], sum_a)]
covariates = [age, c2, copy, sum_a, sum_b, [7] * N]
signal = [0.5 * fill(G[20][i]) - 0.8 * fill(G[21][i]) + 0.02 * age[i] + 0.3 * c2[i] for i in range(N)]
q = [[signal[i] * s + rng.gauss(0, 1) for i in range(N)] for s in (1, 0.5, 0.3, 2)]
liability = [signal[i] + rng.gauss(0, 1) for i in range(N)]
common = [2 if x > sorted(liability)[int(N * 0.6)] else 1 for x in liability]
rare = [2 if x > sorted(liability)[int(N * 0.95)] else 1 for x in liability]
missing_q = set(rng.sample(range(N), 20))
missing_b = set(rng.sample(range(N), 11))
missing_c = set(rng.sample(range(N), 4))

code = {0: 3, 1: 2, 2: 0, None: 1}
with open("small.bed", "wb") as out:
    out.write(b"\x6c\x1b\x01")
    for g in G:
        for k in range(0, N, 4):
            out.write(bytes([sum(code[x] << 2 * s for s, x in enumerate(g[k:k + 4]))]))
with open("small.bim", "w") as out:
    out.writelines(f"1\tv{j}\t0\t{1000 + j}\tA\tC\n" for j in range(M))
with open("small.fam", "w") as out:
    out.writelines(f"0\ts{i}\t0\t0\t{1 + i % 2}\t-9\n" for i in range(N))
with open("small.pheno", "w") as out:
    out.write("#IID\tQ1\tQ2\tQ3\tQ4\tB1\tB2\n")
    for i in range(N):
        cells = [f"{q[0][i]:.6g}"] + ["NA" if i in missing_q else f"{x[i]:.6g}" for x in q[1:3]] + [f"{q[3][i]:.6g}"]
        cells += [str(common[i]), "NA" if i in missing_b else str(rare[i])]
        out.write(f"s{i}\t" + "\t".join(cells) + "\n")
with open("small.covar", "w") as out:
    out.write("#IID\t" + "\t".join(COVARIATES) + "\n")
    for i in range(N):
        cells = ["NA" if k == 1 and i in missing_c else f"{c[i]:.6g}" for k, c in enumerate(covariates)]
        out.write(f"s{i}\t" + "\t".join(cells) + "\n")
