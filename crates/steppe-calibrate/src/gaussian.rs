//! Normal distributions of a few coefficients: posteriors, and what they say of one person.

use nalgebra::{DMatrix, DVector};
use serde::{Deserialize, Serialize};

use crate::{
    CalibrateError,
    portable::{dot, quadratic},
};

/// A multivariate normal distribution of coefficients.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Coefficients {
    /// Posterior means.
    pub mean: DVector<f64>,
    /// Posterior covariances.
    pub covariance: DMatrix<f64>,
}

impl Coefficients {
    /// The mean of xᵀ·coefficients.
    pub(crate) fn at(&self, x: &[f64]) -> f64 {
        dot(self.mean.as_slice(), x)
    }

    /// The variance of xᵀ·coefficients.
    pub(crate) fn variance_at(&self, x: &[f64]) -> f64 {
        quadratic(&self.covariance, x)
    }

    /// One normal with the mean and covariance of a mixture; the weights are logarithms of anything proportional.
    /// `None` for a mixture of nothing.
    pub(crate) fn mixture(parts: &[(f64, Self)]) -> Option<Self> {
        let size = parts.first()?.1.mean.len();
        let weights = normalised(parts.iter().map(|part| part.0));
        let mut mean = DVector::zeros(size);
        for (weight, (_, part)) in weights.iter().zip(parts) {
            mean.axpy(*weight, &part.mean, 1.0);
        }
        let mut covariance = DMatrix::zeros(size, size);
        for (weight, (_, part)) in weights.iter().zip(parts) {
            let away = &part.mean - &mean;
            covariance += (&part.covariance + &away * away.transpose()) * *weight;
        }
        Some(Self { mean, covariance })
    }
}

/// Weights that add up to one, from their logarithms.
pub(crate) fn normalised(logarithms: impl Iterator<Item = f64> + Clone) -> Vec<f64> {
    let top = logarithms.clone().fold(f64::NEG_INFINITY, f64::max);
    let weights: Vec<f64> = logarithms.map(|value| (value - top).exp()).collect();
    let total: f64 = weights.iter().sum();
    weights.iter().map(|weight| weight / total).collect()
}

/// The inverse of a symmetric positive definite matrix, and the logarithm of its determinant (the matrix', not the
/// inverse's).
pub(crate) fn inverse(
    matrix: DMatrix<f64>,
    what: &'static str,
) -> Result<(DMatrix<f64>, f64), CalibrateError> {
    let factor = matrix.cholesky().ok_or(CalibrateError::NotPositiveDefinite { what })?;
    let half: f64 = factor.l_dirty().diagonal().iter().map(|pivot| pivot.ln()).sum();
    Ok((factor.inverse(), 2.0 * half))
}

/// Refuses values that are not finite.
pub(crate) fn all_finite<'a>(
    values: impl IntoIterator<Item = &'a f64>,
    what: &'static str,
) -> Result<(), CalibrateError> {
    let count = values.into_iter().filter(|value| !value.is_finite()).count();
    if count > 0 { Err(CalibrateError::NotFinite { what, count }) } else { Ok(()) }
}

/// Refuses a vector of another length.
pub(crate) fn same_length(found: usize, expected: usize, what: &'static str) -> Result<(), CalibrateError> {
    if found == expected { Ok(()) } else { Err(CalibrateError::Length { what, expected, found }) }
}

/// Mean and standard deviation (divided by n).
pub(crate) fn mean_and_sd(values: &[f64]) -> (f64, f64) {
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    let squares: f64 = values.iter().map(|value| (value - mean) * (value - mean)).sum();
    (mean, (squares / n).sqrt())
}

/// Whether values with this mean and standard deviation differ by more than rounding.
pub(crate) fn varies(mean: f64, sd: f64) -> bool {
    sd > 1e-12 * mean.abs() && sd > 0.0
}
