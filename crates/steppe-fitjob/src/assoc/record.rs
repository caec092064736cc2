use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::super::record::JobRecord;

/// The content of `run.json` of an association.
pub type AssociationRecord = JobRecord<AssociationTraitRecord>;

/// What became of a trait in an association.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AssociationTraitRecord {
    /// Its name in the phenotype file.
    pub name: String,
    /// `gaussian` or `binomial`.
    pub family: String,
    /// Why it was not tested; `null` where it was.
    pub problem: Option<String>,
    /// Samples in the regressions, before variants' missing calls.
    pub samples: u64,
    /// Cases among them; `null` of a quantitative trait.
    pub cases: Option<u64>,
    /// Samples that the lists leave and that have no value.
    pub missing: u64,
    /// Samples with a value that lack a covariate.
    pub missing_covariate: u64,
    /// Samples left out because a covariate has a value of its own for each of them alone.
    pub singled_out: u64,
    /// Covariates that are in the regressions.
    pub covariates: Vec<String>,
    /// Covariates that are not.
    pub dropped_covariates: Vec<DroppedCovariateRecord>,
    /// A covariate separates cases from controls, so that Firth's regression is used throughout where it may be.
    pub separated: bool,
    /// Rows of its table.
    pub variants: u64,
    /// Rows with an estimate.
    pub estimates: u64,
    /// Rows of Firth's regression.
    pub firth: u64,
    /// Estimates whose iterations ended before they converged.
    pub unfinished: u64,
    /// Rows without an estimate, by plink2's code of the reason.
    pub without_estimate: BTreeMap<String, u64>,
    /// Its table.
    pub file: Option<String>,
}

/// A covariate that is in no regression of a trait.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DroppedCovariateRecord {
    /// The covariate.
    pub name: String,
    /// Why.
    pub reason: String,
}
