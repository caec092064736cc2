//! Mean and variance of a score as smooth functions of ancestry, with an own cohort's shift.

mod cohort;

use nalgebra::{DMatrix, DVector};
use serde::{Deserialize, Serialize};

pub use cohort::{CohortEffect, CohortExpectation};

use super::{AdjustedScore, AncestryHull, AncestrySpace, Expectation};
use crate::{
    CalibrateError,
    gaussian::{Coefficients, all_finite, mean_and_sd, same_length, varies},
    heteroscedastic::{Block, Scale, Side, fit},
    portable::exp,
};

/// How [`SmoothAdjustment`] is fitted.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct SmoothOptions {
    /// Principal components that are used.
    pub components: usize,
    /// The share of the reference that may lie outside its own clouds.
    pub false_flags: f64,
}

impl Default for SmoothOptions {
    fn default() -> Self {
        Self { components: 4, false_flags: 0.01 }
    }
}

/// Whom a score is adjusted as.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Membership {
    /// Anyone: by ancestry alone.
    Reference,
    /// A member of the own cohort: by ancestry and the cohort's shift. As `Reference` where the model has no cohort.
    Cohort,
}

/// A score's mean and log variance as Gaussian processes over ancestry (see [`AncestrySpace`]), fitted on the reference
/// with scales of the effects chosen by empirical Bayes, then updated with the unphenotyped people of an own cohort.
///
/// Away from all data the plane stops at the hull and the bumps fade, so mean and variance fall back to those of the
/// reference, while the standard error grows to that of the prior.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SmoothAdjustment {
    /// Functions of ancestry.
    pub space: AncestrySpace,
    /// The reference's mean score.
    pub centre: f64,
    /// The reference's standard deviation; the coefficients are in its units.
    pub unit: f64,
    /// Coefficients of the mean.
    pub mean: Coefficients,
    /// Coefficients of the log variance.
    pub log_variance: Coefficients,
    /// Standard deviation of the mean's bumps.
    pub mean_bump: f64,
    /// Standard deviation of the log variance's bumps.
    pub variance_bump: f64,
    /// The own cohort's.
    pub cohort: Option<CohortEffect>,
}

impl SmoothAdjustment {
    /// Fits the reference: scores, components (people x components) and populations `0..populations`, which only say
    /// where people were seen.
    ///
    /// # Errors
    /// A constant score, values that are not finite, and as [`AncestryHull::fit`].
    pub fn fit(
        scores: &[f64],
        pcs: &DMatrix<f64>,
        population: &[usize],
        populations: usize,
        options: SmoothOptions,
    ) -> Result<Self, CalibrateError> {
        same_length(scores.len(), pcs.nrows(), "scores of the reference")?;
        all_finite(scores, "reference scores")?;
        let hull = AncestryHull::fit(pcs, options.components, population, populations, options.false_flags)?;
        let space = AncestrySpace::new(hull, pcs)?;
        let (centre, unit) = mean_and_sd(scores);
        if !varies(centre, unit) {
            return Err(CalibrateError::Constant { what: "the score", people: scores.len() });
        }
        let response = DVector::from_iterator(scores.len(), scores.iter().map(|s| (s - centre) / unit));
        let (design, _) = space.design(pcs)?;
        let mean_blocks = blocks(&space, [10.0, 0.3, 0.1]);
        let variance_blocks = blocks(&space, [10.0, 0.2, 0.1]);
        let fitted = fit(
            &response,
            &Side { design: &design, blocks: &mean_blocks },
            &Side { design: &design, blocks: &variance_blocks },
        )?;
        Ok(Self {
            space,
            centre,
            unit,
            mean: fitted.mean,
            log_variance: fitted.log_variance,
            mean_bump: fitted.mean_scales[2],
            variance_bump: fitted.variance_scales[2],
            cohort: None,
        })
    }

    /// One person's adjusted score.
    ///
    /// # Errors
    /// As [`super::ComponentScale::apply`].
    pub fn apply(
        &self,
        score: f64,
        pcs: &[f64],
        membership: Membership,
    ) -> Result<AdjustedScore, CalibrateError> {
        let mut columns = self.space.columns(pcs)?;
        let cohort = self.cohort.as_ref().filter(|_| membership == Membership::Cohort);
        let mut outside = self.space.hull.place(pcs)?.outside;
        let (mean, log_variance) = match cohort {
            Some(cohort) => {
                columns.values.push(1.0);
                outside = outside && cohort.hull.place(pcs)?.outside;
                (&cohort.mean, &cohort.log_variance)
            }
            None => (&self.mean, &self.log_variance),
        };
        // The cohort's own shift has taken up what no landmark explains there.
        let unexplained = if cohort.is_some() { 0.0 } else { columns.unexplained };
        let sd = self.unit * exp(0.5 * log_variance.at(&columns.values));
        let relative = self.unit / sd;
        let of_mean = mean.variance_at(&columns.values) + self.mean_bump.powi(2) * unexplained;
        let of_log = log_variance.variance_at(&columns.values) + self.variance_bump.powi(2) * unexplained;
        let at = Expectation {
            mean: self.centre + self.unit * mean.at(&columns.values),
            sd,
            mean_error: of_mean * relative * relative,
            log_variance_error: of_log,
        };
        Ok(AdjustedScore::new(score, &at, outside))
    }
}

/// Intercept, plane and bumps, with typical standard deviations of their effects.
fn blocks(space: &AncestrySpace, typical: [f64; 3]) -> [Block; 3] {
    [
        Block { columns: 1, scale: Scale::Fixed(typical[0]) },
        Block { columns: space.plane(), scale: Scale::About { typical: typical[1], weight: 2.0 } },
        Block { columns: space.bumps(), scale: Scale::About { typical: typical[2], weight: 2.0 } },
    ]
}
