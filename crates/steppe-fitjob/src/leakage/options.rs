use std::path::PathBuf;

use serde_json::{Map, Value, json};
use steppe_engine::{EngineError, score::MatchSettings};
use steppe_store::Location;

/// Decimals that 64-bit numbers of a score can still mean something in.
const MOST_DECIMALS: u32 = 15;
/// More people make the shares no more exact than anybody needs.
const MOST_PEOPLE: usize = 1_000_000;

/// Which scores are measured, at which precisions, on whom.
#[derive(Debug, Clone)]
pub struct LeakageOptions {
    /// The scoring files, and how they are matched where there is a cohort.
    pub matching: MatchSettings,
    /// The cohort whose founders' allele frequencies are known, and of whose variants scores are made.
    pub cohort: Option<Location>,
    /// Allele frequencies in plink2's .afreq form, before those of the cohort or of the scoring files.
    pub frequency_file: Option<PathBuf>,
    /// Decimals to which scores may be rounded: a release each.
    pub decimals: Vec<u32>,
    /// The width of the steps of percentiles.
    pub percentile_grid: u32,
    /// How many people are made up.
    pub people: usize,
    /// The seed of who they are.
    pub seed: u64,
    /// The largest share of genotypes over the baseline that a release may give away.
    pub max_leakage: f64,
    /// Threads for reading and measuring.
    pub threads: usize,
}

impl LeakageOptions {
    /// Refuses what can not be.
    pub(super) fn check(&self) -> Result<(), EngineError> {
        if self.percentile_grid == 0 || 100 % self.percentile_grid != 0 {
            return Err(EngineError::refused(
                format!("--percentile-grid {}: it does not divide 100", self.percentile_grid),
                "give 1, 2, 4, 5, 10, 20, 25 or 50",
            ));
        }
        if let Some(decimals) = self.decimals.iter().find(|decimals| **decimals > MOST_DECIMALS) {
            return Err(EngineError::refused(
                format!("--decimals {decimals}: a score has about {MOST_DECIMALS}"),
                "give 0 to 15; scores as they are, are measured anyway",
            ));
        }
        if !(1..=MOST_PEOPLE).contains(&self.people) {
            return Err(EngineError::refused(
                format!("--people {}: nobody's genotypes, or too many people's", self.people),
                "give 1 to 1000000; of 1000 people shares are right to about a point",
            ));
        }
        Ok(())
    }

    /// What decides the result, beside the files.
    pub(super) fn parameters(&self) -> Map<String, Value> {
        let mut map = Map::new();
        map.insert("matching".into(), json!(format!("{:?}", self.matching.rules)));
        map.insert("reading".into(), json!(format!("{:?}", self.matching.read)));
        map.insert("min_overlap".into(), json!(self.matching.min_overlap));
        map.insert("decimals".into(), json!(self.decimals));
        map.insert("percentile_grid".into(), json!(self.percentile_grid));
        map.insert("people".into(), json!(self.people));
        map.insert("seed".into(), json!(self.seed));
        map.insert("max_leakage".into(), json!(self.max_leakage));
        map
    }
}
