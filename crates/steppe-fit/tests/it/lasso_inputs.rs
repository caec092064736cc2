//! Bad traits report what is wrong and stop no other; early stopping and refitting.

use nalgebra::DMatrix;
use steppe_fit::{
    FitError, TraitProblem,
    lasso::{LambdaPath, LassoOptions, LassoProblem, MetricKind, Response, Role, Trait, fit_lasso},
};

use super::lasso_support::{cohort, fit};

fn options() -> LassoOptions {
    LassoOptions {
        lambdas: LambdaPath::Auto { count: 30, ratio: Some(0.02) },
        strong_size: 40,
        ..LassoOptions::default()
    }
}

#[test]
fn a_bad_trait_stops_no_other() {
    let cohort = cohort(150, 160, 9);
    let matrix = cohort.matrix();
    let good = cohort.gaussian("good");
    let all = |value: f64| vec![value; 150];
    let many = DMatrix::from_fn(150, 130, |s, c| ((s * 7919 + c * 104_729 + s * c * c) % 1009) as f64);
    let with = |name: &str, response| cohort.with(name, response);
    let bad = [
        (with("constant", Response::Gaussian(all(2.5))), TraitProblem::Constant { samples: 120 }),
        (with("missing", Response::Gaussian(all(f64::NAN))), TraitProblem::NoTrainingSamples),
        (with("one class", Response::Binomial(all(1.0))), TraitProblem::Constant { samples: 120 }),
        (with("three values", Response::Binomial(cohort.noise.clone())), TraitProblem::NotBinary),
        (with("infinite", Response::Gaussian(all(f64::INFINITY))), TraitProblem::Infinite),
        (
            with("no event", Response::Cox { time: cohort.risk.clone(), event: vec![false; 150] }),
            TraitProblem::NoEvent { samples: 120 },
        ),
        (Trait { name: "weights".into(), weights: all(-1.0), ..good.clone() }, TraitProblem::Weight),
        (
            Trait { name: "wide".into(), covariates: many, ..good.clone() },
            TraitProblem::TooFewSamples { samples: 120, covariates: 119 },
        ),
        (
            Trait {
                name: "explained".into(),
                covariates: DMatrix::from_column_slice(150, 1, &cohort.risk),
                ..with("", Response::Gaussian(cohort.risk.clone()))
            },
            TraitProblem::ExplainedByCovariates { samples: 120 },
        ),
        (
            Trait { name: "lambdas".into(), lambdas: Some(vec![0.1, 0.2]), ..good.clone() },
            TraitProblem::Lambdas,
        ),
    ];
    let mut inputs: Vec<Trait> = bad.iter().map(|(input, _)| input.clone()).collect();
    inputs.insert(4, good.clone());
    let mut outcome = fit_lasso(&LassoProblem::new(&matrix), &inputs, &options(), None, &mut ()).unwrap();
    let path = outcome.remove(4).unwrap();
    assert_eq!(path, fit(&LassoProblem::new(&matrix), &[good], &options())[0]);
    for ((input, expected), outcome) in bad.iter().zip(outcome) {
        match outcome {
            Err(FitError::Trait { name, problem }) => {
                assert_eq!((&name, &problem), (&input.name, expected));
                assert!(problem.to_string().starts_with(|c: char| !c.is_uppercase()));
            }
            other => unreachable!("{}: {other:?}", input.name),
        }
    }
}

#[test]
fn sizes_and_options_are_checked() {
    let cohort = cohort(150, 160, 9);
    let matrix = cohort.matrix();
    let short = cohort.with("short", Response::Gaussian(vec![1.0; 149]));
    let outcome = fit_lasso(&LassoProblem::new(&matrix), &[short], &options(), None, &mut ()).unwrap();
    assert!(matches!(outcome[0], Err(FitError::Length { expected: 150, found: 149, .. })));
    let mut problem = LassoProblem::new(&matrix);
    problem.penalty_factors = Some(&[1.0]);
    let outcome = fit_lasso(&problem, &[], &options(), None, &mut ());
    assert!(matches!(outcome, Err(FitError::Length { expected: 160, found: 1, .. })));
    for options in [
        LassoOptions { alpha: 1.5, ..options() },
        LassoOptions { tolerance: 0.0, ..options() },
        LassoOptions { lambdas: LambdaPath::Auto { count: 0, ratio: None }, ..options() },
    ] {
        let outcome = fit_lasso(&LassoProblem::new(&matrix), &[], &options, None, &mut ());
        assert!(matches!(outcome, Err(FitError::Option { .. })));
    }
}

#[test]
fn collinear_covariates_are_dropped_and_change_nothing() {
    let cohort = cohort(150, 160, 9);
    let matrix = cohort.matrix();
    let clean = Trait { covariates: cohort.covariates.clone(), ..cohort.gaussian("a") };
    let z = &cohort.covariates;
    let mut doubled = clean.clone();
    doubled.covariates = DMatrix::from_fn(150, 4, |s, c| match c {
        0 => z[(s, 0)],
        1 => 2.0 * z[(s, 0)] - 7.0,
        2 => z[(s, 1)],
        _ => 3.0,
    });
    let paths = fit(&LassoProblem::new(&matrix), &[clean, doubled], &options());
    assert_eq!(paths[1].dropped_covariates, [1, 3]);
    for (a, b) in paths[0].points.iter().zip(&paths[1].points) {
        assert_eq!(b.covariates, [a.covariates[0], 0.0, a.covariates[1], 0.0]);
        assert_eq!(a.coefficients, b.coefficients);
    }
}

#[test]
fn stops_when_validation_declines_and_refits_at_the_best() {
    let cohort = cohort(150, 160, 9);
    let matrix = cohort.matrix();
    let problem = LassoProblem::new(&matrix);
    let input = cohort.gaussian("a");
    let path = fit(&problem, std::slice::from_ref(&input), &options()).remove(0);
    assert!(path.stopped_early && path.points.len() < path.lambdas.len());
    assert_eq!(
        (path.metric, path.training_samples, path.validation_samples),
        (MetricKind::RSquared, 120, 30)
    );
    let best = path.best.unwrap();
    let values: Vec<f64> = path.points.iter().filter_map(|point| point.validation).collect();
    let top = values.iter().copied().fold(0.0, f64::max);
    assert_eq!(path.points[best].validation, Some(top));
    let whole =
        fit(&problem, std::slice::from_ref(&input), &LassoOptions { stopping_lag: None, ..options() });
    assert_eq!(whole[0].points.len(), 30);
    assert_eq!(whole[0].points[..path.points.len()], path.points[..]);

    let again = input.clone().for_refit(&path, best);
    assert!(again.roles.iter().all(|role| *role != Role::Validate));
    let refit = fit(&problem, &[again], &options()).remove(0);
    assert_eq!((refit.points.len(), refit.training_samples), (best + 1, 150));
    assert_eq!(refit.points[best].lambda, path.points[best].lambda);
    assert_ne!(refit.points[best].coefficients, path.points[best].coefficients);
}

#[test]
fn constant_variants_and_excluded_ones_stay_out() {
    let mut cohort = cohort(150, 160, 9);
    // The first variant again, without variation, and the best one left out.
    cohort.columns.push_codes(vec![1; 150]);
    cohort.columns.push_codes(vec![3; 150]);
    let matrix = cohort.matrix();
    let mut problem = LassoProblem::new(&matrix);
    let path = fit(&problem, &[cohort.gaussian("a")], &options()).remove(0);
    let first = path.points.iter().find_map(|point| point.coefficients.first()).unwrap().variant;
    let mut factors = vec![1.0; 162];
    factors[first as usize] = f64::INFINITY;
    problem.penalty_factors = Some(&factors);
    for standardize in [false, true] {
        let options = LassoOptions { standardize, ..options() };
        let path = fit(&problem, &[cohort.gaussian("a")], &options).remove(0);
        let mut variants = path.points.iter().flat_map(|point| point.coefficients.iter().map(|b| b.variant));
        assert!(variants.all(|variant| variant != first && variant < 160));
    }
}
