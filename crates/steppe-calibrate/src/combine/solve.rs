//! Weights for one penalty: ridge towards a direction, with or without the bound at zero.

use nalgebra::{DMatrix, DVector};

use super::stack::Family;
use crate::{
    CalibrateError,
    gaussian::inverse,
    portable::{logistic, softplus},
};

const MOST_STEPS: usize = 200;
const TOLERANCE: f64 = 1e-10;
/// Keeps collinear columns apart; the same for all penalties, and far below the smallest.
const JITTER: f64 = 1e-8;

/// What is minimised: loss / n + ½·λ·‖(I − ππᵀ)·w‖², w ≥ 0 where asked. Columns: one, covariates, scores.
pub(super) struct Problem<'a> {
    pub(super) design: &'a DMatrix<f64>,
    pub(super) response: &'a DVector<f64>,
    pub(super) family: Family,
    /// The first column that is a score.
    pub(super) first_score: usize,
    /// A direction of unit length.
    pub(super) direction: &'a DVector<f64>,
    pub(super) non_negative: bool,
}

impl Problem<'_> {
    /// Coefficients of all columns for a penalty.
    pub(super) fn solve(&self, lambda: f64) -> Result<DVector<f64>, CalibrateError> {
        let penalty = self.penalty(lambda);
        match self.family {
            Family::Quantitative => {
                let weights = DVector::from_element(self.response.len(), 1.0);
                self.quadratic(&weights, self.response, &penalty, DVector::zeros(self.design.ncols()))
            }
            Family::Binary => self.newton(&penalty),
        }
    }

    fn penalty(&self, lambda: f64) -> DMatrix<f64> {
        let scores = self.direction.len();
        let away = DMatrix::identity(scores, scores) - self.direction * self.direction.transpose();
        let mut penalty = DMatrix::identity(self.design.ncols(), self.design.ncols()) * JITTER;
        let mut own = penalty.view_mut((self.first_score, self.first_score), (scores, scores));
        own += away * lambda;
        penalty
    }

    /// Iteratively reweighted least squares with halved steps.
    fn newton(&self, penalty: &DMatrix<f64>) -> Result<DVector<f64>, CalibrateError> {
        let mut at = DVector::zeros(self.design.ncols());
        let mut value = self.binary_objective(&at, penalty);
        for _ in 0..MOST_STEPS {
            let eta = self.design * &at;
            let probability = eta.map(logistic);
            let weights = probability.map(|p| (p * (1.0 - p)).max(1e-9));
            let working = DVector::from_fn(eta.len(), |row, _| {
                eta[row] + (self.response[row] - probability[row]) / weights[row]
            });
            let target = self.quadratic(&weights, &working, penalty, at.clone())?;
            let mut length = 1.0;
            loop {
                let next = &at + (&target - &at) * length;
                let reached = self.binary_objective(&next, penalty);
                if reached <= value || length < 1e-9 {
                    let gain = value - reached;
                    (at, value) = (next, reached);
                    if gain < TOLERANCE {
                        return Ok(at);
                    }
                    break;
                }
                length *= 0.5;
            }
        }
        Err(CalibrateError::NotConverged { what: "the weights of the scores", steps: MOST_STEPS })
    }

    fn binary_objective(&self, at: &DVector<f64>, penalty: &DMatrix<f64>) -> f64 {
        let eta = self.design * at;
        let loss: f64 = eta.iter().zip(self.response.iter()).map(|(e, y)| softplus(*e) - y * e).sum();
        loss / self.response.len() as f64 + 0.5 * at.dot(&(penalty * at))
    }

    /// The minimum of the weighted squares and the penalty; with the bound, by coordinate descent from `start`.
    fn quadratic(
        &self,
        weights: &DVector<f64>,
        response: &DVector<f64>,
        penalty: &DMatrix<f64>,
        start: DVector<f64>,
    ) -> Result<DVector<f64>, CalibrateError> {
        let (mut matrix, mut right) = crate::heteroscedastic::weighted(self.design, weights, response);
        let n = response.len() as f64;
        matrix /= n;
        right /= n;
        matrix += penalty;
        if !self.non_negative {
            return Ok(inverse(matrix, "the cross product of the scores")?.0 * right);
        }
        let mut at = start;
        for _ in 0..100 * MOST_STEPS {
            let mut change: f64 = 0.0;
            for column in 0..at.len() {
                let rest = right[column] - matrix.row(column).transpose().dot(&at);
                let mut next = at[column] + rest / matrix[(column, column)];
                if column >= self.first_score {
                    next = next.max(0.0);
                }
                change = change.max((next - at[column]).abs());
                at[column] = next;
            }
            if change < TOLERANCE {
                return Ok(at);
            }
        }
        Err(CalibrateError::NotConverged {
            what: "the non-negative weights of the scores",
            steps: 100 * MOST_STEPS,
        })
    }
}
