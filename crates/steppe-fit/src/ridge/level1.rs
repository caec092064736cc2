//! Level 1: one ridge for each trait on the predictions of level 0, its penalty chosen by cross-validation.

mod binomial;
mod gaussian;
mod left_out;
pub(super) mod logistic;

use std::ops::Range;

use nalgebra::{DMatrix, DVector};

use super::design::Design;
use super::options::{RidgeFamily, RidgeOptions, penalties};
use super::traits::{PreparedTrait, TraitProblem};

/// How well one penalty of level 1 predicts samples that were left out.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PenaltyScore {
    /// Share of the variance explained that the penalty stands for.
    pub share: f64,
    /// The penalty.
    pub penalty: f64,
    /// Squared correlation of predicted and true: residual traits, or probabilities and classes.
    pub r_squared: f64,
    /// Mean squared error, in units of the residual trait's variance, or of probabilities (Brier score).
    pub mean_squared_error: f64,
    /// Mean negative log-likelihood of a binary trait.
    pub mean_log_loss: Option<f64>,
}

impl PenaltyScore {
    fn loss(&self) -> f64 {
        self.mean_log_loss.unwrap_or(self.mean_squared_error)
    }
}

/// Level 1 of one trait.
pub(super) struct Level1Fit {
    /// A score for each penalty.
    pub scores: Vec<PenaltyScore>,
    /// The penalty that predicts best.
    pub chosen: usize,
    /// Coefficients of each model at that penalty.
    pub coefficients: Vec<DVector<f64>>,
    /// Each chromosome's part of the prediction of each row by a model that did not see it, rows x chromosomes.
    pub parts: DMatrix<f64>,
}

impl Level1Fit {
    /// The fit of folds, from the model of each at the chosen penalty.
    fn of_folds(
        design: &Design,
        predictors: &Predictors,
        scores: Vec<PenaltyScore>,
        chosen: usize,
        coefficients: Vec<DVector<f64>>,
    ) -> Self {
        let mut parts = DMatrix::zeros(design.rows(), predictors.of_chromosome.len());
        for (rows, model) in design.ranges.iter().zip(&coefficients) {
            parts_by_chromosome(predictors, rows, model, &mut parts);
        }
        Self { scores, chosen, coefficients, parts }
    }
}

/// Predictors of one trait: standardised predictions of level 0, rows x (block, ridge), and the columns of each
/// chromosome.
pub(super) struct Predictors {
    pub columns: DMatrix<f64>,
    pub of_chromosome: Vec<Range<usize>>,
}

/// Fits level 1 of a trait.
pub(super) fn fit(
    design: &Design,
    of: &PreparedTrait,
    predictors: &Predictors,
    options: &RidgeOptions,
) -> Result<Level1Fit, TraitProblem> {
    let varying = predictors.columns.column_iter().filter(|column| column.iter().any(|v| *v != 0.0)).count();
    if varying == 0 {
        return Err(TraitProblem::NoPredictors);
    }
    let mut penalties = penalties(varying, &options.level1_shares);
    match (of.family, design.leave_one_out) {
        (RidgeFamily::Gaussian, false) => gaussian::folds(design, of, predictors, &penalties, options),
        (RidgeFamily::Gaussian, true) => gaussian::leave_one_out(of, predictors, &penalties, options),
        (RidgeFamily::Binomial, leave_one_out) => {
            // The variance of the logistic distribution takes the place of the residual variance of 1.
            penalties.iter_mut().for_each(|penalty| *penalty *= 3.0 / std::f64::consts::PI.powi(2));
            if leave_one_out {
                binomial::leave_one_out(of, predictors, &penalties, options)
            } else {
                binomial::folds(design, of, predictors, &penalties, options)
            }
        }
    }
}

/// The first of the smallest losses.
fn best(scores: &[PenaltyScore]) -> usize {
    let mut best = 0;
    for (index, score) in scores.iter().enumerate() {
        if score.loss() < scores[best].loss() {
            best = index;
        }
    }
    best
}

/// Scores of one penalty from predicted and true values of the rows that count.
fn score(share: f64, penalty: f64, pairs: &[(f64, f64)], binary: bool) -> PenaltyScore {
    let count = pairs.len() as f64;
    let mean =
        |value: &dyn Fn(f64, f64) -> f64| pairs.iter().map(|(p, y)| value(*p, *y)).sum::<f64>() / count;
    let (mean_p, mean_y) = (mean(&|p, _| p), mean(&|_, y| y));
    let covariance = mean(&|p, y| (p - mean_p) * (y - mean_y));
    let (var_p, var_y) = (mean(&|p, _| (p - mean_p).powi(2)), mean(&|_, y| (y - mean_y).powi(2)));
    let r_squared = if var_p > 0.0 && var_y > 0.0 { covariance * covariance / (var_p * var_y) } else { 0.0 };
    PenaltyScore {
        share,
        penalty,
        r_squared,
        mean_squared_error: mean(&|p, y| (p - y).powi(2)),
        mean_log_loss: binary.then(|| mean(&|p, y| -(if y == 1.0 { p } else { 1.0 - p }).ln())),
    }
}

/// Each chromosome's part of the prediction of some rows, by one model.
fn parts_by_chromosome(
    predictors: &Predictors,
    rows: &Range<usize>,
    coefficients: &DVector<f64>,
    into: &mut DMatrix<f64>,
) {
    for (chromosome, columns) in predictors.of_chromosome.iter().enumerate() {
        let block = predictors.columns.view((rows.start, columns.start), (rows.len(), columns.len()));
        let part = block * coefficients.rows(columns.start, columns.len());
        into.view_mut((rows.start, chromosome), (rows.len(), 1)).copy_from(&part);
    }
}
