//! A fit stopped after any checkpoint goes on to the same bits.

use steppe_fit::{
    FitError,
    lasso::{Checkpoint, LambdaPath, LassoOptions, LassoPath, LassoProblem, Populations, Trait, fit_lasso},
};

use super::lasso_support::{Recorder, cohort};

fn options() -> LassoOptions {
    LassoOptions {
        lambdas: LambdaPath::Auto { count: 14, ratio: Some(0.1) },
        strong_size: 15,
        batch: 3,
        stopping_lag: None,
        ..LassoOptions::default()
    }
}

fn paths(outcome: Vec<Result<LassoPath, FitError>>) -> Vec<LassoPath> {
    outcome.into_iter().map(|path| path.expect("the trait fits")).collect()
}

fn stopped_everywhere(problem: &LassoProblem<'_>, traits: &[Trait], options: &LassoOptions) {
    let mut recorder = Recorder::default();
    let whole = paths(fit_lasso(problem, traits, options, None, &mut recorder).unwrap());
    let rounds = recorder.kept.len();
    assert!(rounds >= 4, "{rounds} checkpoints");
    for after in 1..rounds {
        let mut stopped = Recorder { stop_after: Some(after), ..Recorder::default() };
        let outcome = fit_lasso(problem, traits, options, None, &mut stopped);
        assert!(matches!(outcome, Err(FitError::Cancelled)), "stopped after {after}");
        // Through the text that a caller keeps.
        let text = serde_json::to_string(stopped.kept.last().unwrap()).unwrap();
        let checkpoint: Checkpoint = serde_json::from_str(&text).unwrap();
        assert_eq!(checkpoint, recorder.kept[after - 1]);
        let mut rest = Recorder::default();
        let resumed = paths(fit_lasso(problem, traits, options, Some(&checkpoint), &mut rest).unwrap());
        assert_eq!(resumed, whole, "resumed after {after} of {rounds}");
        assert!(rest.lambdas.len() < recorder.lambdas.len(), "nothing was saved");
        assert_eq!(rest.kept.last(), recorder.kept.last());
    }
}

#[test]
fn each_family_alone() {
    let cohort = cohort(160, 200, 3);
    let matrix = cohort.matrix();
    for input in [cohort.gaussian("a"), cohort.binomial("b"), cohort.cox("c")] {
        stopped_everywhere(&LassoProblem::new(&matrix), &[input], &options());
    }
}

#[test]
fn several_traits_with_covariates_and_weights() {
    let cohort = cohort(160, 200, 3);
    let matrix = cohort.matrix();
    let weights: Vec<f64> = cohort.noise.iter().map(|noise| 0.1 + noise.abs()).collect();
    let gaussian = Trait { covariates: cohort.covariates.clone(), weights, ..cohort.gaussian("a") };
    // Traits whose batches end in different rounds.
    let inputs = [gaussian, cohort.binomial("b"), cohort.cox("c"), cohort.gaussian("d")];
    let options = LassoOptions { alpha: 0.7, standardize: true, ..options() };
    stopped_everywhere(&LassoProblem::new(&matrix), &inputs, &options);
    // And without Gram matrices, or with too small a limit for the end of the path.
    stopped_everywhere(&LassoProblem::new(&matrix), &inputs, &LassoOptions { gram_limit: 30, ..options });
}

#[test]
fn populations_and_unpenalised_variants() {
    let cohort = cohort(160, 200, 3);
    let matrix = cohort.matrix();
    let of: Vec<u32> = (0..160).map(|sample| u32::from(sample % 3 == 0)).collect();
    let mut factors = vec![1.0; 200];
    (factors[10], factors[50]) = (0.0, f64::INFINITY);
    let mut problem = LassoProblem::new(&matrix);
    problem.penalty_factors = Some(&factors);
    problem.populations = Some(Populations { of: &of, count: 2, factor: 1.5 });
    stopped_everywhere(&problem, &[cohort.gaussian("a")], &options());
}

#[test]
fn another_fits_checkpoint_is_refused() {
    let cohort = cohort(160, 200, 3);
    let matrix = cohort.matrix();
    let problem = LassoProblem::new(&matrix);
    let mut recorder = Recorder::default();
    fit_lasso(&problem, &[cohort.gaussian("a")], &options(), None, &mut recorder).unwrap();
    let outcome =
        fit_lasso(&problem, &[cohort.gaussian("other")], &options(), recorder.kept.first(), &mut ());
    assert!(matches!(outcome, Err(FitError::CheckpointMismatch { .. })));
}
