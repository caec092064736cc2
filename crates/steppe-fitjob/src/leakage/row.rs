use serde::{Deserialize, Serialize};

use super::super::record::JobRecord;

/// The content of `run.json`: its `traits` are the rows.
pub type LeakageRecord = JobRecord<LeakageRow>;

/// What the rule of release makes of a score at a precision.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// It gives away no more than is allowed.
    Release,
    /// It gives away more, or it could not be shown that it does not.
    Withhold,
    /// It was not measured: see the reason.
    NotMeasured,
}

impl Verdict {
    /// Its name in files.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Release => "release",
            Self::Withhold => "withhold",
            Self::NotMeasured => "not_measured",
        }
    }
}

/// What a score at a precision gives away. Shares are of the genotypes of all people at the score's variants.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LeakageRow {
    /// The score.
    pub score: String,
    /// Its scoring file.
    pub file: String,
    /// Its variants whose weight is not 0: with a cohort those that matched.
    pub variants: u64,
    /// The precision: `raw`, `decimals:2`, `z:1`, `percentile:5`; `null` of a score that was not measured.
    pub release: Option<String>,
    /// People whose genotypes were guessed.
    pub people: u64,
    /// Share guessed right without the score, from frequencies alone.
    pub baseline: Option<f64>,
    /// Share guessed right with it.
    pub recovered: Option<f64>,
    /// `recovered` less `baseline`; `null` where the attack is not exact enough at this precision.
    pub excess: Option<f64>,
    /// People all of whose genotypes were guessed right.
    pub whole: Option<u64>,
    /// Genotype vectors that a person's released value allows, on average.
    pub consistent: Option<f64>,
    /// The variant that is given away most.
    pub most_exposed: Option<String>,
    /// The share of people whose genotype at it is guessed right over that without the score.
    pub most_exposed_excess: Option<f64>,
    /// What the rule of release says.
    pub verdict: Verdict,
    /// Why it was not measured, or not exactly.
    pub reason: Option<String>,
}
