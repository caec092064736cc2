//! The passes over the genotype matrix, and the plan that all of them share. What a pass computes is its operand's
//! business ([`PassOperand`]):
//!
//! - [`forward`]: for every sample and every lane, the sum over variants of a table entry chosen by the genotype code;
//! - [`adjoint`]: for every variant and every column of residuals, the sum over samples of code times residual;
//! - [`counts`]: for every variant and every group of samples, how many have each code;
//! - [`RunsOperand`]: for every run of variants, what a method of `steppe_fit` makes of all its genotypes.
//!
//! ```text
//! PassMergeExec                  one row per key: the sums of a sample block, or of a run of variants
//!   PassScanExec                 one row per (partition, key)
//!     DataSourceExec             one row per partition: its number, its tiles
//! ```
//!
//! in one process. On a cluster the merge is the coordinator's, and [`PassCommitExec`] stands in its place: each
//! partition's sums become an object of the job ([`Partials`]), so that none is ever computed twice.
//!
//! Sums are integers, so partitions, tiles and their order can not change a bit of the result.

pub mod adjoint;
mod by_variant;
mod commit;
mod committed;
pub mod counts;
mod descriptors;
#[cfg(debug_assertions)]
mod fault;
pub mod forward;
mod little_end;
mod merge;
mod named;
mod operand;
mod partial;
mod runs;
mod scan;
mod tiles;

pub use adjoint::AdjointOperand;
pub use commit::PassCommitExec;
pub use committed::Partials;
pub use counts::CountsOperand;
pub use descriptors::{Descriptor, descriptor_leaf};
pub use forward::{CountLane, ForwardOperand, SEX_CLASSES, SexClass, Sparse, WeightLane};
pub use merge::PassMergeExec;
pub use named::{PassContexts, PassSpec};
pub use operand::PassOperand;
pub use partial::{MergedSums, PartialSums};
pub use runs::RunsOperand;
pub(crate) use runs::result_of;
pub use scan::{PassScanExec, PassWork};
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
use forward::BlockMasks;

/// Everything that the partitions of one pass share.
pub struct PassContext {
    /// Whose genotypes.
    pub cohort: Cohort,
    /// What the genotypes are multiplied by.
    pub operand: PassOperand,
    /// Who is male, female or of unknown sex, per block.
    pub masks: Vec<BlockMasks>,
    /// The kernel level.
    pub level: Level,
    /// Told of every run of genotypes that has been summed.
    pub progress: Arc<dyn PassProgress>,
}

impl std::fmt::Debug for PassContext {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PassContext")
            .field("row_groups", &self.cohort.row_groups().len())
            .field("operand", &self.operand)
            .finish_non_exhaustive()
    }
}

impl PassContext {
    /// The genotypes of a row group: the unit of progress.
    pub fn genotypes(&self, group: &RowGroup) -> u64 {
        u64::from(group.rows) * u64::from(self.cohort.blocks()[group.block as usize].samples)
    }

    /// The sex masks of every block, for [`PassContext::masks`].
    pub fn masks_of(blocks: &[SampleBlock], samples: &SampleTable) -> Vec<BlockMasks> {
        blocks
            .iter()
            .map(|block| {
                let first = block.first_sample as usize;
                BlockMasks::new(&samples.sex[first..first + block.samples as usize])
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

/// The physical plan of a pass in this process, at most `concurrency` partitions at once.
///
/// # Errors
/// None that DataFusion would have with a table in memory.
pub fn local_plan(
    context: Arc<PassContext>,
    partitions: &[Descriptor],
    concurrency: usize,
) -> Result<Arc<dyn ExecutionPlan>, EngineError> {
    let scan = PassScanExec::new(PassWork::Here(context), descriptor_leaf(partitions)?);
    Ok(Arc::new(PassMergeExec::new(Arc::new(scan), concurrency)))
}

/// The physical plan of a pass on a cluster: its partitions' sums are committed to `partials`.
///
/// # Errors
/// None that DataFusion would have with a table in memory.
pub fn committed_plan(
    spec: PassSpec,
    partials: Partials,
    partitions: &[Descriptor],
) -> Result<Arc<dyn ExecutionPlan>, EngineError> {
    let scan = PassScanExec::new(PassWork::Named(spec), descriptor_leaf(partitions)?);
    Ok(Arc::new(PassCommitExec::new(Arc::new(scan), partials)))
}

#[cfg(test)]
mod tests;
