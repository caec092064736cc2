//! Data of which little can be said: rows and warnings say why, and only wrong calls are errors.

use steppe_calibrate::{
    CalibrateError,
    evaluate::{
        Covariate, Evaluation, EvaluationInput, EvaluationOptions, Grouping, IntervalMethod, Metric, Outcome,
        Prediction, PredictionKind, Reason, Status, Warning, evaluate,
    },
};

use super::evaluate_support::{Cohort, plain, quick, row};

fn has_no_number(evaluation: &Evaluation) -> bool {
    evaluation.metrics.iter().all(|row| {
        let numbers = [row.estimate, row.lower, row.upper, row.standard_error, row.p];
        row.status != Status::Ok && row.reason.is_some() && numbers.iter().all(Option::is_none)
    })
}

#[test]
fn one_class_has_reasons_and_no_numbers() {
    let cohort = Cohort::new(300, -1.0, 1.0, 5);
    for class in [true, false] {
        let case = vec![Some(class); 300];
        let options = EvaluationOptions { thresholds: vec![0.2], ..quick() };
        let evaluation =
            evaluate(&plain(Outcome::Binary(&case), &cohort.predictions()), &options).expect("valid");
        assert!(has_no_number(&evaluation), "{:?}", evaluation.metrics);
        assert_eq!(evaluation.warnings, [Warning::OneClass { group: "all".to_owned() }]);
        let brier = row(&evaluation, "all", "risk", Metric::Brier, None);
        assert_eq!((brier.status, brier.reason.clone()), (Status::Undefined, Some(Reason::OneClass)));
        let auc = row(&evaluation, "all", "score", Metric::Auc, None);
        let needed = 50;
        let expected = if class {
            Reason::TooFewControls { found: 0, needed }
        } else {
            Reason::TooFewCases { found: 0, needed }
        };
        assert_eq!((auc.status, auc.reason.clone()), (Status::Insufficient, Some(expected)));
    }
}

#[test]
fn too_few_cases_are_insufficient_one_more_is_enough() {
    let cohort = Cohort::new(1000, -1.0, 1.0, 6);
    let with_cases = |cases: usize| {
        let mut found = 0;
        let case: Vec<Option<bool>> = cohort
            .case
            .iter()
            .map(|case| {
                found += usize::from(*case == Some(true));
                // Cases that are too many are not known.
                if *case == Some(true) && found > cases { None } else { *case }
            })
            .collect();
        evaluate(&plain(Outcome::Binary(&case), &cohort.predictions()), &quick()).expect("valid")
    };
    let status = |cases, metric| {
        let evaluation = with_cases(cases);
        let row = row(&evaluation, "all", "risk", metric, None);
        assert_eq!(row.cases, Some(cases));
        row.status
    };
    for metric in [Metric::Auc, Metric::OddsRatioTopDecile, Metric::OddsRatioTopDecileMiddle] {
        assert_eq!(
            (status(49, metric), status(50, metric)),
            (Status::Insufficient, Status::Ok),
            "{metric:?}"
        );
    }
    for metric in [Metric::CalibrationSlope, Metric::CalibrationError] {
        assert_eq!(
            (status(99, metric), status(100, metric)),
            (Status::Insufficient, Status::Ok),
            "{metric:?}"
        );
    }
    assert_eq!(status(20, Metric::ExpectedOverObserved), Status::Ok);
    assert!(with_cases(99).reliability.is_empty() && with_cases(100).reliability.len() == 20);
    let few = with_cases(49);
    let reason = row(&few, "all", "risk", Metric::Auc, None).reason.as_ref().expect("a reason").to_string();
    assert_eq!(reason, "49 cases, at least 50 needed");
}

#[test]
fn constant_and_absent_predictions_spoil_nothing_but_themselves() {
    let cohort = Cohort::new(500, -0.5, 1.0, 7);
    let (constant, absent) = (vec![0.3; 500], vec![f64::NAN; 500]);
    let predictions = [
        Prediction { name: "constant", kind: PredictionKind::Risk, values: &constant },
        Prediction { name: "absent", kind: PredictionKind::Score, values: &absent },
        Prediction { name: "risk", kind: PredictionKind::Risk, values: &cohort.risk },
    ];
    let evaluation = evaluate(&plain(Outcome::Binary(&cohort.case), &predictions), &quick()).expect("valid");
    let constant = |metric| row(&evaluation, "all", "constant", metric, None);
    for metric in [Metric::Auc, Metric::R2, Metric::OddsRatioPerSd, Metric::CalibrationSlope] {
        assert_eq!(constant(metric).reason, Some(Reason::ConstantPrediction), "{metric:?}");
        assert_eq!(constant(metric).status, Status::Undefined);
    }
    for metric in [Metric::Brier, Metric::ExpectedOverObserved, Metric::CalibrationIntercept] {
        assert_eq!(constant(metric).status, Status::Ok, "{metric:?}");
    }
    assert_eq!(row(&evaluation, "all", "absent", Metric::Auc, None).reason, Some(Reason::NoValues));
    let group = "all".to_owned();
    for warning in [
        Warning::ConstantPrediction { group: group.clone(), model: "constant".to_owned() },
        Warning::NoValues { group, model: "absent".to_owned() },
    ] {
        assert!(evaluation.warnings.contains(&warning), "{:?}", evaluation.warnings);
    }
    let alone = evaluate(&plain(Outcome::Binary(&cohort.case), &predictions[2..]), &quick()).expect("valid");
    for expected in &alone.metrics {
        let found = row(&evaluation, "all", "risk", expected.metric, expected.method);
        assert_eq!(found, expected);
    }
}

#[test]
fn risks_that_are_none_are_found() {
    let mut cohort = Cohort::new(500, 0.0, 1.0, 8);
    cohort.risk[3] = 0.0;
    cohort.noisy[4] = 1.2;
    let evaluation =
        evaluate(&plain(Outcome::Binary(&cohort.case), &cohort.predictions()), &quick()).expect("valid");
    let certain = row(&evaluation, "all", "risk", Metric::CalibrationSlope, None);
    assert_eq!(certain.reason, Some(Reason::CertainRisk { people: 1 }));
    assert_eq!(row(&evaluation, "all", "risk", Metric::Brier, None).status, Status::Ok);
    let outside = row(&evaluation, "all", "noisy", Metric::Brier, None);
    assert_eq!(outside.reason, Some(Reason::NotARisk { people: 1 }));
    assert_eq!(row(&evaluation, "all", "noisy", Metric::Auc, None).status, Status::Ok);
    assert!(evaluation.reliability.iter().all(|row| row.model == "risk"));
}

#[test]
fn separated_classes_have_firths_odds_ratio() {
    let of = |controls: u32, cases: u32| {
        let case: Vec<Option<bool>> = (0..controls + cases).map(|person| Some(person >= controls)).collect();
        let score: Vec<f64> = (0..controls + cases)
            .map(|person| f64::from(person + if person < controls { 0 } else { 10 }))
            .collect();
        let predictions = [Prediction { name: "score", kind: PredictionKind::Score, values: &score }];
        evaluate(&plain(Outcome::Binary(&case), &predictions), &quick()).expect("valid")
    };
    let few = of(30, 10);
    let odds = row(&few, "all", "score", Metric::OddsRatioPerSd, Some(IntervalMethod::Firth));
    assert!(odds.estimate.is_some_and(|odds| odds > 10.0 && odds.is_finite()), "{odds:?}");
    let by = Some(IntervalMethod::BootstrapStratified);
    let bootstrap = row(&few, "all", "score", Metric::OddsRatioPerSd, by);
    assert_eq!(bootstrap.reason, Some(Reason::UndefinedResamples { undefined: 100, of: 100 }));
    assert_eq!((bootstrap.lower, bootstrap.upper), (None, None));
    let many = of(140, 60);
    assert_eq!(row(&many, "all", "score", Metric::Auc, None).estimate, Some(1.0));
    // No case in the middle: the reference's cell is empty.
    let top = row(&many, "all", "score", Metric::OddsRatioTopDecileMiddle, Some(IntervalMethod::Firth));
    assert!(top.estimate.is_some_and(f64::is_finite) && top.reason.is_none(), "{top:?}");
}

#[test]
fn cohorts_of_nobody_and_of_one_work() {
    for n in [0, 1, 2] {
        let cohort = Cohort::new(n, 0.0, 1.0, 9);
        let covariates = [Covariate { name: "age", values: &cohort.age }];
        let predictions = cohort.predictions();
        let input =
            EvaluationInput { covariates: &covariates, ..plain(Outcome::Binary(&cohort.case), &predictions) };
        let evaluation = evaluate(&input, &quick()).expect("valid");
        assert!(evaluation.metrics.iter().all(|row| row.n == n));
        let trait_ = EvaluationInput { outcome: Outcome::Quantitative(&cohort.score), ..input };
        assert!(has_no_number(&evaluate(&trait_, &quick()).expect("valid")));
    }
}

#[test]
fn quantitative_outcomes_that_do_not_vary_have_no_r2() {
    let cohort = Cohort::new(100, 0.0, 1.0, 10);
    let outcome = vec![1.7; 100];
    let evaluation =
        evaluate(&plain(Outcome::Quantitative(&outcome), &cohort.predictions()), &quick()).expect("valid");
    assert!(has_no_number(&evaluation));
    assert_eq!(row(&evaluation, "all", "score", Metric::R2, None).reason, Some(Reason::ConstantOutcome));
}

#[test]
fn bins_and_populations_hold_everyone_once() {
    let cohort = Cohort::new(900, -0.5, 1.0, 11);
    let population: Vec<Option<String>> =
        (0..900).map(|person| ["A", "B"].get(person % 3).map(|label| (*label).to_owned())).collect();
    // Every ninth distance is not known, the others tie in threes.
    let distance: Vec<f64> =
        (0..900_i32).map(|person| if person % 9 == 0 { f64::NAN } else { f64::from(person / 3) }).collect();
    let predictions = cohort.predictions();
    let input = EvaluationInput {
        population: Some(&population),
        distance: Some(&distance),
        ..plain(Outcome::Binary(&cohort.case), &predictions)
    };
    let options = EvaluationOptions {
        distance_bins: 4,
        population_prevalence: [("A".to_owned(), 0.2), ("Z".to_owned(), 0.1)].into(),
        ..quick()
    };
    let evaluation = evaluate(&input, &options).expect("valid");
    let sizes = |grouping| -> Vec<usize> {
        evaluation.groups.iter().filter(|group| group.grouping == grouping).map(|group| group.n).collect()
    };
    assert_eq!((sizes(Grouping::All), sizes(Grouping::Population)), (vec![900], vec![300, 300]));
    assert_eq!(sizes(Grouping::Distance), [200, 200, 200, 200]);
    let bins: Vec<[f64; 3]> = evaluation.groups.iter().skip(3).filter_map(|group| group.distance).collect();
    assert!(bins.windows(2).all(|pair| pair[0][2] < pair[1][0]), "{bins:?}");
    for warning in [
        Warning::NoPopulation { people: 300 },
        Warning::NoDistance { people: 100 },
        Warning::UnusedPrevalence { population: "Z".to_owned() },
    ] {
        assert!(evaluation.warnings.contains(&warning), "{:?}", evaluation.warnings);
    }
    assert_eq!(row(&evaluation, "A", "score", Metric::R2Liability, None).status, Status::Ok);
    assert_eq!(row(&evaluation, "B", "score", Metric::R2Liability, None).reason, Some(Reason::NoPrevalence));
}

#[test]
fn rare_cases_and_unused_covariates_are_warned_of() {
    let cohort = Cohort::new(2000, -3.2, 0.5, 12);
    let twice: Vec<f64> = cohort.age.iter().map(|age| 2.0 * age - 1.0).collect();
    let covariates =
        [Covariate { name: "age", values: &cohort.age }, Covariate { name: "months", values: &twice }];
    let predictions = cohort.predictions();
    let input =
        EvaluationInput { covariates: &covariates, ..plain(Outcome::Binary(&cohort.case), &predictions) };
    let evaluation = evaluate(&input, &quick()).expect("valid");
    let unused = Warning::UnusedCovariate { group: "all".to_owned(), covariate: "months".to_owned() };
    assert!(evaluation.warnings.contains(&unused), "{:?}", evaluation.warnings);
    let rare = |warning: &&Warning| matches!(warning, Warning::ClassImbalance { cases, controls, .. } if cases + controls == 2000);
    assert_eq!(evaluation.warnings.iter().filter(rare).count(), 1);
}

#[test]
fn wrong_calls_are_errors() {
    let cohort = Cohort::new(20, 0.0, 1.0, 13);
    let predictions = cohort.predictions();
    let good = plain(Outcome::Binary(&cohort.case), &predictions);
    let message = |input: &EvaluationInput<'_>, options: &EvaluationOptions| {
        evaluate(input, options).expect_err("refused").to_string()
    };
    let default = EvaluationOptions::default;
    assert_eq!(
        message(&EvaluationInput { distance: Some(&cohort.age[..5]), ..good }, &default()),
        "genetic distances: 5 given, 20 needed; give one for each"
    );
    let none = message(&EvaluationInput { predictions: &[], ..good }, &default());
    assert_eq!(none, "no predictions to evaluate; give at least one score or risk");
    let twice = [predictions[0], predictions[0]];
    let error = evaluate(&EvaluationInput { predictions: &twice, ..good }, &default()).expect_err("refused");
    assert!(matches!(error, CalibrateError::DuplicatePrediction { name } if name == "score"));
    for options in [
        EvaluationOptions { confidence: 1.0, ..default() },
        EvaluationOptions { prevalence: Some(0.0), ..default() },
        EvaluationOptions { thresholds: vec![0.5, 0.2], ..default() },
        EvaluationOptions { thresholds: vec![f64::NAN], ..default() },
        EvaluationOptions { reliability_bins: 0, ..default() },
        EvaluationOptions { baseline: Some("none".to_owned()), ..default() },
    ] {
        assert!(evaluate(&good, &options).is_err(), "{options:?}");
    }
}
