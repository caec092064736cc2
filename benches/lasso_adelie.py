#!/usr/bin/env python3
"""One lasso path by adelie over a .bed file, and the violations of any path; for lasso.sh.

lasso_adelie.py convert PREFIX OUT.snpdat        adelie's own file of the genotypes
lasso_adelie.py fit SNPDAT PHENO TRAIT FAMILY LAMBDAS RATIO THREADS [TOL] [OUT]
                                                 what a path cost, as one line of JSON; OUT as the `lasso` program's
lasso_adelie.py check SNPDAT PHENO TRAIT FAMILY PATH
                                                 largest violation of the optimality conditions, relative to lambda

lasso_adelie.py adjoint SNPDAT THREADS RUNS       what one product of the genotypes with a residual costs

Objective: loss/n + lambda * |b|_1, the intercept free, genotypes standardised with divisor n, missing calls at the mean.
"""
import json, os, resource, sys, time

import numpy as np


def genotypes(prefix):
    n = sum(1 for _ in open(prefix + ".fam"))
    m = sum(1 for _ in open(prefix + ".bim"))
    rows = np.fromfile(prefix + ".bed", dtype=np.uint8, offset=3).reshape(m, -1)
    code = np.array([2, -9, 1, 0], dtype=np.int8)
    table = code[(np.arange(256)[:, None] >> np.array([0, 2, 4, 6])) & 3]
    calls = np.empty((n, m), dtype=np.int8, order="F")
    for j in range(m):
        calls[:, j] = table[rows[j]].reshape(-1)[:n]
    return calls


def phenotype(path, name, family):
    with open(path) as file:
        at = file.readline().split().index(name)
        y = np.array([float(line.split()[at]) for line in file])
    return y - 1 if family == "binomial" else y


def matrix(snpdat, threads):
    import adelie as ad

    io = ad.io.snp_unphased(snpdat, read_mode="mmap")
    io.read()
    raw = ad.matrix.snp_unphased(io, n_threads=threads)
    # Without these, adelie takes means of 0 and deviations of 1 for a matrix of this kind.
    centers, scales = np.load(snpdat + ".npy")
    return raw, ad.matrix.standardize(raw, centers=centers, scales=scales, n_threads=threads), centers, scales


def fit(snpdat, pheno, trait, family, lambdas, ratio, threads, tol=None, out=None):
    threads = int(threads)
    y = phenotype(pheno, trait, family)
    import adelie as ad

    # User and system time of all threads; the import of the library is not counted.
    start, cpu = time.perf_counter(), time.process_time()
    _, x, centers, scales = matrix(snpdat, threads)
    glm = ad.glm.gaussian(y) if family == "gaussian" else ad.glm.binomial(y)
    options = dict(tol=float(tol)) if tol and tol != "default" else {}
    if options and family == "binomial":
        options["irls_tol"] = options["tol"]
    state = ad.grpnet(
        x, glm, lmda_path_size=int(lambdas), min_ratio=float(ratio), n_threads=threads,
        early_exit=False, progress_bar=False, **options,
    )
    wall, cpu = time.perf_counter() - start, time.process_time() - cpu
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    betas = state.betas.tocsr()
    print(json.dumps(dict(
        wall=round(wall, 3), cpu=round(cpu, 2), peak_mib=round(peak), active=int(betas[-1].count_nonzero()),
        lambdas=len(state.lmdas),
    )))
    if out:
        with open(out, "w") as file:
            for i, lmda in enumerate(state.lmdas):
                row = betas[i]
                effects = row.data / scales[row.indices]
                shift = effects @ centers[row.indices]
                print(float(lmda), float(state.intercepts[i] - shift), file=file)
                for j, effect in zip(row.indices, effects):
                    if effect != 0:
                        print(float(lmda), int(j), float(effect), file=file)


def check(snpdat, pheno, trait, family, path):
    """By adelie's products with genotypes, whoever fitted the path."""
    import scipy.sparse

    raw, x, _, scales = matrix(snpdat, os.cpu_count())
    n, m = raw.rows(), raw.cols()
    y = phenotype(pheno, trait, family)
    points, lmdas = {}, []
    for line in open(path):
        fields = line.split()
        lmda = float(fields[0])
        if len(fields) == 2:
            lmdas.append(lmda)
            points[lmda] = (float(fields[1]), [], [])
        else:
            points[lmda][1].append(int(fields[1]))
            points[lmda][2].append(float(fields[2]))
    ones = np.ones(n)
    worst, objectives = 0.0, []
    for lmda in lmdas:
        intercept, places, effects = points[lmda]
        beta = np.zeros(m)
        beta[places] = effects
        eta = np.zeros(n)
        if places:
            buffer = np.zeros((1, n))
            raw.sp_tmul(scipy.sparse.csr_matrix(beta[None]), buffer)
            eta = buffer[0]
        eta = eta + intercept
        if family == "gaussian":
            loss, v = 0.5 * np.mean((y - eta) ** 2), y - eta
        else:
            loss, v = np.mean(np.logaddexp(0, eta) - y * eta), y - 1 / (1 + np.exp(-eta))
        gradient = np.empty(m)
        x.mul(v, ones / n, gradient)
        own = beta * scales
        violation = np.where(
            own == 0, np.maximum(np.abs(gradient) - lmda, 0), np.abs(gradient - lmda * np.sign(own)))
        worst = max(worst, violation.max() / lmda)
        objectives.append(loss + lmda * np.abs(own).sum())
    print(json.dumps(dict(violation=float(worst), lambdas=len(lmdas), last_objective=objectives[-1], last_lambda=lmdas[-1])))


def adjoint(snpdat, threads, runs):
    import adelie as ad

    io = ad.io.snp_unphased(snpdat, read_mode="file")
    io.read()
    raw = ad.matrix.snp_unphased(io, n_threads=int(threads))
    n, m = raw.rows(), raw.cols()
    v, weights, out = np.random.default_rng(1).normal(size=n), np.ones(n) / n, np.empty(m)
    seconds, cpu = [], time.process_time()
    for _ in range(int(runs)):
        start = time.perf_counter()
        raw.mul(v, weights, out)
        seconds.append(time.perf_counter() - start)
    cpu = (time.process_time() - cpu) / len(seconds)
    median = sorted(seconds)[len(seconds) // 2]
    print(json.dumps(dict(adelie=1, median=round(median, 5), least=round(min(seconds), 5), cpu=round(cpu, 5))))


def convert(prefix, out):
    import adelie as ad

    calls = genotypes(prefix)
    ad.io.snp_unphased(out).write(calls, n_threads=os.cpu_count())
    moments = np.empty((2, calls.shape[1]))
    for j in range(calls.shape[1]):
        column = calls[:, j].astype(float)
        called = column >= 0
        mean = column[called].mean() if called.any() else 0.0
        column[~called] = mean
        # A variant that does not vary is 0 once centred, whatever it is divided by.
        moments[:, j] = mean, column.std() or 1.0
    np.save(out + ".npy", moments)


{"convert": convert, "fit": fit, "check": check, "adjoint": adjoint}[sys.argv[1]](*sys.argv[2:])
