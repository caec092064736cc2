use serde::{Deserialize, Serialize};

use super::super::record::JobRecord;

/// The content of `run.json` of an evaluation.
pub type EvaluationRecord = JobRecord<EvaluationTraitRecord>;

/// What became of a trait in an evaluation.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct EvaluationTraitRecord {
    /// Its name in the phenotype file.
    pub name: String,
    /// `gaussian` or `binomial`.
    pub family: String,
    /// Why it was not evaluated; `null` where it was.
    pub problem: Option<String>,
    /// Samples with a value, all covariates and all predictions.
    pub samples: u64,
    /// Cases among them; `null` of a quantitative trait.
    pub cases: Option<u64>,
    /// Rows of its metrics.
    pub metrics: u64,
    /// Rows without a number, since there are too few samples for one.
    pub insufficient: u64,
    /// Rows without a number, since it is not defined for these data.
    pub undefined: u64,
}
