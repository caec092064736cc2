//! What a score adds to covariates, from sums of products alone: sums over a resample give the resample's values.

use crate::linear_algebra::dot;

/// Part of a column's squares below which the columns before it determine it.
const SINGULAR: f64 = 1e-10;

/// An outcome's regression on intercept and covariates.
#[derive(Clone, Debug)]
pub struct NestedModels {
    width: usize,
    /// Lower factor of the columns' products, row-major; rows of columns that others determine are zero.
    lower: Vec<f64>,
    /// The outcome along the orthonormal directions that the factor stands for.
    along: Vec<f64>,
    total: f64,
    left: f64,
}

/// Shares of an outcome's variance, by least squares.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ExplainedVariance {
    /// Of the score alone: the squared correlation.
    pub score: f64,
    /// Of the covariates.
    pub covariates: f64,
    /// Of both together.
    pub full: f64,
    /// Of both, less the covariates'.
    pub incremental: f64,
    /// Share that the score explains of what the covariates leave.
    pub partial: f64,
    /// Change of the outcome for a change of the score by one, at fixed covariates.
    pub coefficient: f64,
}

impl NestedModels {
    /// `products` are those of the columns, of which the first is the intercept (`width` x `width`, row-major, lower
    /// triangle set), `with_outcome` theirs with the outcome, `outcome` the outcome's with itself. Columns should be centred
    /// and scaled, or digits are lost. `None` for a constant outcome, and one that the covariates determine.
    pub fn new(products: &[f64], with_outcome: &[f64], outcome: f64) -> Option<Self> {
        let width = with_outcome.len();
        let mut lower = vec![0.0; width * width];
        for row in 0..width {
            for column in 0..=row {
                let known = dot(
                    &lower[row * width..row * width + column],
                    &lower[column * width..column * width + column],
                );
                let left = products[row * width + column] - known;
                let pivot = lower[column * width + column];
                if column < row {
                    lower[row * width + column] = if pivot > 0.0 { left / pivot } else { 0.0 };
                } else if left > SINGULAR * products[row * width + row] {
                    lower[row * width + row] = left.sqrt();
                }
            }
        }
        let mut this = Self { width, lower, along: Vec::new(), total: 0.0, left: 0.0 };
        this.along = this.along(with_outcome);
        this.total = outcome - this.along.first().map_or(0.0, |mean| mean * mean);
        this.left = outcome - dot(&this.along, &this.along);
        (this.total > SINGULAR * outcome && this.left > SINGULAR * outcome).then_some(this)
    }

    /// Shares for a score, from its products with the columns, the outcome, and itself. `None` for a constant score. A
    /// score that the covariates determine adds 0.
    pub fn explained(
        &self,
        with_columns: &[f64],
        with_outcome: f64,
        with_itself: f64,
    ) -> Option<ExplainedVariance> {
        let along = self.along(with_columns);
        let (mean, outcome_mean) = (along.first().copied()?, self.along.first().copied()?);
        let variance = with_itself - mean * mean;
        if variance.is_nan() || variance <= SINGULAR * with_itself {
            return None;
        }
        let covariance = with_outcome - mean * outcome_mean;
        let left = with_itself - dot(&along, &along);
        let cross = with_outcome - dot(&along, &self.along);
        let coefficient = if left > SINGULAR * variance { cross / left } else { 0.0 };
        let gain = (coefficient * cross).min(self.left);
        let covariates = 1.0 - self.left / self.total;
        Some(ExplainedVariance {
            score: covariance * covariance / (variance * self.total),
            covariates,
            full: covariates + gain / self.total,
            incremental: gain / self.total,
            partial: gain / self.left,
            coefficient,
        })
    }

    /// Share of the covariates alone.
    pub fn covariates(&self) -> f64 {
        1.0 - self.left / self.total
    }

    /// Solves with the lower factor.
    fn along(&self, products: &[f64]) -> Vec<f64> {
        let mut along = vec![0.0; self.width];
        for row in 0..self.width {
            let pivot = self.lower[row * self.width + row];
            if pivot > 0.0 {
                let known = dot(&self.lower[row * self.width..row * self.width + row], &along[..row]);
                along[row] = (products[row] - known) / pivot;
            }
        }
        along
    }
}
