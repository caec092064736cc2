//! Whether predictors tell each other: pairwise correlations and variance inflation factors, with plink2's limits.

use serde::{Deserialize, Serialize};
use steppe_stats::linear_algebra::SmallCholesky;

use super::result::AssocCode;

/// What is left of a predictor's variance below which it counts as a sum of others.
const SINGULAR: f64 = 1e-10;

/// Limits beyond which a regression is not done.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct CollinearityLimits {
    /// Largest absolute correlation of two predictors.
    pub correlation: f64,
    /// Largest variance inflation factor of a predictor.
    pub vif: f64,
}

impl Default for CollinearityLimits {
    /// plink2's: correlation 0.999, variance inflation factor 50.
    fn default() -> Self {
        Self { correlation: 0.999, vif: 50.0 }
    }
}

/// What is wrong with a set of predictors; indices count covariates, without the intercept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    Correlation(usize),
    Singular(usize),
    Vif(usize),
}

impl Fault {
    /// The covariate to do without.
    pub(super) fn covariate(self) -> usize {
        match self {
            Self::Correlation(index) | Self::Singular(index) | Self::Vif(index) => index,
        }
    }

    pub(super) fn code(self) -> AssocCode {
        match self {
            Self::Correlation(_) => AssocCode::CorrelationTooHigh,
            Self::Singular(_) => AssocCode::VifInfinite,
            Self::Vif(_) => AssocCode::VifTooHigh,
        }
    }
}

/// Covariates' inverse correlation matrix and inverse standard deviations.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct Correlation {
    inverse: Vec<f64>,
    inverse_sd: Vec<f64>,
    matrix: Vec<f64>,
    factor: SmallCholesky,
}

impl Correlation {
    /// Judges covariates by the cross-products of (intercept, covariates), `k x k`; the intercept's is the number of
    /// samples.
    pub(super) fn assess(
        &mut self,
        cross: &[f64],
        k: usize,
        limits: CollinearityLimits,
    ) -> Result<(), Fault> {
        let (n, c) = (cross[0], k - 1);
        let covariance = |i: usize, j: usize| {
            (cross[(i + 1) * k + j + 1] - cross[(i + 1) * k] * cross[(j + 1) * k] / n) / (n - 1.0)
        };
        self.inverse_sd.clear();
        self.inverse_sd.extend((0..c).map(|i| 1.0 / covariance(i, i).sqrt()));
        self.matrix.clear();
        self.matrix.resize(c * c, 1.0);
        for i in 0..c {
            // A covariate that is constant among the samples that are left has an infinite or undefined inverse.
            if !self.inverse_sd[i].is_finite() {
                return Err(Fault::Singular(i));
            }
            for j in 0..i {
                let correlation = covariance(i, j) * self.inverse_sd[i] * self.inverse_sd[j];
                if correlation.abs() > limits.correlation {
                    return Err(Fault::Correlation(i));
                }
                self.matrix[i * c + j] = correlation;
            }
        }
        self.factor.factor(&self.matrix, c, SINGULAR).map_err(Fault::Singular)?;
        self.factor.inverse(&mut self.inverse);
        match (0..c).rev().find(|i| self.inverse[i * (c + 1)] > limits.vif) {
            Some(index) => Err(Fault::Vif(index)),
            None => Ok(()),
        }
    }

    /// Judges a genotype beside the covariates, by bordering the inverse. `xg` are its products with (intercept,
    /// covariates), `gg` its sum of squares; `sums` the covariates' sums, the number of samples first.
    pub(super) fn with_genotype(
        &self,
        sums: &[f64],
        xg: &[f64],
        gg: f64,
        limits: CollinearityLimits,
    ) -> Result<(), AssocCode> {
        let (n, c) = (sums[0], self.inverse_sd.len());
        if c == 0 {
            return Ok(());
        }
        let inverse_sd = 1.0 / ((gg - xg[0] * xg[0] / n) / (n - 1.0)).sqrt();
        let correlations: Vec<f64> = (0..c)
            .map(|j| (xg[j + 1] - sums[j + 1] * xg[0] / n) / (n - 1.0) * self.inverse_sd[j] * inverse_sd)
            .collect();
        if correlations.iter().any(|correlation| correlation.abs() > limits.correlation) {
            return Err(AssocCode::CorrelationTooHigh);
        }
        let row = |j: usize| &self.inverse[j * c..(j + 1) * c];
        let weights: Vec<f64> =
            (0..c).map(|j| row(j).iter().zip(&correlations).map(|(a, b)| a * b).sum()).collect();
        let left = 1.0 - weights.iter().zip(&correlations).map(|(a, b)| a * b).sum::<f64>();
        if left.is_nan() || left <= SINGULAR {
            return Err(AssocCode::VifInfinite);
        }
        let inflated = |j: usize| self.inverse[j * (c + 1)] + weights[j] * weights[j] / left > limits.vif;
        if 1.0 / left > limits.vif || (0..c).any(inflated) { Err(AssocCode::VifTooHigh) } else { Ok(()) }
    }
}
