//! Lambda by cross-validation, against the definition: folds fitted one by one with the solver itself.

use std::path::Path;

use steppe_fit::lasso::{LassoOptions, LassoProblem, Role, Trait, fit_lasso};
use steppe_fitjob::{FitOptions, Model, Part, SamplePlan, SplitOption, Stage};

use super::support::{Cohort, Stream, Watcher, file, small_cohort};

const FOLDS: usize = 4;

fn lab(folder: &Path) -> (Cohort, FitOptions) {
    let (cohort, score) = small_cohort(260, 90, 23);
    let mut stream = Stream::new(29);
    let mut text = "#FID\tIID\tqt\tcc\n".to_owned();
    for (sample, score) in score.iter().enumerate() {
        let qt = score + 1.5 * stream.normal();
        text.push_str(&format!("f{sample}\ts{sample}\t{qt}\t{}\n", 1 + u8::from(qt > 7.5)));
    }
    let mut options = FitOptions::new(file(folder, "pheno.tsv", &text));
    options.split = SplitOption::Folds(FOLDS);
    options.path.lambdas = 20;
    options.path.ratio = Some(0.05);
    options.path.early_stopping = false;
    (cohort, options)
}

#[test]
fn equals_folds_fitted_one_by_one() {
    let folder = tempfile::tempdir().expect("a folder");
    let (cohort, mut options) = lab(folder.path());
    options.input.phenotypes.traits = vec!["qt".to_owned()];
    let plan = SamplePlan::read(&options, &cohort.samples).expect("a plan");
    let mut watcher = Watcher::default();
    let report = cohort.fit_plan(&plan, &folder.path().join("fit"), &mut watcher).expect("the job runs");
    assert_eq!(watcher.stages, [(Stage::Scale, 1), (Stage::Folds, FOLDS), (Stage::Refit, 1)]);
    let of = &plan.traits[0];
    let folds = of.folds.as_ref().expect("folds");
    let matrix = cohort.matrix(&plan);
    let text = std::fs::read_to_string(folder.path().join("fit/lambdas.tsv")).expect("a table");
    let rows: Vec<Vec<String>> =
        text.lines().skip(1).map(|line| line.split('\t').map(str::to_owned).collect()).collect();
    let number = |row: &[String], at: usize| row[at].parse::<f64>().ok();
    let lambdas: Vec<f64> = rows.iter().map(|row| number(row, 2).expect("a lambda")).collect();
    assert_eq!(lambdas.len(), 20);
    assert!((lambdas[19] / lambdas[0] - 0.05).abs() < 1e-12);
    let input = |role: &dyn Fn(usize) -> Role| Trait {
        name: "qt".to_owned(),
        response: of.response.clone(),
        weights: Vec::new(),
        roles: (0..260).map(role).collect(),
        covariates: nalgebra::DMatrix::zeros(260, 0),
        lambdas: Some(lambdas.clone()),
    };
    let problem = LassoProblem::new(&matrix);
    let solve = |input: Trait| {
        let lasso = LassoOptions { stopping_lag: None, ..LassoOptions::default() };
        let mut paths = fit_lasso(&problem, &[input], &lasso, None, &mut ()).expect("the fit runs");
        paths.remove(0).expect("the trait fits")
    };
    let paths: Vec<_> = (0..FOLDS as u32)
        .map(|fold| {
            assert_eq!(folds.iter().filter(|of| **of == fold).count(), 65);
            solve(input(&|s| if folds[s] == fold { Role::Validate } else { Role::Train }))
        })
        .collect();
    let mean = |at: usize| -> Option<f64> {
        let values: Option<Vec<f64>> = paths.iter().map(|path| path.points[at].validation).collect();
        values.map(|values| values.iter().sum::<f64>() / FOLDS as f64)
    };
    for (at, row) in rows.iter().enumerate() {
        match (number(row, 6), mean(at)) {
            (Some(found), Some(expected)) => assert!((found - expected).abs() < 1e-4, "{found} {expected}"),
            (found, expected) => assert_eq!(found, expected),
        }
    }
    let better =
        |best: Option<usize>, at: usize| if mean(at) > best.and_then(mean) { Some(at) } else { best };
    let best = (0..20).fold(None, better).expect("a best");
    let record = &report.record.traits[0];
    assert!((record.lambda.expect("a lambda") / lambdas[best] - 1.0).abs() < 1e-12);
    let one_se = record.lambda_1se.expect("a lambda");
    assert!(one_se >= lambdas[best]);
    // The final model is the fit on all at that lambda.
    let all = solve(input(&|_| Role::Train));
    let score = std::fs::read_to_string(folder.path().join("fit/qt.score.txt")).expect("a score");
    let weights: Vec<f64> = score
        .lines()
        .filter(|line| line.starts_with("rs") && !line.starts_with("rsID"))
        .map(|line| line.split('\t').nth(5).expect("a cell").parse().expect("a weight"))
        .collect();
    let norm = all.points[best].coefficients.iter().map(|of| of.effect.abs()).sum::<f64>();
    let found = weights.iter().map(|weight| weight.abs()).sum::<f64>();
    assert!((found / norm - 1.0).abs() < 0.01, "{found} {norm}");
    out_of_fold(
        &report,
        &paths.iter().map(|path| &path.points[best]).collect::<Vec<_>>(),
        folds,
        &matrix,
        of,
    );
}

/// The metric of the folds is that of every sample's prediction by the models that did not see it.
fn out_of_fold(
    report: &steppe_fitjob::FitReport,
    points: &[&steppe_fit::lasso::PathPoint],
    folds: &[u32],
    matrix: &dyn steppe_fit::GenotypeMatrix,
    of: &steppe_fitjob::TraitPlan,
) {
    let columns: Vec<Vec<(u32, f64)>> = points
        .iter()
        .map(|point| point.coefficients.iter().map(|c| (c.variant, c.effect)).collect())
        .collect();
    let forward = matrix.forward(&columns).expect("a pass");
    let predicted: Vec<f64> = folds
        .iter()
        .enumerate()
        .map(|(s, fold)| points[*fold as usize].intercept + forward[*fold as usize][s])
        .collect();
    let steppe_fit::lasso::Response::Gaussian(y) = &of.response else { panic!("gaussian") };
    let expected = steppe_stats::metrics::r_squared(y, &predicted).expect("defined");
    let row = report.metrics.iter().find(|row| row.model == Model::Folds).expect("a row");
    assert_eq!((row.part, row.samples), (Part::Validation, 260));
    assert!((row.value.expect("a value") - expected).abs() < 1e-4);
    assert!(report.metrics.iter().any(|row| row.model == Model::Refit && row.part == Part::Train));
}

#[test]
fn folds_have_cases_and_controls_alike() {
    let folder = tempfile::tempdir().expect("a folder");
    let (cohort, mut options) = lab(folder.path());
    let plan = SamplePlan::read(&options, &cohort.samples).expect("a plan");
    let of = plan.traits.iter().find(|of| of.name == "cc").expect("a trait");
    let steppe_fit::lasso::Response::Binomial(y) = &of.response else { panic!("binomial") };
    let folds = of.folds.as_ref().expect("folds");
    let count = |want: f64, fold: u32| (0..260).filter(|s| y[*s] == want && folds[*s] == fold).count();
    for want in [0.0, 1.0] {
        let counts: Vec<usize> = (0..FOLDS as u32).map(|fold| count(want, fold)).collect();
        let spread = counts.iter().max().expect("some") - counts.iter().min().expect("some");
        assert!(spread <= 1 && counts[0] > 0, "{counts:?}");
    }
    // Another seed draws other folds, the same seed the same.
    let again = SamplePlan::read(&options, &cohort.samples).expect("a plan");
    assert_eq!(again.traits[0].folds, plan.traits[0].folds);
    options.seed = 2;
    let other = SamplePlan::read(&options, &cohort.samples).expect("a plan");
    assert_ne!(other.traits[0].folds, plan.traits[0].folds);
    // With early stopping the best is still found among the lambdas that all folds reached.
    options.path.early_stopping = true;
    let report = cohort.fit(&options, &folder.path().join("fit"), &mut ()).expect("the job runs");
    assert!(report.record.traits.iter().all(|of| of.problem.is_none() && of.lambda.is_some()));
}
