use crate::pass::PartialSums;

use super::{FixedPoint, Gate, Overlap, lane_plan::CountLanes};

/// One score of the job: what was matched, and where its sums are.
#[derive(Debug, Clone)]
pub struct ScoreColumn {
    /// The score's name.
    pub name: String,
    /// The index of its scoring file.
    pub file: usize,
    /// Its weight column within the file.
    pub column: usize,
    /// What the cohort has of it.
    pub overlap: Overlap,
    /// Whether it was computed.
    pub gate: Gate,
    /// Its fixed-point scale, when computed.
    pub scale: Option<FixedPoint>,
    /// Variants that count, when computed.
    pub variants: u64,
    /// The alleles that a sample without missing calls has, per sex class (female, male, unknown).
    pub full_alleles: [u64; 3],
    /// What missing calls of variants that depend on sex add up to, per sex class.
    pub missing_constants: [i64; 3],
    /// Variants with missing calls that the frequency file lacks: imputed from the founders' frequency.
    pub imputed_from_founders: u64,
    /// Variants with missing calls that no founder has a call of: imputed from a frequency of ½, as in plink2.
    pub imputed_from_half: u64,
    /// Its count lanes within its pass, when computed.
    pub counts: Option<CountLanes>,
}

impl ScoreColumn {
    /// A score that has been matched and not yet computed.
    pub fn new(name: String, file: usize, column: usize, overlap: Overlap, gate: Gate) -> Self {
        Self {
            name,
            file,
            column,
            overlap,
            gate,
            scale: None,
            variants: 0,
            full_alleles: [0; 3],
            missing_constants: [0; 3],
            imputed_from_founders: 0,
            imputed_from_half: 0,
            counts: None,
        }
    }

    /// The largest error of a sum that quantising can have made; 0 before it is computed.
    pub fn error_bound(&self) -> f64 {
        self.scale.map_or(0.0, |scale| scale.error_bound(self.variants))
    }
}

/// The sums of one pass: a run of scores over all blocks.
#[derive(Debug)]
pub struct Scores {
    /// The indices of the scores of this pass in the job's list of scores.
    pub scores: Vec<usize>,
    /// How many count lanes the pass had.
    pub count_lanes: usize,
    /// The sums of every block, in block order.
    pub blocks: Vec<PartialSums>,
}
