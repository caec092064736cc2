//! Z_norm1: the residual of a regression on principal components.

use nalgebra::{DMatrix, DVector};
use serde::{Deserialize, Serialize};
use steppe_stats::linear_algebra::gram;

use super::{AdjustedScore, ComponentScale, Expectation};
use crate::{
    CalibrateError,
    gaussian::{all_finite, inverse, mean_and_sd, same_length, varies},
    portable::{dot, quadratic},
};

/// Least squares of the score on components among the reference: pgscatalog-utils' `mean` normalisation.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LinearAdjustment {
    /// How components are scaled.
    pub scale: ComponentScale,
    /// Intercept, then an effect for each component.
    pub coefficients: Vec<f64>,
    /// (XᵀX)⁻¹ of the reference: xᵀ·this·x is a person's leverage.
    pub leverage: DMatrix<f64>,
    /// The largest leverage among the reference.
    pub largest_leverage: f64,
    /// Standard deviation of the reference's residuals (divided by n).
    pub residual_sd: f64,
    /// Reference people.
    pub people: usize,
}

impl LinearAdjustment {
    /// Fits the reference's scores on the first `components` columns of its components (people x components).
    ///
    /// # Errors
    /// As [`ComponentScale::new`]; a constant score; values that are not finite.
    pub fn fit(scores: &[f64], pcs: &DMatrix<f64>, components: usize) -> Result<Self, CalibrateError> {
        let scale = ComponentScale::new(pcs, components)?;
        let (design, response) = regression(scores, pcs, &scale)?;
        let (leverage, _) = inverse(gram(&design), "the cross product of the components")?;
        let coefficients = &leverage * design.tr_mul(&response);
        let residuals = &response - &design * &coefficients;
        let (_, residual_sd) = mean_and_sd(residuals.as_slice());
        let largest_leverage = largest(&design, &leverage);
        let coefficients = coefficients.as_slice().to_vec();
        Ok(Self { scale, coefficients, leverage, largest_leverage, residual_sd, people: scores.len() })
    }

    /// One person's Z_norm1.
    ///
    /// # Errors
    /// As [`ComponentScale::apply`].
    pub fn apply(&self, score: f64, pcs: &[f64]) -> Result<AdjustedScore, CalibrateError> {
        let x = with_one(self.scale.apply(pcs)?);
        let leverage = quadratic(&self.leverage, &x);
        let freedom = self.people.saturating_sub(x.len()).max(1) as f64;
        let at = Expectation {
            mean: dot(&self.coefficients, &x),
            sd: self.residual_sd,
            mean_error: leverage,
            log_variance_error: 2.0 / freedom,
        };
        Ok(AdjustedScore::new(score, &at, leverage > self.largest_leverage))
    }
}

/// Design and response of the reference, checked.
pub(super) fn regression(
    scores: &[f64],
    pcs: &DMatrix<f64>,
    scale: &ComponentScale,
) -> Result<(DMatrix<f64>, DVector<f64>), CalibrateError> {
    same_length(scores.len(), pcs.nrows(), "scores of the reference")?;
    all_finite(scores, "reference scores")?;
    let (mean, sd) = mean_and_sd(scores);
    if !varies(mean, sd) {
        return Err(CalibrateError::Constant { what: "the score", people: scores.len() });
    }
    Ok((scale.design(pcs), DVector::from_column_slice(scores)))
}

/// The largest xᵀ·A·x over the rows.
pub(super) fn largest(design: &DMatrix<f64>, matrix: &DMatrix<f64>) -> f64 {
    let row = |index| design.row(index).iter().copied().collect::<Vec<f64>>();
    (0..design.nrows()).map(|index| quadratic(matrix, &row(index))).fold(0.0, f64::max)
}

/// A leading one.
pub(super) fn with_one(mut components: Vec<f64>) -> Vec<f64> {
    components.insert(0, 1.0);
    components
}
