#!/usr/bin/env python3
"""Level 0 of a stacked block ridge in numpy, 32-bit floats, over a .bed file; for ridge.sh.

ridge_numpy.py PREFIX PHENO TRAIT VARIANTS BLOCK       what it cost, as one line of JSON

Intercept only, no missing calls, five folds in turn, five shares. A block's products are made once for each fold; one
Cholesky factor (scipy) for each fold and share. R2 is of the out-of-fold predictions, mean over blocks, for each share.
"""
import json, resource, sys, time

import numpy as np
from scipy.linalg import cho_factor, cho_solve

SHARES = [0.01, 0.25, 0.5, 0.75, 0.99]
FOLDS = 5


def main(prefix, pheno, trait, variants, block):
    variants, block = int(variants), int(block)
    with open(pheno) as file:
        at = file.readline().split().index(trait)
        y = np.array([float(line.split()[at]) for line in file])
    n = len(y)
    # The penalty counts variants that vary.
    first = np.memmap(prefix + ".bed", dtype=np.uint8, mode="r", offset=3).reshape(-1, (n + 3) // 4)[:variants, :n // 4]
    markers = sum(len(np.unique((row[:, None] >> np.array([0, 2, 4, 6])) & 3)) > 1 for row in first)
    chromosome = np.array([line.split()[0] for line in open(prefix + ".bim")][:variants])
    start, cpu = time.perf_counter(), time.process_time()
    rows = np.memmap(prefix + ".bed", dtype=np.uint8, mode="r", offset=3).reshape(-1, (n + 3) // 4)[:variants]
    codes = np.array([2, np.nan, 1, 0], dtype=np.float32)
    table = codes[(np.arange(256)[:, None] >> np.array([0, 2, 4, 6])) & 3]
    # Samples by fold, so that a fold is a run of rows.
    order = np.argsort(np.arange(n) % FOLDS, kind="stable")
    bounds = np.searchsorted((np.arange(n) % FOLDS)[order], np.arange(FOLDS + 1))
    y = y[order] - y.mean()
    y = (y / np.sqrt(y @ y / (n - 1))).astype(np.float32)
    r2, blocks = np.zeros(len(SHARES)), 0
    for c in dict.fromkeys(chromosome):
        own = np.flatnonzero(chromosome == c)
        for first in range(0, len(own), block):
            x = table[rows[own[first:first + block]]].reshape(-1, 4 * rows.shape[1])[:, order]
            x -= x.mean(axis=1, keepdims=True)
            deviation = np.sqrt(np.einsum("ij,ij->i", x, x) / (n - 1))
            x = x[deviation > 1e-6] / deviation[deviation > 1e-6, None]
            parts = [slice(bounds[k], bounds[k + 1]) for k in range(FOLDS)]
            products = [x[:, part] @ x[:, part].T for part in parts]
            rights = [x[:, part] @ y[part] for part in parts]
            total, right = sum(products), sum(rights)
            predicted = np.empty((len(SHARES), n), dtype=np.float32)
            for k, part in enumerate(parts):
                rest = total - products[k]
                for j, h in enumerate(SHARES):
                    penalised = rest.copy()
                    penalised[np.diag_indices_from(penalised)] += np.float32(markers * (1 - h) / h)
                    factor = cho_factor(penalised, lower=True, overwrite_a=True, check_finite=False)
                    weights = cho_solve(factor, right - rights[k], check_finite=False)
                    predicted[j, part] = weights @ x[:, part]
            r2 += [np.corrcoef(p, y)[0, 1] ** 2 for p in predicted]
            blocks += 1
    print(json.dumps(dict(
        wall=round(time.perf_counter() - start, 3), cpu=round(time.process_time() - cpu, 2),
        peak_mib=round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024), blocks=blocks,
        r2=[round(float(value), 6) for value in r2 / blocks],
    )))


main(*sys.argv[1:])
