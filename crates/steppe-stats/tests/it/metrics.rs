//! Metrics of prediction against scikit-learn, statsmodels, scipy and R; `tests/oracles/metrics.py` and `metrics.R` made
//! the samples and the expected values.

use std::collections::BTreeMap;

use steppe_stats::{
    distributions::{normal_cumulative, normal_quantile},
    metrics::{
        Delong, GroupTable, NestedModels, ReliabilityBin, SortedScores, ThresholdTable, auc, brier,
        calibration_intercept, calibration_slope, expected_calibration_error, expected_over_observed,
        liability_r2, logit, nagelkerke_r2, net_reclassification, odds_ratio_per_sd, reliability_bins,
        scaled_brier, sd_of, wilson,
    },
    regression::{FirthFit, LogisticFit, LogisticModel},
};

/// Named values that a test takes one by one; those that it does not take are its fault.
struct Expected(BTreeMap<String, f64>);

impl Expected {
    fn new(table: &str) -> Self {
        let cells = table.lines().skip(1).map(|line| line.split_once('\t').expect("two cells"));
        Self(cells.map(|(name, value)| (name.to_owned(), value.parse().expect("a number"))).collect())
    }

    fn check(&mut self, name: &str, found: f64) {
        let expected = self.0.remove(name).unwrap_or_else(|| panic!("no {name}"));
        let error = (found - expected).abs() / expected.abs().max(1e-3);
        assert!(error <= 1e-8, "{name}: {found}, expected {expected}, error {error:.1e}");
    }

    fn finish(self, prefixes: &[&str]) {
        let left: Vec<&String> =
            self.0.keys().filter(|name| prefixes.iter().any(|prefix| name.starts_with(prefix))).collect();
        assert!(left.is_empty(), "not checked: {left:?}");
    }
}

fn python() -> Expected {
    Expected::new(include_str!("../expected/metrics/python.tsv"))
}

fn r() -> Expected {
    Expected::new(include_str!("../expected/metrics/r.tsv"))
}

struct Samples(BTreeMap<String, Vec<f64>>);

impl Samples {
    fn new() -> Self {
        let mut lines = include_str!("../expected/metrics/samples.tsv").lines();
        let names: Vec<&str> = lines.next().expect("a header").split('\t').collect();
        let mut columns = vec![Vec::new(); names.len()];
        for line in lines {
            for (column, cell) in columns.iter_mut().zip(line.split('\t')) {
                column.push(cell.parse().expect("a number"));
            }
        }
        Self(names.into_iter().map(str::to_owned).zip(columns).collect())
    }

    fn get(&self, name: &str) -> &[f64] {
        &self.0[name]
    }

    fn cases(&self) -> Vec<bool> {
        self.get("case").iter().map(|case| *case > 0.0).collect()
    }

    fn ones(&self) -> Vec<f64> {
        vec![1.0; self.get("case").len()]
    }

    fn logits(&self, name: &str) -> Vec<f64> {
        self.get(name).iter().map(|risk| logit(*risk)).collect()
    }

    fn controls(&self) -> Vec<f64> {
        self.get("case").iter().map(|case| 1.0 - case).collect()
    }
}

fn check_fit(expected: &mut Expected, name: &str, fit: &LogisticFit) {
    for (index, beta) in fit.coefficients.iter().enumerate() {
        expected.check(&format!("{name}.beta{index}"), *beta);
        expected.check(&format!("{name}.se{index}"), fit.standard_error(index));
    }
    expected.check(&format!("{name}.ll"), fit.log_likelihood);
}

#[test]
fn normal_distribution_is_scipys() {
    let mut expected = python();
    let of = |prefix: &str| -> Vec<(String, f64)> {
        let names = python().0.into_keys().filter(|name| name.starts_with(prefix));
        names.map(|name| (name.clone(), name[prefix.len()..].parse().expect("a number"))).collect()
    };
    for (name, p) in of("quantile.") {
        expected.check(&name, normal_quantile(p));
    }
    for (name, z) in of("cumulative.") {
        expected.check(&name, normal_cumulative(z));
        assert!((normal_quantile(normal_cumulative(z.min(0.0))) - z.min(0.0)).abs() < 1e-13);
    }
    expected.finish(&["quantile", "cumulative"]);
    assert_eq!((normal_quantile(0.0), normal_quantile(1.0)), (f64::NEG_INFINITY, f64::INFINITY));
    assert!(normal_quantile(-0.1).is_nan() && normal_quantile(f64::NAN).is_nan());
}

#[test]
fn discrimination_is_scikit_learns_and_procs() {
    let (samples, mut python, mut r) = (Samples::new(), python(), r());
    let (case, ones) = (samples.cases(), samples.ones());
    let weighted: Vec<f64> =
        samples.get("case").iter().zip(samples.get("weight")).map(|(c, w)| c * w).collect();
    let rest: Vec<f64> = samples.get("weight").iter().zip(&weighted).map(|(w, c)| w - c).collect();
    for name in ["s1", "s2"] {
        let sorted = SortedScores::new(samples.get(name)).expect("numbers");
        let plain = auc(&case, samples.get(name)).expect("two classes");
        python.check(&format!("auc.{name}"), plain);
        assert!(
            (sorted.auc(samples.get("case"), &samples.controls()).expect("classes") - plain).abs() < 1e-15
        );
        if name == "s1" {
            python.check("auc.s1.weighted", sorted.auc(&weighted, &rest).expect("two classes"));
            let quantiles = sorted.quantiles(samples.get("weight"), &[0.1, 0.4, 0.6, 0.9]);
            for (share, quantile) in ["0.1", "0.4", "0.6", "0.9"].iter().zip(quantiles) {
                r.check(&format!("quantile.{share}"), quantile);
            }
        }
    }
    let names = ["s1", "s2", "r2"];
    let delong = Delong::new(&case, &names.map(|name| samples.get(name))).expect("two classes");
    for (index, name) in names.iter().enumerate() {
        r.check(&format!("auc.{name}"), delong.auc[index]);
        r.check(&format!("auc_variance.{name}"), delong.standard_error(index).powi(2));
        let (low, high) = delong.interval(index, normal_quantile(0.975));
        r.check(&format!("auc_low.{name}"), low);
        r.check(&format!("auc_high.{name}"), high);
    }
    r.check("auc_covariance.s1.s2", delong.covariance[1]);
    r.check("auc_p.s1.s2", delong.difference(0, 1).p);
    r.check("auc_p.s1.r2", delong.difference(0, 2).p);
    assert_eq!(delong.difference(1, 1).p, 1.0);
    for name in ["r1", "r2"] {
        let risk = samples.get(name);
        python.check(&format!("brier.{name}"), brier(samples.get("case"), risk, &ones).expect("samples"));
        let weighted = brier(samples.get("case"), risk, samples.get("weight")).expect("samples");
        python.check(&format!("brier.{name}.weighted"), weighted);
        let scaled = scaled_brier(samples.get("case"), risk, &ones).expect("two classes");
        python.check(&format!("scaled_brier.{name}"), scaled);
    }
    python.finish(&["auc", "brier", "scaled"]);
    r.finish(&["auc", "quantile"]);
}

#[test]
fn calibration_is_statsmodels_and_scikit_learns() {
    let (samples, mut python, mut r) = (Samples::new(), python(), r());
    let (cases, ones) = (samples.get("case"), samples.ones());
    for name in ["r1", "r2"] {
        let (risk, logits) = (samples.get(name), samples.logits(name));
        python.check(&format!("eo.{name}"), expected_over_observed(cases, risk, &ones).expect("cases"));
        let large = calibration_intercept(cases, &logits, &ones).expect("two classes");
        check_fit(&mut python, &format!("citl.{name}"), &large);
        if name == "r1" {
            r.check("citl.r1", large.coefficients[0]);
        }
        let slope = calibration_slope(cases, &logits, &ones).expect("two classes");
        check_fit(&mut python, &format!("slope.{name}"), &slope);
        let slope = calibration_slope(cases, &logits, samples.get("weight")).expect("two classes");
        check_fit(&mut python, &format!("slope.{name}.weighted"), &slope);
        let sorted = SortedScores::new(risk).expect("numbers");
        let bins = reliability_bins(&sorted, risk, cases, &ones, 10);
        for (index, bin) in bins.iter().enumerate() {
            python.check(&format!("bin.{name}.{index}.n"), bin.n);
            python.check(&format!("bin.{name}.{index}.observed"), bin.observed());
            python.check(&format!("bin.{name}.{index}.risk"), bin.mean_risk);
        }
        python.check(&format!("ece.{name}"), expected_calibration_error(&bins).expect("samples"));
        let table = ThresholdTable::new(cases, risk, &ones, 0.3);
        for (measure, (part, whole)) in [
            ("sensitivity", table.sensitivity()),
            ("specificity", table.specificity()),
            ("ppv", table.positive_predictive_value()),
        ] {
            python.check(&format!("{measure}.{name}"), part / whole);
        }
    }
    for (successes, n) in [(0, 12), (3, 17), (40, 40), (123, 600)] {
        let (low, high) =
            wilson(f64::from(successes), f64::from(n), normal_quantile(0.975)).expect("samples");
        python.check(&format!("wilson.{successes}.{n}.low"), low);
        python.check(&format!("wilson.{successes}.{n}.high"), high);
    }
    python.finish(&["eo", "citl", "slope", "bin", "ece", "sens", "spec", "ppv", "wilson"]);
    r.finish(&["citl"]);
}

#[test]
fn regressions_are_statsmodels_and_rs() {
    let (samples, mut python, mut r) = (Samples::new(), python(), r());
    let (cases, ones, s1) = (samples.get("case"), samples.ones(), samples.get("s1"));
    let covariates = [ones.clone(), samples.get("age").to_vec(), samples.get("sex").to_vec()];
    let model =
        |design, predictor, weights| LogisticModel { design, predictor, cases, weights, offset: None };
    let fit = |model: LogisticModel<'_>| LogisticFit::new(&model).expect("a maximum");
    let null = fit(model(&[], &ones, &ones));
    let base = fit(model(&covariates[..2], samples.get("sex"), &ones));
    let full = fit(model(&covariates, s1, &ones));
    let weighted = fit(model(&covariates, s1, samples.get("weight")));
    let alone = fit(model(&covariates[..1], s1, &ones));
    for (name, fit) in
        [("null", &null), ("base", &base), ("full", &full), ("full.weighted", &weighted), ("alone", &alone)]
    {
        check_fit(&mut python, name, fit);
    }
    r.check("glm.beta", weighted.coefficients[3]);
    r.check("glm.se", weighted.standard_error(3));
    let sd = sd_of(s1, &samples.controls()).expect("not constant");
    python.check("sd_controls", sd);
    let per_sd = odds_ratio_per_sd(&model(&covariates, s1, &ones), sd).expect("a maximum");
    python.check("per_sd.ln", per_sd.estimate);
    python.check("per_sd.se", per_sd.standard_error);
    for (name, fit) in [("base", &base), ("full", &full)] {
        let r2 = nagelkerke_r2(null.log_likelihood, fit.log_likelihood, cases.len() as f64);
        python.check(&format!("nagelkerke.{name}"), r2.expect("two classes"));
    }
    python.finish(&["null", "base", "full", "alone", "sd_", "per_sd", "nagel"]);
    r.finish(&["glm"]);
}

#[test]
fn explained_variance_is_statsmodels() {
    let (samples, mut python) = (Samples::new(), python());
    let standard = |name: &str| -> Vec<f64> {
        let values = samples.get(name);
        let mean = values.iter().sum::<f64>() / values.len() as f64;
        values.iter().map(|value| value - mean).collect()
    };
    // A copy of a covariate changes nothing.
    let columns = [samples.ones(), standard("age"), standard("sex"), standard("age")];
    let score = standard("s1");
    for name in ["y", "case"] {
        let outcome = standard(name);
        for (weights, weighted) in [(samples.ones(), false), (samples.get("weight").to_vec(), true)] {
            let product = |a: &[f64], b: &[f64]| {
                a.iter().zip(b).zip(&weights).map(|((a, b), w)| a * b * w).sum::<f64>()
            };
            let products: Vec<f64> = columns
                .iter()
                .flat_map(|a| columns.iter().map(move |b| (a, b)))
                .map(|(a, b)| product(a, b))
                .collect();
            let with =
                |other: &[f64]| columns.iter().map(|column| product(column, other)).collect::<Vec<f64>>();
            let models =
                NestedModels::new(&products, &with(&outcome), product(&outcome, &outcome)).expect("varies");
            let found = models
                .explained(&with(&score), product(&score, &outcome), product(&score, &score))
                .expect("not constant");
            if weighted {
                python.check(&format!("r2.{name}.weighted"), found.full);
                continue;
            }
            python.check(&format!("r2.{name}.score"), found.score);
            python.check(&format!("r2.{name}.covariates"), found.covariates);
            python.check(&format!("r2.{name}.full"), found.full);
            python.check(&format!("r2.{name}.partial"), found.partial);
            assert!((found.incremental - (found.full - models.covariates())).abs() < 1e-14);
            let own = models.explained(
                &with(&columns[1]),
                product(&columns[1], &outcome),
                product(&columns[1], &columns[1]),
            );
            assert_eq!(own.expect("not constant").incremental, 0.0);
        }
    }
    for (r2, k, p) in [(0.05, 0.01, 0.5), (0.2, 0.15, 0.15), (0.11, 0.3, 0.25), (0.001, 0.0001, 0.4)] {
        python.check(&format!("liability.{r2}.{k}.{p}"), liability_r2(r2, k, p).expect("shares"));
    }
    assert_eq!(liability_r2(0.1, 0.0, 0.5), None);
    assert_eq!(liability_r2(0.1, 0.1, 1.0), None);
    python.finish(&["r2", "liability"]);
}

#[test]
fn odds_of_groups_are_statsmodels_and_firths() {
    let (samples, mut python) = (Samples::new(), python());
    let (cases, ones, s1) = (samples.get("case"), samples.ones(), samples.get("s1"));
    let sorted = SortedScores::new(s1).expect("numbers");
    let cuts = sorted.quantiles(&ones, &[0.4, 0.6, 0.9, 0.995]);
    let table = |group: &dyn Fn(f64) -> bool, reference: &dyn Fn(f64) -> bool| {
        let count = |inside: &dyn Fn(f64) -> bool, class: f64| {
            cases.iter().zip(s1).filter(|(case, score)| **case == class && inside(**score)).count() as f64
        };
        GroupTable {
            cases: count(group, 1.0),
            controls: count(group, 0.0),
            reference_cases: count(reference, 1.0),
            reference_controls: count(reference, 0.0),
        }
    };
    let top = |score: f64| score > cuts[2];
    let rest = table(&top, &|score| score <= cuts[2]);
    let middle = table(&top, &|score| score > cuts[0] && score <= cuts[1]);
    for (name, table) in [("rest", rest), ("middle", middle)] {
        let odds = table.log_odds(false).expect("full cells");
        python.check(&format!("decile.{name}.ln"), odds.estimate);
        python.check(&format!("decile.{name}.se"), odds.standard_error);
    }
    let extreme = table(&|score| score > cuts[3], &|score| score <= cuts[3]);
    assert!(extreme.needs_firth() && extreme.controls == 0.0 && extreme.log_odds(false).is_none());
    let odds = extreme.log_odds(true).expect("groups");
    python.check("firth.group.beta1", odds.estimate);
    python.check("firth.group.se1", odds.standard_error);
    let group: Vec<f64> = s1.iter().map(|score| f64::from(u8::from(*score > cuts[3]))).collect();
    let scaled: Vec<f64> = samples.get("age").iter().map(|age| (age - 50.0) / 10.0).collect();
    let covariates = [ones.clone(), scaled, samples.get("sex").to_vec()];
    for (name, design) in [("firth.group", &covariates[..1]), ("firth.adjusted", &covariates[..])] {
        let model = LogisticModel { design, predictor: &group, cases, weights: &ones, offset: None };
        assert!(LogisticFit::new(&model).is_err(), "the group has cases only");
        let adjusted = extreme.adjusted_log_odds(&model).expect("Firth's has a maximum");
        assert!(adjusted.firth);
        let mut fit = FirthFit::default();
        fit.maximise(&model).expect("Firth's has a maximum");
        for index in 0..model.width() {
            // The other row of the group alone was checked in closed form.
            if name == "firth.group" && index == 1 {
                assert!((fit.beta[1] - odds.estimate).abs() < 1e-8);
                continue;
            }
            python.check(&format!("{name}.beta{index}"), fit.beta[index]);
            python.check(&format!("{name}.se{index}"), fit.inverse[index * (model.width() + 1)].sqrt());
        }
        assert_eq!(adjusted.estimate, fit.beta[model.width() - 1]);
    }
    python.finish(&["decile", "firth"]);
}

#[test]
fn reclassification_is_hmiscs() {
    let (samples, mut r) = (Samples::new(), r());
    for (name, thresholds) in [("nri", &[][..]), ("nri_categories", &[0.1, 0.3][..])] {
        let found = net_reclassification(
            samples.get("case"),
            samples.get("r2"),
            samples.get("r1"),
            &samples.ones(),
            thresholds,
        )
        .expect("two classes");
        r.check(&format!("{name}.net"), found.net());
        r.check(&format!("{name}.net_se"), found.net_error());
        r.check(&format!("{name}.cases"), found.of_cases);
        r.check(&format!("{name}.cases_se"), found.of_cases_error);
        r.check(&format!("{name}.controls"), found.of_controls);
        r.check(&format!("{name}.controls_se"), found.of_controls_error);
    }
    r.finish(&["nri"]);
}

#[test]
fn what_is_not_defined_is_none() {
    let (cases, risk, ones) = ([1.0, 1.0], [0.2, 0.9], [1.0, 1.0]);
    assert_eq!(scaled_brier(&cases, &risk, &ones), None);
    assert_eq!(brier(&[], &[], &[]), None);
    assert_eq!(expected_over_observed(&[0.0], &[0.4], &[1.0]), None);
    assert!(calibration_intercept(&cases, &[0.3, 0.1], &ones).is_err());
    assert!(calibration_slope(&[1.0, 0.0, 1.0], &[0.5, 0.5, 0.5], &[1.0; 3]).is_err());
    assert!(calibration_slope(&[1.0, 0.0, 1.0], &[0.5, f64::INFINITY, 0.5], &[1.0; 3]).is_err());
    assert_eq!(Delong::new(&[true, false, false], &[&[1.0, 2.0, 3.0]]), None);
    assert_eq!(Delong::new(&[true, true, false, false], &[&[1.0, 2.0, 3.0, f64::NAN]]), None);
    assert!(SortedScores::new(&[1.0, f64::NAN]).is_none());
    assert_eq!(net_reclassification(&cases, &risk, &risk, &ones, &[]), None);
    assert_eq!(nagelkerke_r2(0.0, 0.0, 5.0), None);
    assert_eq!(sd_of(&[0.1, 0.1, 0.1], &[1.0; 3]), None);
    assert_eq!(wilson(0.0, 0.0, 1.96), None);
    assert_eq!(expected_calibration_error(&[ReliabilityBin::default()]), None);
    assert_eq!(GroupTable::default().log_odds(true), None);
    assert!(logit(1.0).is_infinite() && logit(-0.1).is_nan());
    assert!(NestedModels::new(&[4.0], &[8.0], 16.0).is_none(), "a constant outcome");
}

proptest::proptest! {
    /// The area knows the order alone; turning the score round gives its complement.
    #[test]
    fn auc_goes_by_rank(rows in proptest::collection::vec((-30_i8..30, proptest::bool::ANY), 4..60)) {
        let scores: Vec<f64> = rows.iter().map(|row| f64::from(row.0) / 10.0).collect();
        let case: Vec<bool> = rows.iter().map(|row| row.1).collect();
        let grown: Vec<f64> = scores.iter().map(|score| score.exp() + 3.0).collect();
        let turned: Vec<f64> = scores.iter().map(|score| -score).collect();
        let plain = auc(&case, &scores);
        proptest::prop_assert_eq!(plain, auc(&case, &grown));
        if let (Some(plain), Some(turned)) = (plain, auc(&case, &turned)) {
            proptest::prop_assert!((plain + turned - 1.0).abs() < 1e-12);
        }
        if let Some(delong) = Delong::new(&case, &[&scores, &turned]) {
            proptest::prop_assert!((delong.auc[0] - plain.unwrap_or(f64::NAN)).abs() < 1e-12);
            proptest::prop_assert!((delong.covariance[0] + delong.covariance[1]).abs() < 1e-12);
            let (low, high) = delong.interval(0, 1.96);
            proptest::prop_assert!(low <= delong.auc[0] + 1e-12 && delong.auc[0] <= high + 1e-12);
        }
    }

    /// Counts stand for copies in bins, too.
    #[test]
    fn bins_count_copies(rows in proptest::collection::vec((0_u8..20, proptest::bool::ANY, 0_u8..4), 1..60)) {
        let risk: Vec<f64> = rows.iter().map(|row| f64::from(row.0) / 20.0).collect();
        let cases: Vec<f64> = rows.iter().map(|row| f64::from(u8::from(row.1))).collect();
        let times: Vec<f64> = rows.iter().map(|row| f64::from(row.2)).collect();
        let copy = |values: &[f64]| -> Vec<f64> {
            values.iter().zip(&rows).flat_map(|(value, row)| vec![*value; usize::from(row.2)]).collect()
        };
        let (risk_copies, case_copies) = (copy(&risk), copy(&cases));
        let ones = vec![1.0; risk_copies.len()];
        let sorted = SortedScores::new(&risk).expect("numbers");
        let sorted_copies = SortedScores::new(&risk_copies).expect("numbers");
        let counted = reliability_bins(&sorted, &risk, &cases, &times, 5);
        let copied = reliability_bins(&sorted_copies, &risk_copies, &case_copies, &ones, 5);
        for (a, b) in counted.iter().zip(&copied) {
            proptest::prop_assert_eq!((a.n, a.cases), (b.n, b.cases));
            proptest::prop_assert!((a.mean_risk - b.mean_risk).abs() < 1e-12);
        }
        let error = |bins: &[ReliabilityBin]| expected_calibration_error(bins).unwrap_or(0.0);
        proptest::prop_assert!((error(&counted) - error(&copied)).abs() < 1e-12);
        let (found, expected) = (brier(&cases, &risk, &times), brier(&case_copies, &risk_copies, &ones));
        proptest::prop_assert_eq!(found.is_some(), expected.is_some());
        proptest::prop_assert!((found.unwrap_or(0.0) - expected.unwrap_or(0.0)).abs() < 1e-12);
        let table = |risk: &[f64], cases: &[f64], weights: &[f64]| ThresholdTable::new(cases, risk, weights, 0.4);
        proptest::prop_assert_eq!(table(&risk, &cases, &times), table(&risk_copies, &case_copies, &ones));
    }
}
