"""Expected metrics of prediction: scikit-learn, statsmodels and scipy.

    python3 metrics.py ../expected/metrics      (versions: see the first line of python.tsv)

Writes samples.tsv, which metrics.R reads as well, and python.tsv.
"""

import os
import sys

import numpy as np
import scipy
import sklearn
import statsmodels
import statsmodels.api as sm
from scipy.optimize import minimize, root
from scipy.stats import norm
from sklearn.calibration import calibration_curve
from sklearn.metrics import brier_score_loss, precision_score, recall_score, roc_auc_score
from statsmodels.stats.contingency_tables import Table2x2
from statsmodels.stats.proportion import proportion_confint

folder = sys.argv[1]
rng = np.random.default_rng(20240607)
n = 600
age = np.round(rng.normal(50, 10, n), 1)
sex = rng.integers(0, 2, n).astype(float)
s1 = np.round(rng.normal(0, 1.7, n), 2)  # two digits: ties
s2 = np.round(0.6 * s1 + rng.normal(0, 1, n), 4)
eta = -1.2 + 0.5 * s1 + 0.25 * s2 + 0.03 * (age - 50) - 0.3 * sex
case = (rng.random(n) < 1 / (1 + np.exp(-eta))).astype(float)
r1 = np.round(1 / (1 + np.exp(-(-0.9 + 0.8 * s1))), 6)
r2 = np.round(1 / (1 + np.exp(-(-1.1 + 0.4 * s1 + 0.3 * s2))), 3)
y = np.round(0.4 * s1 + 0.05 * age - 0.5 * sex + rng.normal(0, 2, n), 4)
weight = rng.poisson(1, n).astype(float)
columns = {"case": case, "s1": s1, "s2": s2, "r1": r1, "r2": r2, "age": age, "sex": sex, "y": y, "weight": weight}
with open(os.path.join(folder, "samples.tsv"), "w") as out:
    out.write("\t".join(columns) + "\n")
    for row in zip(*columns.values()):
        out.write("\t".join(repr(float(value)) for value in row) + "\n")

rows = []
add = lambda name, value: rows.append((name, float(value)))
one = np.ones(n)


def logistic(name, design, offset=None, weights=None):
    model = sm.GLM(case, design, family=sm.families.Binomial(), offset=offset, freq_weights=weights)
    fit = model.fit(tol=1e-13, tol_criterion="params", maxiter=100)
    for index, (beta, error) in enumerate(zip(fit.params, fit.bse)):
        add(f"{name}.beta{index}", beta)
        add(f"{name}.se{index}", error)
    add(f"{name}.ll", fit.llf)
    return fit


add("auc.s1", roc_auc_score(case, s1))
add("auc.s2", roc_auc_score(case, s2))
add("auc.s1.weighted", roc_auc_score(case, s1, sample_weight=weight))
logit = {}
for name, risk in [("r1", r1), ("r2", r2)]:
    brier = brier_score_loss(case, risk)
    add(f"brier.{name}", brier)
    add(f"scaled_brier.{name}", 1 - brier / (case.mean() * (1 - case.mean())))
    add(f"brier.{name}.weighted", brier_score_loss(case, risk, sample_weight=weight))
    add(f"eo.{name}", risk.sum() / case.sum())
    logit[name] = np.log(risk / (1 - risk))
    logistic(f"citl.{name}", one, offset=logit[name])
    logistic(f"slope.{name}", np.column_stack([one, logit[name]]))
    logistic(f"slope.{name}.weighted", np.column_stack([one, logit[name]]), weights=weight)
    observed, predicted = calibration_curve(case, risk, n_bins=10, strategy="quantile")
    edges = np.percentile(risk, np.linspace(0, 1, 11) * 100)
    sizes = np.bincount(np.searchsorted(edges[1:-1], risk), minlength=10)
    for index in range(10):
        add(f"bin.{name}.{index}.n", sizes[index])
        add(f"bin.{name}.{index}.observed", observed[index])
        add(f"bin.{name}.{index}.risk", predicted[index])
    add(f"ece.{name}", np.sum(sizes / n * np.abs(observed - predicted)))
    add(f"sensitivity.{name}", recall_score(case, risk >= 0.3))
    add(f"specificity.{name}", recall_score(1 - case, risk < 0.3))
    add(f"ppv.{name}", precision_score(case, risk >= 0.3))

for successes, of in [(0, 12), (3, 17), (40, 40), (123, 600)]:
    low, high = proportion_confint(successes, of, 0.05, "wilson")
    add(f"wilson.{successes}.{of}.low", low)
    add(f"wilson.{successes}.{of}.high", high)

covariates = np.column_stack([one, age, sex])
null = logistic("null", one)
base = logistic("base", covariates)
full = logistic("full", np.column_stack([covariates, s1]))
weighted = logistic("full.weighted", np.column_stack([covariates, s1]), weights=weight)
alone = logistic("alone", np.column_stack([one, s1]))
sd = s1[case == 0].std(ddof=1)
add("sd_controls", sd)
add("per_sd.ln", full.params[3] * sd)
add("per_sd.se", full.bse[3] * sd)
nagelkerke = lambda fit: (1 - np.exp(2 * (null.llf - fit.llf) / n)) / (1 - np.exp(2 * null.llf / n))
add("nagelkerke.base", nagelkerke(base))
add("nagelkerke.full", nagelkerke(full))

for name, outcome in [("y", y), ("case", case)]:
    r2_of = lambda design: sm.OLS(outcome, design).fit().rsquared
    base_r2, full_r2 = r2_of(covariates), r2_of(np.column_stack([covariates, s1]))
    add(f"r2.{name}.score", r2_of(np.column_stack([one, s1])))
    add(f"r2.{name}.covariates", base_r2)
    add(f"r2.{name}.full", full_r2)
    add(f"r2.{name}.partial", (full_r2 - base_r2) / (1 - base_r2))
    wls = lambda design: sm.WLS(outcome, design, weights=weight).fit().rsquared
    add(f"r2.{name}.weighted", wls(np.column_stack([covariates, s1])))

for r2, k, p in [(0.05, 0.01, 0.5), (0.2, 0.15, 0.15), (0.11, 0.3, 0.25), (0.001, 1e-4, 0.4)]:
    t = norm.ppf(1 - k)
    z = norm.pdf(t)
    m = z / k
    theta = m * (p - k) / (1 - k) * (m * (p - k) / (1 - k) - t)
    c = k**2 * (1 - k) ** 2 / (z**2 * p * (1 - p))
    add(f"liability.{r2}.{k}.{p}", r2 * c / (1 + r2 * theta * c))

for p in [1e-300, 1e-20, 1e-4, 0.025, 0.3, 0.5, 0.6, 0.975, 1 - 1e-9]:
    add(f"quantile.{p!r}", norm.ppf(p))
for z in [-37.0, -8.0, -1.3, 0.0, 0.4, 2.0, 7.0]:
    add(f"cumulative.{z}", norm.cdf(z))

cuts = np.quantile(s1, [0.4, 0.6, 0.9])
top, middle = s1 > cuts[2], (s1 > cuts[0]) & (s1 <= cuts[1])
cells = lambda group: [case[group].sum(), (1 - case)[group].sum()]
for name, reference in [("rest", ~top), ("middle", middle)]:
    table = Table2x2([cells(top), cells(reference)])
    add(f"decile.{name}.ln", table.log_oddsratio)
    add(f"decile.{name}.se", table.log_oddsratio_se)


def firth(name, design):
    """The modified score equation (Firth 1993), by a general solver."""

    def parts(beta):
        p = 1 / (1 + np.exp(-design @ beta))
        information = design.T @ (design * (p * (1 - p))[:, None])
        return p, information

    def score(beta):
        p, information = parts(beta)
        hat = np.einsum("ij,jk,ik->i", design, np.linalg.inv(information), design) * p * (1 - p)
        return design.T @ (case - p + hat * (0.5 - p))

    def loss(beta):
        eta = design @ beta
        return np.logaddexp(0, eta).sum() - case @ eta - 0.5 * np.linalg.slogdet(parts(beta)[1])[1]

    solution = root(score, minimize(loss, np.zeros(design.shape[1]), method="Nelder-Mead").x, tol=1e-15)
    assert np.abs(score(solution.x)).max() < 1e-10, solution
    errors = np.sqrt(np.diag(np.linalg.inv(parts(solution.x)[1])))
    for index, (beta, error) in enumerate(zip(solution.x, errors)):
        add(f"{name}.beta{index}", beta)
        add(f"{name}.se{index}", error)


extreme = (s1 > np.quantile(s1, 0.995)).astype(float)
firth("firth.group", np.column_stack([one, extreme]))
firth("firth.adjusted", np.column_stack([one, (age - 50) / 10, sex, extreme]))

with open(os.path.join(folder, "python.tsv"), "w") as out:
    out.write(f"# scikit-learn {sklearn.__version__}, statsmodels {statsmodels.__version__}, scipy {scipy.__version__}\n")
    for name, value in rows:
        out.write(f"{name}\t{value!r}\n")
