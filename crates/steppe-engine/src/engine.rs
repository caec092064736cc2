use std::sync::Arc;

use datafusion::{execution::TaskContext, physical_plan::ExecutionPlan};
use futures::TryStreamExt;

use crate::{
    EngineError,
    pass::{PartialSums, PassContext, TileOrder, local_plan, plan_tiles},
};

/// Partitions per thread: enough that the last one to finish does not keep the others waiting. With many lanes a
/// partition's sums are larger than its tiles, and fewer partitions are better.
const PARTITIONS_PER_THREAD: [usize; 2] = [12, 6];
/// From so many weight lanes on they are many.
const MANY_LANES: usize = 256;

/// Runs passes. The plan is the same wherever it runs.
pub trait Engine: Send + Sync {
    /// A pass over the sample blocks for which `wanted` is true: one [`PartialSums`] for each block that has a tile, in
    /// block order, or for each run of variants, in variant order.
    ///
    /// # Errors
    /// A tile that can not be read or whose checksum does not match.
    fn run(
        &self,
        context: Arc<PassContext>,
        wanted: &dyn Fn(u32) -> bool,
    ) -> Result<Vec<PartialSums>, EngineError>;

    /// Whether passes run in other processes: what needs all samples of a run of variants then goes there too.
    fn is_elsewhere(&self) -> bool {
        false
    }
}

/// Runs passes in this process, on its own threads.
pub struct LocalEngine {
    runtime: tokio::runtime::Runtime,
    threads: usize,
    order: TileOrder,
}

impl LocalEngine {
    /// An engine on so many threads.
    ///
    /// # Errors
    /// When the system gives no threads.
    pub fn new(threads: usize) -> Result<Self, EngineError> {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(threads.max(1))
            .max_blocking_threads(threads.max(1) + 2)
            .thread_name("steppe")
            .enable_all()
            .build()
            .map_err(EngineError::write("can not start threads"))?;
        Ok(Self { runtime, threads: threads.max(1), order: TileOrder::Stored })
    }

    /// Hands tiles out in another order; results are the same bits.
    #[must_use]
    pub fn with_tile_order(mut self, order: TileOrder) -> Self {
        self.order = order;
        self
    }

    /// How many threads there are.
    pub fn threads(&self) -> usize {
        self.threads
    }

    /// Waits for a future on this engine's threads.
    pub fn wait<F: Future>(&self, future: F) -> F::Output {
        self.runtime.block_on(future)
    }

    fn collect(&self, plan: &Arc<dyn ExecutionPlan>) -> Result<Vec<PartialSums>, EngineError> {
        let stream = plan.execute(0, Arc::new(TaskContext::default()))?;
        let batches: Vec<_> = self.runtime.block_on(stream.try_collect())?;
        batches.into_iter().map(|batch| Ok(PartialSums::from_batch(batch)?.1)).collect()
    }
}

impl Engine for LocalEngine {
    fn run(
        &self,
        context: Arc<PassContext>,
        wanted: &dyn Fn(u32) -> bool,
    ) -> Result<Vec<PartialSums>, EngineError> {
        let partitions = plan_tiles(
            context.cohort.row_groups(),
            &context.operand,
            wanted,
            self.threads * PARTITIONS_PER_THREAD[usize::from(context.operand.lanes() >= MANY_LANES)],
            self.order,
        );
        let plan = local_plan(context, &partitions, self.threads)?;
        tracing::debug!(plan = %datafusion::physical_plan::displayable(plan.as_ref()).indent(false), "a pass");
        self.collect(&plan)
    }
}
