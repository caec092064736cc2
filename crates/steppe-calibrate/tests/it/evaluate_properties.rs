//! What must hold of any evaluation.

use steppe_calibrate::evaluate::{
    Covariate, Evaluation, EvaluationInput, EvaluationOptions, IntervalMethod, Metric, MetricRow, Outcome,
    PMethod, Prediction, PredictionKind, Status, Warning, evaluate,
};

use super::evaluate_support::{Cohort, plain, quick, row};

fn full(cohort: &Cohort, options: &EvaluationOptions) -> Evaluation {
    let covariates = [Covariate { name: "age", values: &cohort.age }];
    let predictions = cohort.predictions();
    let input =
        EvaluationInput { covariates: &covariates, ..plain(Outcome::Binary(&cohort.case), &predictions) };
    evaluate(&input, options).expect("valid")
}

fn everything() -> EvaluationOptions {
    EvaluationOptions {
        resamples: 120,
        permutations: 40,
        prevalence: Some(0.2),
        thresholds: vec![0.2, 0.4],
        baseline: Some("noisy".to_owned()),
        ..EvaluationOptions::default()
    }
}

#[test]
fn bits_are_the_same_on_any_number_of_threads() {
    let cohort = Cohort::new(700, -0.7, 0.8, 21);
    let on = |threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("threads");
        pool.install(|| full(&cohort, &everything()))
    };
    let one = on(1);
    assert_eq!(one, on(2));
    assert_eq!(one, on(5));
    assert_ne!(one, full(&cohort, &EvaluationOptions { seed: 2, ..everything() }));
}

#[test]
fn intervals_hold_their_estimates() {
    let evaluation = full(&Cohort::new(900, -0.7, 0.8, 22), &everything());
    let mut with_interval = 0;
    for row in evaluation.metrics.iter().filter(|row| row.metric != Metric::CalibrationError) {
        assert_eq!(row.status, Status::Ok, "{row:?}");
        let (Some(estimate), Some(lower), Some(upper)) = (row.estimate, row.lower, row.upper) else {
            panic!("no interval: {row:?}");
        };
        assert!(lower <= estimate && estimate <= upper, "{row:?}");
        assert!(row.standard_error.is_some_and(|error| error > 0.0), "{row:?}");
        with_interval += 1;
    }
    assert!(with_interval > 100, "{with_interval}");
    // Chance alone makes the calibration error, and more of it in resamples.
    let error = row(&evaluation, "all", "risk", Metric::CalibrationError, None);
    assert!(error.upper > error.estimate);
}

/// Two ways to an interval of one thing are about as wide.
#[test]
fn the_bootstrap_agrees_with_theory() {
    let options = EvaluationOptions { resamples: 1500, permutations: 0, ..everything() };
    let evaluation = full(&Cohort::new(1500, -0.5, 0.8, 23), &options);
    let mut compared = 0;
    for analytic in &evaluation.metrics {
        let is_other = |row: &&MetricRow| {
            (&row.model, &row.versus, row.metric, row.threshold)
                == (&analytic.model, &analytic.versus, analytic.metric, analytic.threshold)
                && matches!(row.method, Some(IntervalMethod::Bootstrap | IntervalMethod::BootstrapStratified))
        };
        let resampled =
            matches!(analytic.method, Some(IntervalMethod::Bootstrap | IntervalMethod::BootstrapStratified));
        let Some(bootstrap) = evaluation.metrics.iter().find(is_other).filter(|_| !resampled) else {
            continue;
        };
        let errors =
            (bootstrap.standard_error.expect("an error"), analytic.standard_error.expect("an error"));
        let ratio = errors.0 / errors.1;
        // Theory takes the standard deviation as known, while a resample has its own.
        let least = if analytic.metric.as_str().contains("per_sd") { 0.75 } else { 0.87 };
        assert!((least..1.15).contains(&ratio), "{ratio}: {analytic:?} {bootstrap:?}");
        compared += 1;
    }
    assert!(compared > 30, "{compared}");
}

#[test]
fn a_population_is_the_same_whatever_else_is_evaluated() {
    let cohort = Cohort::new(800, -0.5, 0.8, 24);
    let labels: Vec<Option<String>> =
        (0..800).map(|person| Some(if person % 2 == 0 { "A" } else { "B" }.to_owned())).collect();
    let predictions = cohort.predictions();
    let together =
        EvaluationInput { population: Some(&labels), ..plain(Outcome::Binary(&cohort.case), &predictions) };
    let together = evaluate(&together, &quick()).expect("valid");
    let even = |values: &[f64]| -> Vec<f64> { values.iter().copied().step_by(2).collect() };
    let alone = Cohort {
        case: cohort.case.iter().copied().step_by(2).collect(),
        risk: even(&cohort.risk),
        noisy: even(&cohort.noisy),
        score: even(&cohort.score),
        age: even(&cohort.age),
    };
    let alone =
        evaluate(&plain(Outcome::Binary(&alone.case), &alone.predictions()), &quick()).expect("valid");
    let of_a = together.metrics.iter().filter(|row| row.group == "A");
    for (mut found, expected) in of_a.cloned().zip(&alone.metrics) {
        (found.grouping, found.group) = (expected.grouping, expected.group.clone());
        assert_eq!(&found, expected);
    }
}

#[test]
fn ranks_do_not_see_monotone_maps() {
    let cohort = Cohort::new(600, -0.5, 0.8, 25);
    let mapped: Vec<f64> = cohort.score.iter().map(|score| 3.0 + (2.0 * score).exp()).collect();
    let of = |values: &[f64]| {
        let predictions = [Prediction { name: "score", kind: PredictionKind::Score, values }];
        evaluate(&plain(Outcome::Binary(&cohort.case), &predictions), &everything_without_baseline())
            .expect("valid")
    };
    let (plain, mapped) = (of(&cohort.score), of(&mapped));
    for metric in [Metric::Auc, Metric::OddsRatioTopDecile, Metric::OddsRatioTopDecileMiddle] {
        let rows = |evaluation: &Evaluation| -> Vec<MetricRow> {
            evaluation.rows("all", "score", metric).cloned().collect()
        };
        // Quantiles between two people move, but part the same people.
        assert_eq!(rows(&plain), rows(&mapped), "{metric:?}");
    }
}

fn everything_without_baseline() -> EvaluationOptions {
    EvaluationOptions { baseline: None, thresholds: Vec::new(), ..everything() }
}

#[test]
fn differences_change_sign_with_the_order() {
    let cohort = Cohort::new(600, -0.5, 0.8, 26);
    let [score, risk, noisy] = cohort.predictions();
    let of = |predictions: &[Prediction<'_>]| {
        evaluate(&plain(Outcome::Binary(&cohort.case), predictions), &everything_without_baseline())
            .expect("valid")
    };
    let (one, other) = (of(&[risk, noisy]), of(&[noisy, risk]));
    let mut compared = 0;
    for metric in [Metric::AucDifference, Metric::R2Difference, Metric::BrierDifference] {
        for (a, b) in one.rows("all", "risk", metric).zip(other.rows("all", "noisy", metric)) {
            let close = |a: Option<f64>, b: Option<f64>| (a.unwrap_or(9.0) + b.unwrap_or(9.0)).abs() < 1e-12;
            assert!(
                close(a.estimate, b.estimate) && close(a.lower, b.upper) && close(a.upper, b.lower),
                "{a:?} {b:?}"
            );
            compared += 1;
        }
    }
    assert_eq!(compared, 4);
    // The better risk wins, with an interval that knows that both were judged in the same people.
    let paired = row(&one, "all", "risk", Metric::AucDifference, Some(IntervalMethod::BootstrapStratified));
    let alone = row(&one, "all", "risk", Metric::Auc, Some(IntervalMethod::BootstrapStratified));
    assert!(paired.estimate > Some(0.0) && paired.standard_error < alone.standard_error);
    let same = of(&[score, Prediction { name: "again", ..score }]);
    for row in same.rows("all", "score", Metric::AucDifference) {
        assert_eq!((row.estimate, row.lower, row.upper), (Some(0.0), Some(0.0), Some(0.0)));
    }
}

#[test]
fn permutations_tell_chance_from_signal() {
    let cohort = Cohort::new(800, -0.5, 0.6, 27);
    let noise = Cohort::new(800, 0.0, 0.0, 99);
    let covariates = [Covariate { name: "age", values: &cohort.age }];
    let predictions = [
        Prediction { name: "score", kind: PredictionKind::Score, values: &cohort.score },
        Prediction { name: "noise", kind: PredictionKind::Score, values: &noise.score },
    ];
    let input =
        EvaluationInput { covariates: &covariates, ..plain(Outcome::Binary(&cohort.case), &predictions) };
    let options = EvaluationOptions { resamples: 0, permutations: 199, ..EvaluationOptions::default() };
    let evaluation = evaluate(&input, &options).expect("valid");
    for metric in [Metric::Auc, Metric::R2, Metric::R2Incremental] {
        let p = |model| {
            let row = row(&evaluation, "all", model, metric, None);
            assert_eq!(row.p_method, Some(PMethod::Permutation));
            row.p.expect("a P")
        };
        assert_eq!(p("score"), 1.0 / 200.0, "{metric:?}");
        assert!(p("noise") > 0.03, "{metric:?}: {}", p("noise"));
    }
}

#[test]
fn single_families_change_nothing_and_larger_ones_widen() {
    let cohort = Cohort::new(400, -0.5, 0.8, 28);
    let copies = |values: &[f64]| -> Vec<f64> { values.iter().flat_map(|value| [*value; 2]).collect() };
    let twins = Cohort {
        case: cohort.case.iter().flat_map(|case| [*case; 2]).collect(),
        risk: copies(&cohort.risk),
        noisy: copies(&cohort.noisy),
        score: copies(&cohort.score),
        age: copies(&cohort.age),
    };
    let with = |cohort: &Cohort, family: Option<&[Option<u32>]>| {
        let predictions = cohort.predictions();
        let input = EvaluationInput { family, ..plain(Outcome::Binary(&cohort.case), &predictions) };
        evaluate(&input, &EvaluationOptions { resamples: 400, ..quick() }).expect("valid")
    };
    let alone: Vec<Option<u32>> = (0..400).map(|person| (person % 2 == 0).then_some(person)).collect();
    assert_eq!(with(&cohort, None), with(&cohort, Some(&alone)));
    let pairs: Vec<Option<u32>> = (0..800).map(|person| Some(person / 2)).collect();
    let (blind, aware) = (with(&twins, None), with(&twins, Some(&pairs)));
    assert!(aware.warnings.contains(&Warning::Relatives { group: "all".to_owned(), people: 800 }));
    assert_eq!(aware.groups[0].families, 400);
    for metric in [Metric::Auc, Metric::R2, Metric::Brier, Metric::CalibrationSlope] {
        let error = |evaluation: &Evaluation| {
            let is_resampled = |row: &&MetricRow| {
                matches!(row.method, Some(IntervalMethod::Bootstrap | IntervalMethod::BootstrapStratified))
            };
            evaluation.rows("all", "risk", metric).find(is_resampled).and_then(|row| row.standard_error)
        };
        let ratio = error(&aware).expect("an error") / error(&blind).expect("an error");
        assert!((1.2..1.65).contains(&ratio), "{metric:?}: {ratio}, about the root of 2 expected");
        // Twins say what one of them says.
        let once = error(&with(&cohort, None)).expect("an error");
        assert!((error(&aware).expect("an error") / once - 1.0).abs() < 0.15, "{metric:?}");
    }
}
