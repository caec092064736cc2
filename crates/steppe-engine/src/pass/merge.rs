use std::{fmt, sync::Arc};

use datafusion::{
    common::tree_node::TreeNodeRecursion,
    error::Result,
    execution::TaskContext,
    physical_expr::PhysicalExpr,
    physical_plan::{
        DisplayAs, DisplayFormatType, Distribution, ExecutionPlan, PlanProperties, SendableRecordBatchStream,
        execution_plan::EmissionType, stream::RecordBatchStreamAdapter,
    },
};
use futures::{StreamExt, TryStreamExt, stream};

use super::{MergedSums, PartialSums, properties};

/// Adds the partial sums of all partitions: one output partition with one row per key, in their order.
///
/// It drives its input's partitions itself, at most `concurrency` at once, so that many small partitions balance
/// the work of few threads.
pub struct PassMergeExec {
    input: Arc<dyn ExecutionPlan>,
    concurrency: usize,
    properties: Arc<PlanProperties>,
}

impl PassMergeExec {
    /// Merges the partitions of `input`, whose rows are [`PartialSums`].
    pub fn new(input: Arc<dyn ExecutionPlan>, concurrency: usize) -> Self {
        let properties = properties(PartialSums::schema(), 1, EmissionType::Final);
        Self { input, concurrency: concurrency.max(1), properties }
    }
}

impl ExecutionPlan for PassMergeExec {
    fn name(&self) -> &'static str {
        "PassMergeExec"
    }

    fn properties(&self) -> &Arc<PlanProperties> {
        &self.properties
    }

    fn children(&self) -> Vec<&Arc<dyn ExecutionPlan>> {
        vec![&self.input]
    }

    fn required_input_distribution(&self) -> Vec<Distribution> {
        vec![Distribution::UnspecifiedDistribution]
    }

    fn benefits_from_input_partitioning(&self) -> Vec<bool> {
        vec![false]
    }

    fn apply_expressions(
        &self,
        _visit: &mut dyn FnMut(&Arc<dyn PhysicalExpr>) -> Result<TreeNodeRecursion>,
    ) -> Result<TreeNodeRecursion> {
        Ok(TreeNodeRecursion::Continue)
    }

    fn with_new_children(
        self: Arc<Self>,
        children: Vec<Arc<dyn ExecutionPlan>>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let input = children.into_iter().next().unwrap_or_else(|| Arc::clone(&self.input));
        Ok(Arc::new(Self::new(input, self.concurrency)))
    }

    fn execute(&self, _partition: usize, task: Arc<TaskContext>) -> Result<SendableRecordBatchStream> {
        let streams = (0..self.input.properties().output_partitioning().partition_count())
            .map(|partition| self.input.execute(partition, Arc::clone(&task)))
            .collect::<Result<Vec<_>>>()?;
        let concurrency = self.concurrency;
        let merged = async move {
            let mut merged = MergedSums::default();
            let mut batches = stream::iter(streams).flatten_unordered(concurrency);
            while let Some(batch) = batches.try_next().await? {
                merged.add(PartialSums::from_batch(batch)?.1);
            }
            Ok::<_, datafusion::error::DataFusionError>(stream::iter(
                merged.into_keys().map(|sums| sums.into_batch(0)),
            ))
        };
        let rows = stream::once(merged).try_flatten().boxed();
        Ok(Box::pin(RecordBatchStreamAdapter::new(PartialSums::schema(), rows)))
    }
}

impl DisplayAs for PassMergeExec {
    fn fmt_as(&self, _kind: DisplayFormatType, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PassMergeExec: concurrency={}", self.concurrency)
    }
}

impl fmt::Debug for PassMergeExec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.fmt_as(DisplayFormatType::Default, f)
    }
}
