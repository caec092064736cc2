use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use steppe_engine::{
    Engine, EngineError,
    pass::forward::{
        BlockSums, Descriptor, ForwardContext, ForwardSpec, MergedSums, Partials, TileOrder,
        committed_forward_plan, plan_tiles,
    },
};
use steppe_store::Location;
use tokio::runtime::Handle;
use tokio_util::sync::CancellationToken;

use crate::{
    ClusterError, Scheduler,
    scheduler::{Outcome, Submitted},
};

/// Partitions of a pass: the same for any number of workers, so that what one coordinator has committed serves the next.
const PARTITIONS: usize = 48;
/// How often progress is looked at.
const POLL: Duration = Duration::from_millis(50);
/// Without any progress for this long a pass is taken for lost. A worker's death takes 22 s to be noticed.
const STUCK: Duration = Duration::from_secs(60);
/// How often a pass is submitted again before it is given up.
const ATTEMPTS: usize = 5;

/// Runs passes on the workers of a [`Scheduler`].
#[derive(Debug, Clone)]
pub struct ClusterEngine {
    scheduler: Scheduler,
    runtime: Handle,
    /// The job's folder: operands and partial sums.
    folder: Location,
    cancel: CancellationToken,
}

impl ClusterEngine {
    /// An engine for one job. Its folder is reached by all workers; what is left there from an earlier attempt at the
    /// same job is used.
    pub fn new(scheduler: Scheduler, runtime: Handle, folder: Location) -> Self {
        Self { scheduler, runtime, folder, cancel: CancellationToken::new() }
    }

    /// The same engine, whose passes end with [`EngineError::Cancelled`] when the token is cancelled. Workers stop
    /// before their next row group; what is committed stays.
    #[must_use]
    pub fn with_cancellation(self, cancel: CancellationToken) -> Self {
        Self { cancel, ..self }
    }

    /// Computes the partitions that are not committed yet.
    async fn complete(
        &self,
        context: &ForwardContext,
        spec: &ForwardSpec,
        partials: &Partials,
        partitions: &[Descriptor],
    ) -> Result<(), EngineError> {
        let mut last = ClusterError::Stuck { seconds: STUCK.as_secs(), attempts: ATTEMPTS };
        for attempt in 0..ATTEMPTS {
            let missing = self.missing(partials, partitions).await?;
            if missing.is_empty() {
                return Ok(());
            }
            tracing::info!(
                attempt,
                missing = missing.len(),
                of = partitions.len(),
                "submitting a forward pass"
            );
            let plan = committed_forward_plan(spec.clone(), partials.clone(), &missing)?;
            let mut submitted = self.scheduler.submit("forward", plan).await?;
            match self.watch(context, &mut submitted, &missing).await {
                Ended::Succeeded => {}
                Ended::Failed(reason) => last = ClusterError::Failed { reason },
                Ended::Stuck => self.scheduler.cancel(&submitted).await?,
                Ended::Cancelled => {
                    self.scheduler.cancel(&submitted).await?;
                    return Err(EngineError::Cancelled);
                }
            }
        }
        if self.missing(partials, partitions).await?.is_empty() { Ok(()) } else { Err(last.into()) }
    }

    async fn missing(
        &self,
        partials: &Partials,
        partitions: &[Descriptor],
    ) -> Result<Vec<Descriptor>, EngineError> {
        let listed = partials.clone();
        let done = off_runtime(move || listed.done()).await?;
        Ok(partitions
            .iter()
            .filter(|descriptor| done.binary_search(&descriptor.partition).is_err())
            .cloned()
            .collect())
    }

    /// Waits for the end, and tells progress on.
    async fn watch(
        &self,
        context: &ForwardContext,
        submitted: &mut Submitted,
        partitions: &[Descriptor],
    ) -> Ended {
        let share = genotypes(context, partitions) / (partitions.len() as u64).max(1);
        let (mut told, mut moved) = (0, Instant::now());
        loop {
            tokio::select! {
                outcome = self.scheduler.outcome(submitted) => {
                    return match outcome {
                        Outcome::Succeeded => {
                            context.progress.advance(share * (partitions.len() - told) as u64);
                            Ended::Succeeded
                        }
                        Outcome::Failed(reason) => Ended::Failed(reason),
                    };
                }
                () = self.cancel.cancelled() => return Ended::Cancelled,
                () = tokio::time::sleep(POLL) => {}
            }
            let done = self.scheduler.done(submitted).await.unwrap_or(told);
            if done > told {
                context.progress.advance(share * (done - told) as u64);
                (told, moved) = (done, Instant::now());
            }
            if moved.elapsed() > STUCK {
                return Ended::Stuck;
            }
        }
    }
}

/// How a submission ended.
enum Ended {
    Succeeded,
    Failed(String),
    /// Nothing has moved for too long.
    Stuck,
    Cancelled,
}

impl Engine for ClusterEngine {
    fn forward(
        &self,
        context: Arc<ForwardContext>,
        wanted: &dyn Fn(u32) -> bool,
    ) -> Result<Vec<BlockSums>, EngineError> {
        let spec = ForwardSpec::publish(&context.cohort, &context.operand, &self.folder)?;
        let partitions =
            plan_tiles(context.cohort.row_groups(), &context.operand, wanted, PARTITIONS, TileOrder::Stored);
        let partials = Partials::of(&self.folder, &spec, &partitions);
        self.runtime.block_on(self.complete(&context, &spec, &partials, &partitions))?;
        merge(&partials, &partitions)
    }
}

/// Adds all partitions' sums, block by block.
fn merge(partials: &Partials, partitions: &[Descriptor]) -> Result<Vec<BlockSums>, EngineError> {
    let mut merged = MergedSums::default();
    for descriptor in partitions {
        partials.read(descriptor.partition)?.into_iter().for_each(|sums| merged.add(sums));
    }
    Ok(merged.into_blocks().collect())
}

fn genotypes(context: &ForwardContext, partitions: &[Descriptor]) -> u64 {
    let groups = context.cohort.row_groups();
    partitions
        .iter()
        .flat_map(|descriptor| &descriptor.tiles)
        .filter_map(|&tile| groups.get(tile as usize))
        .map(|group| context.genotypes(group))
        .sum()
}

async fn off_runtime<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, EngineError> + Send + 'static,
) -> Result<T, EngineError> {
    tokio::task::spawn_blocking(work).await.map_err(|_| EngineError::Lost("a listing"))?
}
