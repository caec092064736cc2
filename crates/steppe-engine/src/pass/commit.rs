use std::{
    fmt,
    sync::Arc,
    time::{Duration, Instant},
};

use datafusion::{
    arrow::{
        array::{BooleanArray, RecordBatch, UInt32Array},
        datatypes::{DataType, Field, Schema, SchemaRef},
    },
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
use steppe_store::Location;

use super::{Descriptor, PartialSums, Partials, PassScanExec, PassWork, properties};
use crate::EngineError;

/// A commit so long after its task began may have outlived its job: the worker may have stood still meanwhile.
const LONG: Duration = Duration::from_secs(2);

/// Commits what each partition of a scan has summed, and emits a receipt: its number, and whether it was the first to
/// commit. Sums never travel between workers; whoever merges them reads them from the store.
pub struct PassCommitExec {
    input: Arc<dyn ExecutionPlan>,
    partials: Partials,
    properties: Arc<PlanProperties>,
}

impl PassCommitExec {
    /// Commits the partitions of `input`, a [`super::PassScanExec`].
    pub fn new(input: Arc<dyn ExecutionPlan>, partials: Partials) -> Self {
        let partitions = input.properties().output_partitioning().partition_count();
        let properties = properties(Self::schema(), partitions, EmissionType::Final);
        Self { input, partials, properties }
    }

    /// The columns of a receipt.
    pub fn schema() -> SchemaRef {
        Arc::new(Schema::new(vec![
            Field::new("partition", DataType::UInt32, false),
            Field::new("first", DataType::Boolean, false),
        ]))
    }

    /// Where the sums go.
    pub fn partials(&self) -> &Partials {
        &self.partials
    }
}

/// A task's commits.
#[derive(Clone)]
struct Commits {
    partials: Partials,
    /// Where the pass's operand is: once it is gone, nobody merges the pass's sums.
    operand: Option<String>,
    began: Instant,
}

impl Commits {
    /// Commits a partition off the runtime's threads.
    async fn commit(&self, partition: u32, sums: Vec<PartialSums>) -> Result<RecordBatch> {
        let commits = self.clone();
        let first = tokio::task::spawn_blocking(move || commits.commit_here(partition, &sums))
            .await
            .map_err(|_| EngineError::Lost("a commit"))??;
        receipt(partition, first)
    }

    fn commit_here(&self, partition: u32, sums: &[PartialSums]) -> Result<bool, EngineError> {
        let first = self.partials.commit(partition, sums)?;
        if let Some(operand) = &self.operand
            && self.began.elapsed() > LONG
            && !Location::parse(operand)?.exists()?
        {
            // Nobody will merge these sums, nor remove them.
            self.partials.discard(partition)?;
            return Err(EngineError::Lost("the job of a late commit"));
        }
        Ok(first)
    }
}

/// The receipts of partitions that are all committed already: a task that runs again because its worker died after the
/// commit has nothing to do.
async fn committed(
    partials: &Partials,
    descriptors: SendableRecordBatchStream,
) -> Result<Option<Vec<RecordBatch>>> {
    let batches: Vec<RecordBatch> = descriptors.try_collect().await?;
    let mut partitions = Vec::new();
    for batch in &batches {
        partitions.extend(Descriptor::from_batch(batch)?.into_iter().map(|descriptor| descriptor.partition));
    }
    let partials = partials.clone();
    let looked = tokio::task::spawn_blocking(move || {
        for &partition in &partitions {
            if !partials.has(partition)? {
                return Ok(None);
            }
        }
        Ok::<_, EngineError>(Some(partitions))
    });
    let Some(partitions) = looked.await.map_err(|_| EngineError::Lost("a look at what is committed"))??
    else {
        return Ok(None);
    };
    partitions.into_iter().map(|partition| receipt(partition, false)).collect::<Result<_>>().map(Some)
}

fn receipt(partition: u32, first: bool) -> Result<RecordBatch> {
    let columns: [Arc<dyn datafusion::arrow::array::Array>; 2] =
        [Arc::new(UInt32Array::from(vec![partition])), Arc::new(BooleanArray::from(vec![first]))];
    Ok(RecordBatch::try_new(PassCommitExec::schema(), columns.into())?)
}

impl ExecutionPlan for PassCommitExec {
    fn name(&self) -> &'static str {
        "PassCommitExec"
    }

    fn properties(&self) -> &Arc<PlanProperties> {
        &self.properties
    }

    fn children(&self) -> Vec<&Arc<dyn ExecutionPlan>> {
        vec![&self.input]
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
        Ok(Arc::new(Self::new(input, self.partials.clone())))
    }

    fn execute(&self, partition: usize, task: Arc<TaskContext>) -> Result<SendableRecordBatchStream> {
        let descriptors =
            self.input.children().first().map(|leaf| leaf.execute(partition, Arc::clone(&task)));
        let input = Arc::clone(&self.input);
        let operand = input.downcast_ref::<PassScanExec>().and_then(|scan| match scan.work() {
            PassWork::Named(spec) => Some(spec.operand.clone()),
            PassWork::Here(_) => None,
        });
        let commits = Commits { partials: self.partials.clone(), operand, began: Instant::now() };
        let receipts = async move {
            if let Some(descriptors) = descriptors
                && let Some(receipts) = committed(&commits.partials, descriptors?).await?
            {
                return Ok(stream::iter(receipts.into_iter().map(Ok).collect::<Vec<_>>()));
            }
            let mut batches = input.execute(partition, task)?;
            let mut receipts = Vec::new();
            let mut current: Option<(u32, Vec<PartialSums>)> = None;
            while let Some(batch) = batches.try_next().await? {
                let (partition, sums) = PartialSums::from_batch(batch)?;
                match &mut current {
                    Some((known, all)) if *known == partition => all.push(sums),
                    _ => {
                        if let Some((done, sums)) = current.replace((partition, vec![sums])) {
                            receipts.push(commits.commit(done, sums).await?);
                        }
                    }
                }
            }
            if let Some((done, sums)) = current {
                receipts.push(commits.commit(done, sums).await?);
            }
            Ok::<_, DataFusionError>(stream::iter(receipts.into_iter().map(Ok).collect::<Vec<_>>()))
        };
        let receipts = stream::once(receipts).try_flatten().boxed();
        Ok(Box::pin(RecordBatchStreamAdapter::new(Self::schema(), receipts)))
    }
}

impl DisplayAs for PassCommitExec {
    fn fmt_as(&self, _kind: DisplayFormatType, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PassCommitExec: folder={}", self.partials.folder())
    }
}

impl fmt::Debug for PassCommitExec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.fmt_as(DisplayFormatType::Default, f)
    }
}
