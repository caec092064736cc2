//! The forward pass: for every sample and every lane, the sum over variants of a table entry chosen by the
//! genotype code.
//!
//! A *lane* is one column of sums: a score's fixed-point weights ([`WeightLane`]), or the integers behind its
//! denominator ([`CountLane`]). The plan is
//!
//! ```text
//! ForwardMergeExec               one row per sample block: index, sums of every lane
//!   ForwardScanExec              one row per (partition, block it touched)
//!     DataSourceExec             one row per partition: its number, its tiles
//! ```
//!
//! in one process. On a cluster the merge is the coordinator's, and [`ForwardCommitExec`] stands in its place: each
//! partition's sums become an object of the job ([`Partials`]), so that none is ever computed twice.
//!
//! Sums are integers, so partitions, tiles and their order can not change a bit of the result.

mod commit;
mod committed;
mod descriptors;
#[cfg(debug_assertions)]
mod fault;
mod kernel_loop;
mod merge;
mod named;
mod operand;
mod operand_bytes;
mod partial;
mod scan;
mod sex_classes;
mod tiles;

pub use commit::ForwardCommitExec;
pub use committed::Partials;
pub use descriptors::{Descriptor, descriptor_leaf};
pub use merge::ForwardMergeExec;
pub use named::{ForwardContexts, ForwardSpec};
pub use operand::{CountLane, ForwardOperand, Sparse, WeightLane};
pub use partial::{BlockSums, MergedSums};
pub use scan::{ForwardScanExec, ForwardWork};
pub use sex_classes::{SEX_CLASSES, SexClass};
pub use tiles::{TileOrder, plan_tiles};

use std::sync::Arc;

use datafusion::{
    arrow::datatypes::SchemaRef,
    physical_expr::EquivalenceProperties,
    physical_plan::{
        ExecutionPlan, Partitioning, PlanProperties,
        execution_plan::{Boundedness, EmissionType},
    },
};
use steppe_kernels::Level;
use steppe_store::{Cohort, RowGroup, SampleBlock, SampleTable};

use crate::{EngineError, PassProgress};

/// Everything that the partitions of one forward pass share.
pub struct ForwardContext {
    /// Whose genotypes.
    pub cohort: Cohort,
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
            .field("row_groups", &self.cohort.row_groups().len())
            .field("weight_lanes", &self.operand.weights.len())
            .field("count_lanes", &self.operand.counts.len())
            .finish_non_exhaustive()
    }
}

impl ForwardContext {
    /// The genotypes of a row group: the unit of progress.
    pub fn genotypes(&self, group: &RowGroup) -> u64 {
        u64::from(group.rows) * u64::from(self.cohort.blocks()[group.block as usize].samples)
    }

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

/// What DataFusion has to know of an operator of ours: partitions without an order, and an end.
fn properties(schema: SchemaRef, partitions: usize, emission: EmissionType) -> Arc<PlanProperties> {
    Arc::new(PlanProperties::new(
        EquivalenceProperties::new(schema),
        Partitioning::UnknownPartitioning(partitions),
        emission,
        Boundedness::Bounded,
    ))
}

/// The physical plan of a forward pass in this process, at most `concurrency` partitions at once.
///
/// # Errors
/// None that DataFusion would have with a table in memory.
pub fn forward_plan(
    context: Arc<ForwardContext>,
    partitions: &[Descriptor],
    concurrency: usize,
) -> Result<Arc<dyn ExecutionPlan>, EngineError> {
    let scan = ForwardScanExec::new(ForwardWork::Here(context), descriptor_leaf(partitions)?);
    Ok(Arc::new(ForwardMergeExec::new(Arc::new(scan), concurrency)))
}

/// The physical plan of a forward pass on a cluster: its partitions' sums are committed to `partials`.
///
/// # Errors
/// None that DataFusion would have with a table in memory.
pub fn committed_forward_plan(
    spec: ForwardSpec,
    partials: Partials,
    partitions: &[Descriptor],
) -> Result<Arc<dyn ExecutionPlan>, EngineError> {
    let scan = ForwardScanExec::new(ForwardWork::Named(spec), descriptor_leaf(partitions)?);
    Ok(Arc::new(ForwardCommitExec::new(Arc::new(scan), partials)))
}

#[cfg(test)]
mod tests;
