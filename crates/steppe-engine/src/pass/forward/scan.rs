use std::{fmt, sync::Arc};

use datafusion::{
    arrow::array::RecordBatch,
    common::tree_node::TreeNodeRecursion,
    error::{DataFusionError, Result},
    execution::TaskContext,
    physical_expr::{EquivalenceProperties, PhysicalExpr},
    physical_plan::{
        DisplayAs, DisplayFormatType, ExecutionPlan, Partitioning, PlanProperties, SendableRecordBatchStream,
        execution_plan::{Boundedness, EmissionType},
        stream::RecordBatchStreamAdapter,
    },
};
use futures::{StreamExt, TryStreamExt, stream};
use steppe_store::Scratch;

use super::{BlockSums, ForwardContext, kernel_loop::BlockPass};
use crate::EngineError;

/// The leaf of a forward pass: reads tiles, checks them, and emits the sums of every block it touched.
///
/// Partition `p` works through its own list of row groups on a blocking thread; its rows are [`BlockSums`].
pub struct ForwardScanExec {
    context: Arc<ForwardContext>,
    partitions: Arc<Vec<Vec<usize>>>,
    properties: Arc<PlanProperties>,
}

impl ForwardScanExec {
    /// A scan of the given lists of row groups, by index in the context.
    pub fn new(context: Arc<ForwardContext>, partitions: Vec<Vec<usize>>) -> Self {
        let properties = Arc::new(PlanProperties::new(
            EquivalenceProperties::new(BlockSums::schema()),
            Partitioning::UnknownPartitioning(partitions.len()),
            EmissionType::Incremental,
            Boundedness::Bounded,
        ));
        Self { context, partitions: Arc::new(partitions), properties }
    }
}

/// Sums the tiles of one partition. A block's sums are emitted when the list moves on to another block, and only
/// when every tile in them has passed its checksum.
fn sum_partition(context: &ForwardContext, tiles: &[usize]) -> Result<Vec<RecordBatch>, EngineError> {
    let mut scratch = Scratch::default();
    let mut batches = Vec::new();
    let mut current: Option<BlockPass<'_>> = None;
    for &tile in tiles {
        let group = &context.row_groups[tile];
        if current.as_ref().is_some_and(|pass| pass.block() != group.block)
            && let Some(done) = current.take()
        {
            batches.push(done.finish()?.into_batch()?);
        }
        let pass =
            current.get_or_insert_with(|| BlockPass::new(context, &context.blocks[group.block as usize]));
        pass.add_row_group(group, &mut scratch)?;
    }
    if let Some(done) = current {
        batches.push(done.finish()?.into_batch()?);
    }
    Ok(batches)
}

impl ExecutionPlan for ForwardScanExec {
    fn name(&self) -> &'static str {
        "ForwardScanExec"
    }

    fn properties(&self) -> &Arc<PlanProperties> {
        &self.properties
    }

    fn children(&self) -> Vec<&Arc<dyn ExecutionPlan>> {
        Vec::new()
    }

    fn apply_expressions(
        &self,
        _visit: &mut dyn FnMut(&Arc<dyn PhysicalExpr>) -> Result<TreeNodeRecursion>,
    ) -> Result<TreeNodeRecursion> {
        Ok(TreeNodeRecursion::Continue)
    }

    fn with_new_children(
        self: Arc<Self>,
        _children: Vec<Arc<dyn ExecutionPlan>>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        Ok(self)
    }

    fn execute(&self, partition: usize, _task: Arc<TaskContext>) -> Result<SendableRecordBatchStream> {
        let context = Arc::clone(&self.context);
        let partitions = Arc::clone(&self.partitions);
        let work = async move {
            let batches = tokio::task::spawn_blocking(move || {
                let tiles = partitions.get(partition).map_or(&[][..], Vec::as_slice);
                sum_partition(&context, tiles)
            })
            .await
            .map_err(|_| DataFusionError::from(EngineError::Lost("a forward scan")))??;
            Ok::<_, DataFusionError>(stream::iter(batches.into_iter().map(Ok)))
        };
        let batches = stream::once(work).try_flatten().boxed();
        Ok(Box::pin(RecordBatchStreamAdapter::new(BlockSums::schema(), batches)))
    }
}

impl DisplayAs for ForwardScanExec {
    fn fmt_as(&self, _kind: DisplayFormatType, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "ForwardScanExec: partitions={}, tiles={}, weight_lanes={}, count_lanes={}",
            self.partitions.len(),
            self.partitions.iter().map(Vec::len).sum::<usize>(),
            self.context.operand.weights.len(),
            self.context.operand.counts.len(),
        )
    }
}

impl fmt::Debug for ForwardScanExec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.fmt_as(DisplayFormatType::Default, f)
    }
}
