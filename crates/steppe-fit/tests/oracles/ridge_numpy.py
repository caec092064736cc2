#!/usr/bin/env python3
"""Stacked block ridge in numpy on the simulated cohort: the expected values of tests/it/ridge_numpy.rs.

    STEPPE_DATA=... python3 ridge_numpy.py > ridge_numpy.tsv

Needs numpy only. Every second training person, every fifth variant, blocks of 150, folds in turn, covariates SEX and
AGE. Dense float64, one solve for each block, fold and penalty. Level 0 as in regenie's step 1; level 1 by the same folds.
"""
import os

import numpy as np

DATA = os.path.join(os.environ.get("STEPPE_DATA", "../shared/data"), "simulated")
SHARES = [0.01, 0.25, 0.5, 0.75, 0.99]
BLOCK, FOLDS = 150, 5


def column(name, header):
    lines = [line.rstrip("\n").split("\t") for line in open(os.path.join(DATA, name))]
    at = lines[0].index(header)
    return [line[at] for line in lines[1:]]


def genotypes(variants, people):
    """Copies of the first allele of the .bim file, NaN where missing."""
    total = sum(1 for _ in open(os.path.join(DATA, "geno.fam")))
    raw = np.fromfile(os.path.join(DATA, "geno.bed"), dtype=np.uint8)[3:].reshape(-1, (total + 3) // 4)[variants]
    codes = np.stack([raw >> shift & 3 for shift in (0, 2, 4, 6)], axis=2).reshape(len(variants), -1)
    return np.array([2.0, np.nan, 1.0, 0.0])[codes[:, people]].T


def main():
    train = [i for i, split in enumerate(column("samples.tsv", "split")) if split == "train"][::2]
    chromosome = np.array([line.split()[0] for line in open(os.path.join(DATA, "geno.bim"))])
    variants = np.arange(0, len(chromosome), 5)
    chromosome = chromosome[variants]
    x = genotypes(variants, train)
    mean = np.nanmean(x, axis=0)
    x = np.where(np.isnan(x), mean, x)
    n = len(train)
    z = np.column_stack([np.ones(n)] + [np.array(column("covar.tsv", c), float)[train] for c in ("SEX", "AGE")])
    q = np.linalg.qr(z)[0]
    x = x - q @ (q.T @ x)
    deviation = np.sqrt((x * x).sum(axis=0) / (n - 3))
    keep = deviation > 1e-6
    x[:, keep] /= deviation[keep]
    x[:, ~keep] = 0.0
    y = np.array(column("pheno.tsv", "QT"), float)[train]
    y = y - q @ (q.T @ y)
    y /= np.sqrt((y * y).sum() / (n - 3))
    fold = np.arange(n) % FOLDS
    level0, owner = [], []
    for c in dict.fromkeys(chromosome):
        own = np.flatnonzero(chromosome == c)
        for start in range(0, len(own), BLOCK):
            block = x[:, own[start:start + BLOCK]][:, keep[own[start:start + BLOCK]]]
            for j, h in enumerate(SHARES):
                predicted = np.zeros(n)
                for k in range(FOLDS):
                    rest, out = fold != k, fold == k
                    products = block[rest].T @ block[rest] + keep.sum() * (1 - h) / h * np.eye(block.shape[1])
                    predicted[out] = block[out] @ np.linalg.solve(products, block[rest].T @ y[rest])
                print("level0", len(level0) // len(SHARES), j, f"{np.corrcoef(predicted, y)[0, 1] ** 2:.9f}", sep="\t")
                level0.append((predicted - predicted.mean()) / predicted.std(ddof=1))
                owner.append(c)
    w, owner = np.column_stack(level0), np.array(owner)
    for j, h in enumerate(SHARES):
        penalty = w.shape[1] * (1 - h) / h
        predicted, parts = np.zeros(n), {c: np.zeros(n) for c in dict.fromkeys(chromosome)}
        for k in range(FOLDS):
            rest, out = fold != k, fold == k
            alpha = np.linalg.solve(w[rest].T @ w[rest] + penalty * np.eye(w.shape[1]), w[rest].T @ y[rest])
            predicted[out] = w[out] @ alpha
            for c in parts:
                parts[c][out] = w[out][:, owner != c] @ alpha[owner != c]
        squared = np.corrcoef(predicted, y)[0, 1] ** 2
        print("level1", j, f"{squared:.9f}", f"{((predicted - y) ** 2).mean():.9f}", sep="\t")
        for c in parts:
            print("loco", j, c, *(f"{value:.9f}" for value in parts[c][:10]), sep="\t")


main()
