use serde::{Deserialize, Serialize};

use super::super::record::JobRecord;

/// The content of `run.json` of a block ridge.
pub type RidgeRecord = JobRecord<RidgeTraitRecord>;

/// What became of a trait in a block ridge.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct RidgeTraitRecord {
    /// Its name in the phenotype file.
    pub name: String,
    /// Its name in the names of files and scores.
    pub file_name: String,
    /// `gaussian` or `binomial`.
    pub family: String,
    /// Why it was not fitted; `null` where it was.
    pub problem: Option<String>,
    /// Training samples that have it.
    pub samples: u64,
    /// Cases among them; `null` of a quantitative trait.
    pub cases: Option<u64>,
    /// Training samples that lack it: at level 0 they count as its mean; at level 1 likewise of a quantitative trait, and
    /// not at all of a binary one.
    pub missing: u64,
    /// Covariates, those left out as combinations of others included.
    pub covariates: Vec<String>,
    /// Covariates that are combinations of earlier ones, which were left out.
    pub dropped_covariates: Vec<String>,
    /// The share of variance of the chosen penalty of level 1.
    pub share: Option<f64>,
    /// Squared correlation of the trait with its prediction from samples left out, at that penalty.
    pub r_squared: Option<f64>,
    /// Mean negative log-likelihood of a binary trait there.
    pub mean_log_loss: Option<f64>,
    /// Standard deviation of the trait with covariates taken out: the unit of the predictions of a quantitative trait.
    pub residual_deviation: Option<f64>,
    /// Intercept that goes with the weights.
    pub intercept: Option<f64>,
    /// Effects of the covariates that go with the weights, in their order.
    pub covariate_effects: Vec<f64>,
    /// Its predictions without each chromosome.
    pub loco: Option<String>,
    /// Its scoring file; `null` where no variant has a weight.
    pub score: Option<String>,
    /// Variants in the scoring file.
    pub variants: u64,
}
