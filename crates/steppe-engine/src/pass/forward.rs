//! The forward pass: for every sample and every lane, the sum over variants of a table entry chosen by the
//! genotype code.
//!
//! A *lane* is one column of sums: a score's fixed-point weights ([`WeightLane`]), or the integers behind its
//! denominator ([`CountLane`]). The plan is
//!
//! ```text
//! ForwardMergeExec               one row per sample block: index, sums of every lane
//!   ForwardScanExec              one row per (partition, block it touched)
//! ```
//!
//! Sums are integers, so partitions, tiles and their order can not change a bit of the result.

mod kernel_loop;
mod merge;
mod operand;
mod partial;
mod scan;
mod sex_classes;
mod tiles;

pub use merge::ForwardMergeExec;
pub use operand::{CountLane, ForwardOperand, Sparse, WeightLane};
pub use partial::BlockSums;
pub use scan::ForwardScanExec;
pub use sex_classes::{SEX_CLASSES, SexClass};
pub use tiles::{TileOrder, plan_tiles};

use std::sync::Arc;

use datafusion::physical_plan::ExecutionPlan;
use steppe_kernels::Level;
use steppe_store::{SampleBlock, SampleTable, TileReader};

use crate::PassProgress;

/// Everything that the partitions of one forward pass share.
pub struct ForwardContext {
    /// Reads and verifies tiles.
    pub reader: TileReader,
    /// The sample blocks, by block index.
    pub blocks: Vec<SampleBlock>,
    /// The row groups of the cohort, sorted by (block, first variant).
    pub row_groups: Vec<steppe_store::RowGroup>,
    /// What the genotypes are multiplied by.
    pub operand: ForwardOperand,
    /// Who is male, female or of unknown sex, per block.
    pub masks: Vec<sex_classes::BlockMasks>,
    /// The kernel level.
    pub level: Level,
    /// Told of every run of genotypes that has been summed.
    pub progress: Arc<dyn PassProgress>,
}

impl std::fmt::Debug for ForwardContext {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ForwardContext")
            .field("row_groups", &self.row_groups.len())
            .field("weight_lanes", &self.operand.weights.len())
            .field("count_lanes", &self.operand.counts.len())
            .finish_non_exhaustive()
    }
}

impl ForwardContext {
    /// The sex masks of every block, for [`ForwardContext::masks`].
    pub fn masks_of(blocks: &[SampleBlock], samples: &SampleTable) -> Vec<sex_classes::BlockMasks> {
        blocks
            .iter()
            .map(|block| {
                let first = block.first_sample as usize;
                sex_classes::BlockMasks::new(&samples.sex[first..first + block.samples as usize])
            })
            .collect()
    }
}

/// The physical plan of a forward pass over `partitions` lists of row groups, at most `concurrency` of them at
/// once.
pub fn forward_plan(
    context: Arc<ForwardContext>,
    partitions: Vec<Vec<usize>>,
    concurrency: usize,
) -> Arc<dyn ExecutionPlan> {
    let scan = Arc::new(ForwardScanExec::new(context, partitions));
    Arc::new(ForwardMergeExec::new(scan, concurrency))
}
