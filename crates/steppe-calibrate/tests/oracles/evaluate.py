"""Expected tables of an evaluation: each metric of each population from its definition, with scikit-learn, statsmodels
and numpy.

    python3 evaluate.py ../expected/evaluate      (versions: see the first line of expected.tsv)

Writes people.tsv and expected.tsv. People without an outcome, a covariate or a prediction are in people.tsv, too, as NA.
"""

import os
import sys

import numpy as np
import scipy
import sklearn
import statsmodels
import statsmodels.api as sm
from scipy.stats import norm
from sklearn.metrics import brier_score_loss, precision_score, recall_score, roc_auc_score

folder = sys.argv[1]
rng = np.random.default_rng(7)
PREVALENCE = 0.1
n = 1400
population = np.where(np.arange(n) % 7 < 4, "EUR", "KAZ")
kazakh = population == "KAZ"
age = np.round(rng.normal(50, 10, n), 1)
sex = rng.integers(0, 2, n).astype(float)
score = np.round(rng.normal(np.where(kazakh, 0.5, 0), 1, n), 2)
true = -1.1 + np.where(kazakh, 0.4, 0.8) * score + 0.03 * (age - 50) - 0.3 * sex
case = (rng.random(n) < 1 / (1 + np.exp(-true))).astype(float)
pooled = np.round(1 / (1 + np.exp(-(-0.8 + 0.8 * score))), 5)
local = np.round(1 / (1 + np.exp(-(-1.0 + 0.5 * score + 0.02 * (age - 50)))), 5)
trait = np.round(0.5 * score + 0.03 * age + rng.normal(0, 1.5, n), 4)
columns = {"age": age, "sex": sex, "score": score, "pooled": pooled, "local": local, "case": case, "trait": trait}
for name, share in [("age", 0.01), ("score", 0.02), ("local", 0.01), ("case", 0.03)]:
    columns[name] = np.where(rng.random(n) < share, np.nan, columns[name])
with open(os.path.join(folder, "people.tsv"), "w") as out:
    out.write("population\t" + "\t".join(columns) + "\n")
    for label, *row in zip(population, *columns.values()):
        out.write(label + "\t" + "\t".join("NA" if np.isnan(v) else repr(float(v)) for v in row) + "\n")

rows = []


def add(group, outcome, model, metric, estimate, error=float("nan")):
    rows.append((group, outcome, model, metric, float(estimate), float(error)))


def binomial(y, design, offset=None):
    return sm.GLM(y, design, family=sm.families.Binomial(), offset=offset).fit(tol=1e-13, tol_criterion="params", maxiter=100)


def binary(group, d):
    y, size = d["case"], len(d["case"])
    one = np.ones(size)
    covariates = np.column_stack([one, d["age"], d["sex"]])
    base, null = binomial(y, covariates), binomial(y, one)
    add(group, "case", "-", "auc_covariates", roc_auc_score(y, base.fittedvalues))
    r2 = lambda design: sm.OLS(y, design).fit().rsquared
    add(group, "case", "-", "r2_covariates", r2(covariates))
    nagelkerke = lambda fit: (1 - np.exp(2 * (null.llf - fit.llf) / size)) / (1 - np.exp(2 * null.llf / size))
    fraction = y.mean()

    def liability(r2):
        k, p = PREVALENCE, fraction
        t = norm.ppf(1 - k)
        z = norm.pdf(t)
        m = z / k
        theta = m * (p - k) / (1 - k) * (m * (p - k) / (1 - k) - t)
        c = k**2 * (1 - k) ** 2 / (z**2 * p * (1 - p))
        return r2 * c / (1 + r2 * theta * c)

    for name in ["score", "pooled", "local"]:
        s = d[name]
        keep = lambda metric, estimate, error=float("nan"): add(group, "case", name, metric, estimate, error)
        alone, full = binomial(y, np.column_stack([one, s])), binomial(y, np.column_stack([covariates, s]))
        keep("auc", roc_auc_score(y, s))
        keep("auc_full", roc_auc_score(y, full.fittedvalues))
        keep("auc_gain", roc_auc_score(y, full.fittedvalues) - roc_auc_score(y, base.fittedvalues))
        sd = s[y == 0].std(ddof=1)
        keep("odds_ratio_per_sd", np.exp(alone.params[1] * sd), alone.bse[1] * sd)
        keep("odds_ratio_per_sd_adjusted", np.exp(full.params[3] * sd), full.bse[3] * sd)
        low, high, top = np.quantile(s, [0.4, 0.6, 0.9])
        inside, middle = s > top, (s > low) & (s <= high)
        for suffix, reference in [("", ~inside), ("_middle", middle)]:
            used = inside | reference
            assert min(y[inside].sum(), y[reference].sum()) >= 10  # below it would be Firth's
            plain = binomial(y[used], np.column_stack([one, inside])[used])
            adjusted = binomial(y[used], np.column_stack([covariates, inside])[used])
            keep("odds_ratio_top_decile" + suffix, np.exp(plain.params[1]), plain.bse[1])
            keep(f"odds_ratio_top_decile{suffix}_adjusted", np.exp(adjusted.params[3]), adjusted.bse[3])
        score_r2, base_r2, full_r2 = r2(np.column_stack([one, s])), r2(covariates), r2(np.column_stack([covariates, s]))
        keep("r2", score_r2)
        keep("r2_full", full_r2)
        keep("r2_incremental", full_r2 - base_r2)
        keep("r2_partial", (full_r2 - base_r2) / (1 - base_r2))
        keep("r2_nagelkerke", nagelkerke(alone))
        keep("r2_nagelkerke_incremental", nagelkerke(full) - nagelkerke(base))
        keep("r2_liability", liability(score_r2))
        keep("r2_liability_incremental", liability(full_r2 - base_r2))
        if name == "score":
            continue
        brier = brier_score_loss(y, s)
        keep("brier", brier)
        keep("scaled_brier", 1 - brier / (fraction * (1 - fraction)))
        logit = np.log(s / (1 - s))
        large = binomial(y, one, offset=logit)
        keep("calibration_intercept", large.params[0], large.bse[0])
        slope = binomial(y, np.column_stack([one, logit]))
        keep("calibration_slope", slope.params[1], slope.bse[1])
        keep("expected_over_observed", s.sum() / y.sum(), np.sqrt((1 - fraction) / y.sum()))
        bins = np.searchsorted(np.quantile(s, np.arange(1, 10) / 10), s)
        parts = [(bins == index).sum() / size * abs(s[bins == index].mean() - y[bins == index].mean()) for index in range(10)]
        keep("calibration_error", sum(parts))
        keep("sensitivity", recall_score(y, s >= 0.3))
        keep("specificity", recall_score(1 - y, s < 0.3))
        keep("positive_predictive_value", precision_score(y, s >= 0.3))
    old, new = d["pooled"], d["local"]
    versus = lambda metric, estimate: add(group, "case", "local-pooled", metric, estimate)
    versus("auc_difference", roc_auc_score(y, new) - roc_auc_score(y, old))
    versus("r2_difference", r2(np.column_stack([one, new])) - r2(np.column_stack([one, old])))
    versus("brier_difference", brier_score_loss(y, new) - brier_score_loss(y, old))
    for prefix, a, b in [("net", (new >= 0.3), (old >= 0.3)), ("continuous", new, old)]:
        up, down = a > b, b > a
        events = up[y == 1].mean() - down[y == 1].mean()
        controls = down[y == 0].mean() - up[y == 0].mean()
        versus(f"{prefix}_reclassification", events + controls)
        versus(f"{prefix}_reclassification_cases", events)
        versus(f"{prefix}_reclassification_controls", controls)


def quantitative(group, d):
    y, size = d["trait"], len(d["trait"])
    one = np.ones(size)
    covariates = np.column_stack([one, d["age"], d["sex"]])
    for name in ["score", "pooled", "local"]:
        s = d[name]
        r2 = lambda design: sm.OLS(y, design).fit().rsquared
        keep = lambda metric, estimate, error=float("nan"): add(group, "trait", name, metric, estimate, error)
        base, full = r2(covariates), sm.OLS(y, np.column_stack([covariates, s])).fit()
        keep("r2", r2(np.column_stack([one, s])))
        keep("r2_incremental", full.rsquared - base)
        keep("r2_partial", (full.rsquared - base) / (1 - base))
        sd = s.std(ddof=1)
        keep("effect_per_sd", full.params[3] * sd, full.bse[3] * sd)


for group in ["all", "EUR", "KAZ"]:
    member = np.ones(n, bool) if group == "all" else population == group
    for outcome in ["case", "trait"]:
        known = [columns[name] for name in ["age", "sex", "score", "pooled", "local", outcome]]
        use = member & ~np.isnan(np.column_stack(known)).any(axis=1)
        chosen = {name: values[use] for name, values in columns.items()}
        (binary if outcome == "case" else quantitative)(group, chosen)
        add(group, outcome, "-", "n", use.sum())

with open(os.path.join(folder, "expected.tsv"), "w") as out:
    out.write(f"# scikit-learn {sklearn.__version__}, statsmodels {statsmodels.__version__}, numpy {np.__version__}\n")
    for *names, estimate, error in rows:
        out.write("\t".join(names) + f"\t{estimate!r}\t{error!r}\n")
