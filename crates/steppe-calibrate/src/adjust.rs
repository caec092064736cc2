//! Scores that can be compared between people of different ancestry.
//!
//! - [`MostSimilarPopulation`], [`LinearAdjustment`] and [`VarianceAdjustment`] are the adjustments of the PGS Catalog's
//!   calculator (Lambert et al. 2024): percentile and Z in the most similar population, Z_norm1 and Z_norm2, here with
//!   standard errors and a flag where they extrapolate.
//! - [`SmoothAdjustment`] takes mean and variance as smooth functions of ancestry that fall back to the reference away
//!   from data, and learns from unphenotyped people of an own cohort.
//! - [`SourceMoments`] gives the score that admixture proportions lead to expect (ePRS) and the residual from it (rPRS).

mod admixture;
mod hull;
mod linear;
mod scale;
mod similar;
mod smooth;
mod space;
mod variance;

use serde::{Deserialize, Serialize};

use crate::portable::normal_below;

pub use admixture::{AdmixtureScore, SourceMoments};
pub use hull::{AncestryHull, Place};
pub use linear::LinearAdjustment;
pub use scale::ComponentScale;
pub use similar::{MostSimilarPopulation, PopulationScores, SimilarPopulationScore};
pub use smooth::{CohortEffect, CohortExpectation, Membership, SmoothAdjustment, SmoothOptions};
pub use space::AncestrySpace;
pub use variance::VarianceAdjustment;

/// A number and how far it may be off.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Estimate {
    /// The estimate.
    pub value: f64,
    /// Its standard error: that of the adjustment, not of the genotypes.
    pub standard_error: f64,
}

/// One person's adjusted score.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct AdjustedScore {
    /// The score in standard deviations from what is expected of the person's ancestry.
    pub z: Estimate,
    /// The percentile of Z in a normal distribution, 0 to 100.
    pub percentile: f64,
    /// The expected score, in the score's units.
    pub expected: f64,
    /// The standard deviation around it, in the score's units.
    pub sd: f64,
    /// The person's components lie outside those that the adjustment was fitted on.
    pub extrapolated: bool,
}

/// Expected score and standard deviation at a person's ancestry, and how uncertain both are.
struct Expectation {
    mean: f64,
    sd: f64,
    /// Variance of `mean` over that between people.
    mean_error: f64,
    /// Variance of the logarithm of the variance.
    log_variance_error: f64,
}

impl AdjustedScore {
    /// The standard error is that of the delta method.
    fn new(score: f64, at: &Expectation, extrapolated: bool) -> Self {
        let value = (score - at.mean) / at.sd;
        let standard_error = (at.mean_error + 0.25 * value * value * at.log_variance_error).sqrt();
        let percentile = 100.0 * normal_below(value);
        let z = Estimate { value, standard_error };
        Self { z, percentile, expected: at.mean, sd: at.sd, extrapolated }
    }
}
