use std::{fmt, sync::Arc};

use datafusion::{
    arrow::array::RecordBatch,
    common::tree_node::TreeNodeRecursion,
    error::{DataFusionError, Result},
    execution::TaskContext,
    physical_expr::PhysicalExpr,
    physical_plan::{
        DisplayAs, DisplayFormatType, ExecutionPlan, PlanProperties, SendableRecordBatchStream,
        execution_plan::EmissionType, stream::RecordBatchStreamAdapter,
    },
};
use futures::{StreamExt, TryStreamExt, stream};
use tokio_util::sync::CancellationToken;

use super::{
    Descriptor, PartialSums, PassContext, PassContexts, PassOperand, PassSpec, adjoint, counts, forward,
    properties, runs,
};
use crate::EngineError;

/// What a scan works with: the context itself, or the names by which a worker finds it.
#[derive(Debug, Clone)]
pub enum PassWork {
    /// In the process that planned the pass.
    Here(Arc<PassContext>),
    /// Anywhere: the context comes from the [`PassContexts`] of the task's session.
    Named(PassSpec),
}

/// Reads the tiles that its input's descriptors name, checks them, and emits their sums, as rows of [`PartialSums`].
///
/// A partition runs on a blocking thread. When its stream is dropped, or the token is cancelled, it stops before the
/// next row group.
pub struct PassScanExec {
    work: PassWork,
    input: Arc<dyn ExecutionPlan>,
    cancel: CancellationToken,
    properties: Arc<PlanProperties>,
}

impl PassScanExec {
    /// A scan of what `input` describes, a [`super::descriptor_leaf`].
    pub fn new(work: PassWork, input: Arc<dyn ExecutionPlan>) -> Self {
        let partitions = input.properties().output_partitioning().partition_count();
        let properties = properties(PartialSums::schema(), partitions, EmissionType::Incremental);
        Self { work, input, cancel: CancellationToken::new(), properties }
    }

    /// The same scan, which stops when the token is cancelled.
    #[must_use]
    pub fn with_cancellation(&self, cancel: CancellationToken) -> Self {
        Self { cancel, ..Self::new(self.work.clone(), Arc::clone(&self.input)) }
    }

    /// What it works with.
    pub fn work(&self) -> &PassWork {
        &self.work
    }
}

/// Finds the context of a task. Blocks while a worker reads it.
fn context_of(work: &PassWork, contexts: Option<Arc<PassContexts>>) -> Result<Arc<PassContext>> {
    match work {
        PassWork::Here(context) => Ok(Arc::clone(context)),
        PassWork::Named(spec) => {
            let contexts =
                contexts.ok_or(EngineError::Internal("a named pass in a session without contexts"))?;
            contexts.context(spec).map_err(DataFusionError::Shared)
        }
    }
}

/// Sums the tiles of one partition.
fn sum_partition(
    context: &PassContext,
    descriptor: &Descriptor,
    cancel: &CancellationToken,
) -> Result<Vec<RecordBatch>, EngineError> {
    let tiles = descriptor.tiles.iter().map(|&tile| {
        if cancel.is_cancelled() {
            return Err(EngineError::Cancelled);
        }
        #[cfg(debug_assertions)]
        super::fault::before(tile);
        let groups = context.cohort.row_groups();
        groups.get(tile as usize).ok_or(EngineError::Internal("a row group that the cohort does not have"))
    });
    let sums = match &context.operand {
        PassOperand::Forward(operand) => forward::sum_tiles(context, operand, tiles)?,
        PassOperand::Adjoint(operand) => adjoint::sum_tiles(context, operand, tiles)?,
        PassOperand::Counts(operand) => counts::sum_tiles(context, operand, tiles)?,
        PassOperand::Runs(operand) => runs::work(context, operand, tiles)?,
    };
    let batches: Result<_> = sums.into_iter().map(|sums| sums.into_batch(descriptor.partition)).collect();
    Ok(batches?)
}

impl ExecutionPlan for PassScanExec {
    fn name(&self) -> &'static str {
        "PassScanExec"
    }

    fn properties(&self) -> &Arc<PlanProperties> {
        &self.properties
    }

    fn children(&self) -> Vec<&Arc<dyn ExecutionPlan>> {
        vec![&self.input]
    }

    // A round-robin below would hand descriptors to other partitions than the ones that they number.
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
        Ok(Arc::new(Self { cancel: self.cancel.clone(), ..Self::new(self.work.clone(), input) }))
    }

    fn execute(&self, partition: usize, task: Arc<TaskContext>) -> Result<SendableRecordBatchStream> {
        let descriptors = self.input.execute(partition, Arc::clone(&task))?;
        let contexts = task.session_config().get_extension::<PassContexts>();
        let work = self.work.clone();
        let cancel = self.cancel.child_token();
        let sums = async move {
            // Whoever drops the stream drops the guard.
            let _stop = cancel.clone().drop_guard();
            let descriptors: Vec<RecordBatch> = descriptors.try_collect().await?;
            let batches = tokio::task::spawn_blocking(move || {
                let context = context_of(&work, contexts)?;
                let mut batches = Vec::new();
                for batch in &descriptors {
                    for descriptor in Descriptor::from_batch(batch)? {
                        batches.extend(sum_partition(&context, &descriptor, &cancel)?);
                    }
                }
                Ok::<_, DataFusionError>(batches)
            })
            .await
            .map_err(|_| DataFusionError::from(EngineError::Lost("a scan")))??;
            Ok::<_, DataFusionError>(stream::iter(batches.into_iter().map(Ok)))
        };
        let batches = stream::once(sums).try_flatten().boxed();
        Ok(Box::pin(RecordBatchStreamAdapter::new(PartialSums::schema(), batches)))
    }
}

impl DisplayAs for PassScanExec {
    fn fmt_as(&self, _kind: DisplayFormatType, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.work {
            PassWork::Here(context) => write!(f, "PassScanExec: {:?}", context.operand),
            PassWork::Named(spec) => {
                write!(f, "PassScanExec: cohort={}, operand={}", spec.cohort_digest, spec.operand_blake3)
            }
        }
    }
}

impl fmt::Debug for PassScanExec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.fmt_as(DisplayFormatType::Default, f)
    }
}
