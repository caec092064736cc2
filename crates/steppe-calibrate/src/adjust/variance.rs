//! Z_norm2: mean and log variance linear in principal components, by maximum likelihood.

use nalgebra::{DMatrix, DVector};
use serde::{Deserialize, Serialize};
use steppe_stats::linear_algebra::gram;

use super::{
    AdjustedScore, ComponentScale, Expectation,
    linear::{largest, regression, with_one},
};
use crate::{
    CalibrateError,
    gaussian::{Coefficients, inverse, mean_and_sd},
    heteroscedastic::{bounded, variance_given_squares, weighted},
    portable::{exp, quadratic},
};

const MOST_STEPS: usize = 1000;
const TOLERANCE: f64 = 1e-9;

/// Joint maximum likelihood of S ~ N(α₀ + α·PC, exp(β₀ + β·PC)) among the reference: pgscatalog-utils' `mean+var`
/// normalisation, the model of Khera et al. 2019 and of eMERGE (Linder et al. 2023).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct VarianceAdjustment {
    /// How components are scaled.
    pub scale: ComponentScale,
    /// Coefficients of the mean, in the score's units.
    pub mean: Coefficients,
    /// Coefficients of the log variance.
    pub log_variance: Coefficients,
    /// (XᵀX)⁻¹ of the reference.
    pub leverage: DMatrix<f64>,
    /// The largest leverage among the reference.
    pub largest_leverage: f64,
}

impl VarianceAdjustment {
    /// Fits the reference's scores on the first `components` columns of its components (people x components).
    ///
    /// # Errors
    /// As [`super::LinearAdjustment::fit`].
    pub fn fit(scores: &[f64], pcs: &DMatrix<f64>, components: usize) -> Result<Self, CalibrateError> {
        let scale = ComponentScale::new(pcs, components)?;
        let (design, mut response) = regression(scores, pcs, &scale)?;
        // In standard deviations, so that the tolerance means the same for every score.
        let (centre, unit) = mean_and_sd(scores);
        response.apply(|value| *value = (*value - centre) / unit);
        let (leverage, _) = inverse(gram(&design), "the cross product of the components")?;
        let (mut mean, mut log_variance) = maximise(&design, &response)?;
        mean.mean *= unit;
        mean.mean[0] += centre;
        mean.covariance *= unit * unit;
        log_variance.mean[0] += 2.0 * unit.ln();
        let largest_leverage = largest(&design, &leverage);
        Ok(Self { scale, mean, log_variance, leverage, largest_leverage })
    }

    /// One person's Z_norm2.
    ///
    /// # Errors
    /// As [`ComponentScale::apply`].
    pub fn apply(&self, score: f64, pcs: &[f64]) -> Result<AdjustedScore, CalibrateError> {
        let x = with_one(self.scale.apply(pcs)?);
        let sd = exp(0.5 * self.log_variance.at(&x));
        let at = Expectation {
            mean: self.mean.at(&x),
            sd,
            mean_error: self.mean.variance_at(&x) / (sd * sd),
            log_variance_error: self.log_variance.variance_at(&x),
        };
        let leverage = quadratic(&self.leverage, &x);
        Ok(AdjustedScore::new(score, &at, leverage > self.largest_leverage))
    }
}

/// Alternates the two blocks of coefficients, each at its maximum given the other's; the likelihood's cross information
/// is zero, so the inverses of the blocks are the covariances.
fn maximise(
    design: &DMatrix<f64>,
    response: &DVector<f64>,
) -> Result<(Coefficients, Coefficients), CalibrateError> {
    let size = design.ncols();
    let (none, zero) = (DMatrix::zeros(size, size), DVector::zeros(size));
    let mut gamma = DVector::zeros(size);
    let mut last = DVector::from_element(size, f64::INFINITY);
    for _ in 0..MOST_STEPS {
        let weights = bounded(&(design * &gamma)).map(|value| (-value).exp());
        let (information, right) = weighted(design, &weights, response);
        let (covariance, _) = inverse(information, "the information of the mean")?;
        let beta = Coefficients { mean: &covariance * right, covariance };
        let squares = (response - design * &beta.mean).map(|value| value * value);
        let spread = variance_given_squares(design, &squares, &zero, &none, gamma)?;
        gamma = spread.mean.clone();
        let change = (&beta.mean - &last).amax();
        last = beta.mean.clone();
        if change < TOLERANCE {
            return Ok((beta, spread));
        }
    }
    Err(CalibrateError::NotConverged { what: "the maximum of the likelihood", steps: MOST_STEPS })
}
