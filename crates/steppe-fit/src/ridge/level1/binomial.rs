//! Level 1 of a binary trait: ridge logistic regression with the covariates' log odds as offset.

use nalgebra::{DMatrix, DVector};
use rayon::prelude::*;

use super::left_out::parts_without_each;
use super::logistic::{LogisticData, LogisticFit, LogisticProblem, hessian, probability, residuals, weights};
use super::{Level1Fit, Predictors, best, score};
use crate::ridge::design::Design;
use crate::ridge::options::RidgeOptions;
use crate::ridge::traits::{PreparedTrait, TraitProblem};

/// Predicted probabilities stay this far from 0 and 1 in the loss, so that one wrong row does not decide.
const NEAREST: f64 = 1e-6;

/// Models at each penalty, each starting from the one before.
fn path(
    of: &PreparedTrait,
    predictors: &Predictors,
    used: &[bool],
    penalties: &[f64],
    options: &RidgeOptions,
) -> Result<Vec<LogisticFit>, TraitProblem> {
    let columns = &predictors.columns;
    let mut start = DVector::zeros(columns.ncols());
    let mut fits = Vec::with_capacity(penalties.len());
    for penalty in penalties {
        let data = LogisticData { columns, values: &of.values, offset: &of.offset, used, penalty: *penalty };
        let fit = data
            .fit(start, options.newton_steps)
            .map_err(|problem| TraitProblem::Logistic { predictors: "predictions of level 0", problem })?;
        start = fit.coefficients.clone();
        fits.push(fit);
    }
    Ok(fits)
}

fn pair(eta: f64, value: f64) -> (f64, f64) {
    (probability(eta).clamp(NEAREST, 1.0 - NEAREST), value)
}

/// Each fold's rows are predicted by the model of the other folds' rows.
pub(super) fn folds(
    design: &Design,
    of: &PreparedTrait,
    predictors: &Predictors,
    penalties: &[f64],
    options: &RidgeOptions,
) -> Result<Level1Fit, TraitProblem> {
    let models: Result<Vec<Vec<LogisticFit>>, TraitProblem> = design
        .ranges
        .par_iter()
        .map(|rows| {
            let used: Vec<bool> =
                of.counted.iter().enumerate().map(|(row, counts)| *counts && !rows.contains(&row)).collect();
            path(of, predictors, &used, penalties, options)
        })
        .collect();
    let models = models?;
    let scores: Vec<_> = penalties
        .iter()
        .enumerate()
        .map(|(at, penalty)| {
            let rows = design
                .ranges
                .iter()
                .zip(&models)
                .flat_map(|(rows, fits)| rows.clone().map(|row| (row, fits[at].linear_predictor[row])));
            let pairs: Vec<(f64, f64)> = rows
                .filter(|(row, _)| of.counted[*row])
                .map(|(row, eta)| pair(eta, of.values[row]))
                .collect();
            score(options.level1_shares[at], *penalty, &pairs, true)
        })
        .collect();
    let chosen = best(&scores);
    let coefficients: Vec<DVector<f64>> =
        models.into_iter().map(|mut fits| fits.swap_remove(chosen).coefficients).collect();
    Ok(Level1Fit::of_folds(design, predictors, scores, chosen, coefficients))
}

/// Each row is predicted by the model of all other rows, one Newton step from the model of all.
pub(super) fn leave_one_out(
    of: &PreparedTrait,
    predictors: &Predictors,
    penalties: &[f64],
    options: &RidgeOptions,
) -> Result<Level1Fit, TraitProblem> {
    let fits = path(of, predictors, &of.counted, penalties, options)?;
    let mut scores = Vec::with_capacity(fits.len());
    for ((fit, penalty), share) in fits.iter().zip(penalties).zip(&options.level1_shares) {
        let parts = parts(of, predictors, fit, *penalty)?;
        let pairs: Vec<(f64, f64)> = (0..parts.nrows())
            .filter(|row| of.counted[*row])
            .map(|row| pair(of.offset[row] + parts.row(row).sum(), of.values[row]))
            .collect();
        scores.push(score(*share, *penalty, &pairs, true));
    }
    let chosen = best(&scores);
    let parts = parts(of, predictors, &fits[chosen], penalties[chosen])?;
    Ok(Level1Fit { scores, chosen, coefficients: vec![fits[chosen].coefficients.clone()], parts })
}

fn parts(
    of: &PreparedTrait,
    predictors: &Predictors,
    fit: &LogisticFit,
    penalty: f64,
) -> Result<DMatrix<f64>, TraitProblem> {
    let weight = weights(&fit.linear_predictor, &of.counted);
    let left = residuals(&fit.linear_predictor, &of.values, &of.counted);
    let singular = || TraitProblem::Logistic {
        predictors: "predictions of level 0",
        problem: LogisticProblem::Singular,
    };
    let factor = hessian(&predictors.columns, &weight, penalty).ok_or_else(singular)?;
    Ok(parts_without_each(predictors, &factor, &fit.coefficients, &left, &weight)?)
}
