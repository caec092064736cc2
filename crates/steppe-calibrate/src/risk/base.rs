//! The uncalibrated model: one logistic regression for all populations.

use nalgebra::{DMatrix, DVector};
use serde::{Deserialize, Serialize};

use super::laplace::{Grouped, NormalPrior, laplace};
use crate::{
    CalibrateError,
    gaussian::{all_finite, mean_and_sd, same_length, varies},
    portable::dot,
};

/// Standard deviation of effects of standardised columns on log odds: weakly informative (Gelman et al. 2008), so that
/// separated classes have a finite answer.
const EFFECT: f64 = 2.5;
const INTERCEPT: f64 = 10.0;

/// Log odds linear in an (adjusted) score and covariates, without regard to populations.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct BaseRisk {
    /// The intercept.
    pub intercept: f64,
    /// Log odds ratio of one unit of the score.
    pub score: f64,
    /// Log odds ratios of one unit of each covariate.
    pub covariates: Vec<f64>,
    /// People.
    pub people: usize,
    /// Cases.
    pub cases: usize,
}

impl BaseRisk {
    /// Fits people who did not train the score: scores, covariates (people x covariates) and statuses.
    ///
    /// # Errors
    /// Vectors of different lengths, values that are not finite, no cases or no controls, a constant score.
    pub fn fit(score: &[f64], covariates: &DMatrix<f64>, case: &[bool]) -> Result<Self, CalibrateError> {
        let n = score.len();
        same_length(covariates.nrows(), n, "rows of covariates")?;
        same_length(case.len(), n, "statuses")?;
        all_finite(score, "scores")?;
        all_finite(covariates.iter(), "covariates")?;
        let cases = case.iter().filter(|case| **case).count();
        if cases == 0 || cases == n {
            let what = if cases == 0 { "cases" } else { "controls" };
            return Err(CalibrateError::TooFew { what, found: 0, needed: 1 });
        }
        let mut columns = vec![score.to_vec()];
        columns.extend(covariates.column_iter().map(|column| column.iter().copied().collect()));
        let scales: Vec<(f64, f64)> = columns.iter().map(|column| mean_and_sd(column)).collect();
        if !varies(scales[0].0, scales[0].1) {
            return Err(CalibrateError::Constant { what: "the score", people: n });
        }
        let features = DMatrix::from_fn(n, 1 + columns.len(), |row, column| match column {
            0 => 1.0,
            own => {
                let (mean, sd) = scales[own - 1];
                if sd > 0.0 { (columns[own - 1][row] - mean) / sd } else { 0.0 }
            }
        });
        let group = vec![0; n];
        let people = Grouped { features: &features, case, group: &group, groups: 1 };
        let size = features.ncols();
        let variances =
            DVector::from_fn(size, |k, _| if k == 0 { INTERCEPT.powi(2) } else { EFFECT.powi(2) });
        let prior = NormalPrior::from_covariance(DVector::zeros(size), DMatrix::from_diagonal(&variances))?;
        let (_, fitted) = laplace(&people, &prior, None)?;
        let effect = |k: usize| if scales[k].1 > 0.0 { fitted.mean[k + 1] / scales[k].1 } else { 0.0 };
        let effects: Vec<f64> = (0..columns.len()).map(effect).collect();
        let shift: f64 = effects.iter().zip(&scales).map(|(effect, (mean, _))| effect * mean).sum();
        let intercept = fitted.mean[0] - shift;
        Ok(Self { intercept, score: effects[0], covariates: effects[1..].to_vec(), people: n, cases })
    }

    /// One person's log odds.
    ///
    /// # Errors
    /// Another number of covariates, values that are not finite.
    pub fn linear_predictor(&self, score: f64, covariates: &[f64]) -> Result<f64, CalibrateError> {
        same_length(covariates.len(), self.covariates.len(), "covariates of a person")?;
        all_finite([&score], "scores")?;
        all_finite(covariates, "covariates")?;
        Ok(self.intercept + self.score * score + dot(&self.covariates, covariates))
    }
}
