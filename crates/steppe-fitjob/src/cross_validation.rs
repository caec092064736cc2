//! Lambda by cross-validation, as `cv.glmnet`: the lambdas are those of the fit on all samples, each fold's path is fitted
//! on the others, and the lambda of the best mean metric is fitted on all.
//!
//! All folds share the matrix, so that the means that missing calls count as, and the frequencies that variants are
//! filtered by, are those of all training samples. Neither sees a phenotype.

use steppe_engine::EngineError;
use steppe_fit::{
    FitError,
    lasso::{LambdaPath, LassoOptions, LassoPath, Role, Trait},
};

use super::{
    SamplePlan, Stage, TraitPlan,
    solve::{Curve, Fitted, Outcomes, Solver, selection_trait, without_name},
};

/// A fold's path ends later than one that is alone: the mean over folds has its best elsewhere.
const FOLD_LAG: usize = 5;

/// glmnet's default ratios of the last lambda to the first: fewer samples than variants, or not.
const RATIOS: (f64, f64) = (0.01, 1e-4);

/// A trait on its way through the stages.
struct Candidate {
    at: usize,
    input: Trait,
    folds: Vec<LassoPath>,
    curve: Option<(Curve, usize)>,
}

/// Chooses a lambda for each trait that can be fitted.
pub(super) fn choose(solver: &mut Solver<'_>, folds: usize) -> Result<Outcomes, EngineError> {
    let plan = solver.plan;
    let mut failed: Vec<(usize, String)> = Vec::new();
    let mut candidates = scale(solver, &mut failed)?;
    let traits: Vec<Trait> = candidates
        .iter()
        .flat_map(|candidate| (0..folds).map(|fold| fold_trait(plan, candidate, fold as u32)))
        .collect();
    let lag = plan.options.path.early_stopping.then_some(FOLD_LAG);
    let mut paths = solver.fit(Stage::Folds, &traits, &solver.options(lag))?.into_iter();
    for candidate in &mut candidates {
        let outcome: Result<Vec<LassoPath>, FitError> = paths.by_ref().take(folds).collect();
        let chosen = outcome.map_err(|error| without_name(&error)).and_then(|folds| {
            candidate.curve = Some(best(&folds)?);
            candidate.folds = folds;
            Ok(())
        });
        if let Err(problem) = chosen {
            failed.push((candidate.at, problem));
        }
    }
    candidates.retain(|candidate| candidate.curve.is_some());
    note_open_ends(solver, &candidates);
    finish(solver, candidates, failed)
}

/// Sets every trait's lambdas by its largest.
fn scale(solver: &mut Solver<'_>, failed: &mut Vec<(usize, String)>) -> Result<Vec<Candidate>, EngineError> {
    let plan = solver.plan;
    let places: Vec<usize> = solver.fitted().map(|(at, _)| at).collect();
    let traits: Vec<Trait> = solver.fitted().map(|(_, of)| selection_trait(plan, of)).collect();
    let lambdas = LambdaPath::Auto { count: 1, ratio: None };
    let options = LassoOptions { lambdas, ..solver.options(None) };
    let paths = solver.fit(Stage::Scale, &traits, &options)?;
    let mut candidates = Vec::new();
    for ((at, mut input), path) in places.into_iter().zip(traits).zip(paths) {
        match path {
            Ok(path) => {
                input.lambdas = Some(lambdas_of(solver, &path));
                candidates.push(Candidate { at, input, folds: Vec::new(), curve: None });
            }
            Err(error) => failed.push((at, without_name(&error))),
        }
    }
    Ok(candidates)
}

/// The lambdas below a path's first, evenly in the logarithm.
fn lambdas_of(solver: &Solver<'_>, path: &LassoPath) -> Vec<f64> {
    let options = &solver.plan.options.path;
    let specific = solver.plan.options.population.as_ref().is_some_and(|of| of.specific.is_some());
    let populations = solver.plan.groups.as_ref().map_or(0, |groups| groups.names.len());
    let effects = solver.matrix.variants() * if specific { populations + 1 } else { 1 };
    let wide = path.training_samples < effects;
    let ratio = options.ratio.unwrap_or(if wide { RATIOS.0 } else { RATIOS.1 });
    let steps = options.lambdas.saturating_sub(1).max(1) as f64;
    let first = path.lambdas.first().copied().unwrap_or(1.0);
    (0..options.lambdas).map(|k| first * ratio.powf(k as f64 / steps)).collect()
}

fn fold_trait(plan: &SamplePlan, candidate: &Candidate, fold: u32) -> Trait {
    let of: &TraitPlan = &plan.traits[candidate.at];
    let fold_of = |sample: usize| of.folds.as_ref().map_or(u32::MAX, |folds| folds[sample]);
    let mut input =
        plan.solver_trait(of, format!("{} fold {}", of.name, fold + 1), |sample| match fold_of(sample) {
            u32::MAX => Role::Ignore,
            own if own == fold => Role::Validate,
            _ => Role::Train,
        });
    input.lambdas.clone_from(&candidate.input.lambdas);
    input
}

/// The mean metric over folds by lambda, as far as all folds went, and its best.
fn best(folds: &[LassoPath]) -> Result<(Curve, usize), String> {
    let count = folds.len() as f64;
    let common = folds.iter().map(|path| path.points.len()).min().unwrap_or(0);
    let mut curve = Curve { lambdas: Vec::new(), validation: Vec::new(), standard_error: Vec::new() };
    for point in 0..common {
        let values: Option<Vec<f64>> = folds.iter().map(|path| path.points[point].validation).collect();
        let mean = values.as_ref().map(|values| values.iter().sum::<f64>() / count);
        let error = values.zip(mean).map(|(values, mean)| {
            let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
            (squares / (count - 1.0) / count).sqrt()
        });
        curve.lambdas.push(folds[0].points[point].lambda);
        curve.validation.push(mean);
        curve.standard_error.push(error);
    }
    let mut top: Option<(usize, f64)> = None;
    for (at, value) in curve.validation.iter().enumerate() {
        if let Some(value) = value.filter(|value| top.is_none_or(|(_, best)| *value > best)) {
            top = Some((at, value));
        }
    }
    let undefined = "its metric is not defined in all folds at any lambda; use fewer folds";
    top.map(|(at, _)| (curve, at)).ok_or_else(|| undefined.to_owned())
}

/// The first lambda whose metric is within one standard error of the best.
fn one_standard_error(curve: &Curve, best: usize) -> Option<usize> {
    let bound = curve.validation[best]? - curve.standard_error[best]?;
    curve.validation.iter().position(|value| value.is_some_and(|value| value >= bound))
}

/// Says where a fold ended its path while the mean was still rising.
fn note_open_ends(solver: &mut Solver<'_>, candidates: &[Candidate]) {
    for candidate in candidates {
        let Some((curve, chosen)) = &candidate.curve else { continue };
        let planned = candidate.input.lambdas.as_ref().map_or(0, Vec::len);
        if *chosen + 1 == curve.lambdas.len() && curve.lambdas.len() < planned {
            solver.notices.push(format!(
                "trait '{}': the best mean metric is at the last lambda that all folds reached; without early stopping a \
                 smaller one may be better",
                candidate.input.name
            ));
        }
    }
}

/// Fits the chosen lambdas on all samples.
fn finish(
    solver: &mut Solver<'_>,
    mut candidates: Vec<Candidate>,
    failed: Vec<(usize, String)>,
) -> Result<Outcomes, EngineError> {
    for candidate in &mut candidates {
        if let (Some(lambdas), Some((_, chosen))) = (&mut candidate.input.lambdas, &candidate.curve) {
            lambdas.truncate(chosen + 1);
        }
    }
    let traits: Vec<Trait> = candidates.iter().map(|candidate| candidate.input.clone()).collect();
    let paths = solver.fit(Stage::Refit, &traits, &solver.options(None))?;
    let mut outcomes: Outcomes = failed.into_iter().map(|(at, problem)| (at, Err(problem))).collect();
    for (candidate, path) in candidates.into_iter().zip(paths) {
        let Some((curve, chosen)) = candidate.curve else { continue };
        let fitted = path.map_err(|error| without_name(&error)).map(|path| Fitted {
            at: candidate.at,
            one_se: one_standard_error(&curve, chosen),
            curve,
            chosen,
            path,
            refit: None,
            folds: candidate.folds,
        });
        outcomes.push((candidate.at, fitted));
    }
    outcomes.sort_by_key(|(at, _)| *at);
    Ok(outcomes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_largest_lambda_within_one_standard_error() {
        let curve = Curve {
            lambdas: vec![4.0, 3.0, 2.0, 1.0],
            validation: vec![None, Some(0.28), Some(0.30), Some(0.29)],
            standard_error: vec![None, Some(0.01), Some(0.02), Some(0.01)],
        };
        assert_eq!(one_standard_error(&curve, 2), Some(1));
    }
}
