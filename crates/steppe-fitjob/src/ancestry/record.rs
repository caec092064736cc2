use serde::{Deserialize, Serialize};

use super::super::record::JobRecord;

/// The content of `run.json` of an ancestry.
pub type AncestryRecord = JobRecord<PopulationRecord>;

/// A population of the reference.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PopulationRecord {
    /// Its name.
    pub name: String,
    /// Its people in the reference.
    pub reference: u64,
    /// People of the cohort who are most similar to it.
    pub most_similar: u64,
    /// Those of them of whom that is unsure.
    pub low_confidence: u64,
    /// Those of them who lie outside all populations.
    pub outside: u64,
    /// Mean proportion of the cohort that descends from it.
    pub mean_admixture: f64,
    /// Standard error of a person's proportion.
    pub admixture_error: f64,
}
