use serde::{Deserialize, Serialize};
use steppe_formats::FileNote;

use super::ResultRecord;

/// The content of `run.json`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RunRecord {
    /// `score` or `match`.
    pub kind: String,
    /// The job's identity: a hash of inputs, parameters and kernel semantics.
    pub job: String,
    /// The version of steppe.
    pub steppe_version: String,
    /// Changes when the same inputs may give other bits.
    pub kernel_semantics: u32,
    /// When the job finished, seconds since 1970.
    pub finished_unix: u64,
    /// The cohort.
    pub cohort: CohortRecord,
    /// Parameters by name.
    pub parameters: serde_json::Map<String, serde_json::Value>,
    /// Every input file with its hash and its oddities.
    pub inputs: Vec<InputRecord>,
    /// Entries of keep and remove lists that name nobody in the cohort.
    #[serde(default)]
    pub unknown_selected: u64,
    /// Every score; none of a fit.
    #[serde(default)]
    pub scores: Vec<ScoreRecord>,
    /// What the user should know.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notices: Vec<String>,
    /// Every output file with its hash.
    pub outputs: Vec<OutputRecord>,
    /// Seconds by stage.
    pub timings: serde_json::Map<String, serde_json::Value>,
}

impl From<&FileNote> for NoteRecord {
    fn from(note: &FileNote) -> Self {
        Self {
            kind: note.kind.as_str().to_owned(),
            count: note.count,
            first_line: note.first_line,
            detail: note.detail.clone(),
        }
    }
}

impl ResultRecord for RunRecord {
    fn job(&self) -> &str {
        &self.job
    }

    fn outputs(&self) -> &[OutputRecord] {
        &self.outputs
    }
}

/// The cohort of a run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CohortRecord {
    /// Where it lies.
    pub location: String,
    /// The hash of its manifest.
    pub digest: String,
    /// Its genome build.
    pub genome_build: String,
    /// Samples in it.
    pub samples: u64,
    /// Samples written.
    pub samples_kept: u64,
    /// Variants in it.
    pub variants: u64,
}

/// An input file of a run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct InputRecord {
    /// The path as it was given.
    pub path: String,
    /// What it is: `scoring_file`, `frequencies`, `keep`, `remove`; of a fit `phenotypes`, `covariates`, `split`,
    /// `weights`, `population`, `extract`, `exclude`, `penalty_factors`.
    pub role: String,
    /// BLAKE3 of the file as it lies on disk.
    pub blake3: String,
    /// Its size in bytes.
    pub bytes: u64,
    /// Oddities that were read all the same, and how often.
    pub notes: Vec<NoteRecord>,
}

/// An oddity of an input file.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct NoteRecord {
    /// What it is.
    pub kind: String,
    /// How often.
    pub count: u64,
    /// The first line; 0 for the file as a whole.
    pub first_line: u64,
    /// An example or an explanation.
    pub detail: String,
}

/// A score of a run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ScoreRecord {
    /// The score's name.
    pub name: String,
    /// Its scoring file.
    pub file: String,
    /// Why it was skipped; `null` when it was computed.
    pub skipped: Option<String>,
    /// All rows.
    pub rows: u64,
    /// Rows that count.
    pub rows_matched: u64,
    /// Rows that match and are left out by a rule.
    pub rows_excluded: u64,
    /// Rows without a variant in the cohort.
    pub rows_unmatched: u64,
    /// Rows of kinds that are not scored yet.
    pub rows_unsupported: u64,
    /// The share of Σ|weight| that is on such rows.
    pub unsupported_weight_share: f64,
    /// Matched rows of all.
    pub overlap_rows: f64,
    /// Matched Σ|weight| of all.
    pub overlap_weight: f64,
    /// Matched Σ2f(1−f)w² of all.
    pub overlap_variance: f64,
    /// Rows that enter the variance with the mean heterozygosity, since nobody gives their frequency.
    pub rows_without_frequency: u64,
    /// Rows by reason.
    pub reasons: std::collections::BTreeMap<String, u64>,
    /// Variants with missing calls that the frequency file lacks, imputed from the founders.
    pub imputed_from_founders: u64,
    /// Variants with missing calls that no founder has a call of, imputed from a frequency of one half.
    pub imputed_from_half: u64,
    /// Sums are multiples of 2 to the minus this; `null` when skipped.
    pub fixed_point_shift: Option<i32>,
    /// The largest error of a sum that rounding to those multiples can have made.
    pub error_bound: f64,
}

/// An output file of a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OutputRecord {
    /// Its name within the folder.
    pub name: String,
    /// Its size in bytes.
    pub bytes: u64,
    /// BLAKE3 of its content.
    pub blake3: String,
}
