use std::{
    collections::HashMap,
    sync::Arc,
    time::{Duration, Instant},
};

use steppe_engine::{
    Engine, EngineError, ErrorKind,
    pass::{
        Descriptor, MergedSums, PartialSums, Partials, PassContext, PassSpec, TileOrder, committed_plan,
        plan_tiles,
    },
};
use steppe_store::{Location, RowGroup};
use tokio::runtime::Handle;
use tokio_util::sync::CancellationToken;

use crate::{
    ClusterError, Scheduler,
    deaths::Deaths,
    failure::Failure,
    scheduler::{Outcome, Submitted},
};

/// Partitions of a pass: the same for any number of workers, so that what one coordinator has committed serves the next.
const PARTITIONS: usize = 48;
/// Partial sums of fewer bytes than this cost nothing, however many there are.
const SMALL_SUMS: u64 = 1 << 20;
/// Larger ones go through the store: there are so few of them that they are at most this part of the tiles.
const SUMS_SHARE: u64 = 8;
/// How often progress is looked at.
const POLL: Duration = Duration::from_millis(50);
/// Without any progress for this long a pass is taken for lost. A worker's death takes 22 s to be noticed.
const STUCK: Duration = Duration::from_secs(60);
/// How often a pass is submitted again before it is given up.
const ATTEMPTS: u32 = 5;
/// A pass that fails again and again without a single partition done is given up after this long.
const BUDGET: Duration = Duration::from_secs(100);
/// A pass that fails again and again, and of which nothing was committed for so long, is given up.
const GIVE_UP: Duration = Duration::from_secs(60);
/// Before a pass that has failed is submitted again; longer each time.
const PAUSE: Duration = Duration::from_secs(1);
/// How long a pass waits for workers while there are none.
const GRACE: Duration = Duration::from_secs(60);
/// A partition over which so many workers have died is set aside.
const MOST_DEATHS: u32 = 3;

/// Runs passes on the workers of a [`Scheduler`].
#[derive(Debug, Clone)]
pub struct ClusterEngine {
    scheduler: Scheduler,
    runtime: Handle,
    /// The job's folder: operands and partial sums.
    folder: Location,
    cancel: CancellationToken,
    grace: Duration,
    patience: Duration,
    passing: bool,
}

impl ClusterEngine {
    /// An engine for one job. Its folder is reached by all workers; what is left there from an earlier attempt at the
    /// same job is used.
    pub fn new(scheduler: Scheduler, runtime: Handle, folder: Location) -> Self {
        let cancel = CancellationToken::new();
        Self { scheduler, runtime, folder, cancel, grace: GRACE, patience: STUCK, passing: false }
    }

    /// The same engine, whose passes end with [`EngineError::Cancelled`] when the token is cancelled. Workers stop
    /// before their next row group; what is committed stays.
    #[must_use]
    pub fn with_cancellation(self, cancel: CancellationToken) -> Self {
        Self { cancel, ..self }
    }

    /// The same engine, which waits so long for workers while there are none.
    #[must_use]
    pub fn with_grace(self, grace: Duration) -> Self {
        Self { grace, ..self }
    }

    /// The same engine, which removes a pass's operand and partial sums once it is merged: for jobs of many passes that
    /// keep what they have found out in another way.
    #[must_use]
    pub fn with_passing_sums(self) -> Self {
        Self { passing: true, ..self }
    }

    /// The same engine, which takes a pass without any progress for lost after this long.
    #[must_use]
    pub fn with_patience(self, patience: Duration) -> Self {
        Self { patience, ..self }
    }

    /// Computes the partitions that are not committed yet.
    async fn complete(&self, pass: &Pass<'_>) -> Result<(), EngineError> {
        let mut last = ClusterError::Stuck { seconds: self.patience.as_secs(), attempts: ATTEMPTS as usize };
        let mut deaths = HashMap::new();
        let (mut best, mut moved) = (usize::MAX, Instant::now());
        for attempt in 0..ATTEMPTS {
            let missing = self.missing(&pass.partials, pass.partitions).await?;
            pass.tell(missing.len());
            if missing.is_empty() {
                return Ok(());
            }
            if attempt > 0 {
                pass.context.progress.retried(missing.len() as u64);
            }
            if missing.len() < best {
                (best, moved) = (missing.len(), Instant::now());
            } else if moved.elapsed() > BUDGET {
                break;
            }
            let kind = pass.context.operand.name();
            tracing::info!(attempt, missing = missing.len(), of = pass.partitions.len(), "a {kind} pass");
            let plan = committed_plan(pass.spec.clone(), pass.partials.clone(), &missing)?;
            let name = format!("{kind} {}", pass.spec.cohort_digest);
            let mut submitted = self.scheduler.submit(&name, plan).await?;
            match self.watch(pass, &mut submitted, &missing, &mut deaths).await {
                Ended::Succeeded => {}
                Ended::Failed(failure) if failure.kind.is_transient() => {
                    tracing::warn!(attempt, reason = failure.message, "a pass failed");
                    last = failure.into();
                    if moved.elapsed() > GIVE_UP {
                        break;
                    }
                    tokio::time::sleep(PAUSE * (attempt + 1)).await;
                }
                Ended::Failed(failure) => return Err(ClusterError::from(failure).into()),
                Ended::Stuck => self.scheduler.cancel(&submitted).await?,
                Ended::GivenUp(error) => {
                    self.scheduler.cancel(&submitted).await?;
                    return Err(error);
                }
            }
        }
        if self.missing(&pass.partials, pass.partitions).await?.is_empty() {
            Ok(())
        } else {
            Err(last.into())
        }
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

    /// Waits for the end, tells progress on, and looks after the workers. `deaths` counts by partition of the pass.
    async fn watch(
        &self,
        pass: &Pass<'_>,
        submitted: &mut Submitted,
        missing: &[Descriptor],
        deaths: &mut HashMap<u32, u32>,
    ) -> Ended {
        let mut seen = Deaths::default();
        let (mut told, mut moved, mut peopled) = (0, Instant::now(), Instant::now());
        loop {
            tokio::select! {
                outcome = self.scheduler.outcome(submitted) => {
                    return match outcome {
                        Outcome::Succeeded => {
                            pass.advance(missing, told, missing.len());
                            Ended::Succeeded
                        }
                        Outcome::Failed(reason) => Ended::Failed(Failure::at_coordinator(&reason)),
                    };
                }
                () = self.cancel.cancelled() => return Ended::GivenUp(EngineError::Cancelled),
                () = tokio::time::sleep(POLL) => {}
            }
            let lives = self.scheduler.lives();
            if !lives.is_empty() {
                peopled = Instant::now();
            } else if peopled.elapsed() > self.grace {
                let seconds = self.grace.as_secs();
                return Ended::GivenUp(ClusterError::NoWorkers { seconds }.into());
            }
            let Some(standing) = self.scheduler.standing(submitted).await else { continue };
            // A worker's tasks die together: whoever ran beside the one to blame three times is named with it.
            let mut suspects = Vec::new();
            for descriptor in seen.look(&standing, &lives).into_iter().filter_map(|at| missing.get(at)) {
                let count = deaths.entry(descriptor.partition).or_default();
                *count += 1;
                if *count >= MOST_DEATHS {
                    suspects.push(pass.names(descriptor));
                }
                pass.context.progress.retried(1);
            }
            if !suspects.is_empty() {
                let (deaths, tiles) = (MOST_DEATHS, suspects.join(" or "));
                return Ended::GivenUp(ClusterError::Quarantined { deaths, tiles }.into());
            }
            if standing.done > told {
                pass.advance(missing, told, standing.done);
                (told, moved) = (standing.done, Instant::now());
            }
            if moved.elapsed() > self.patience && !lives.is_empty() {
                return Ended::Stuck;
            }
        }
    }
}

/// A pass while it is completed.
struct Pass<'a> {
    context: &'a PassContext,
    spec: PassSpec,
    partials: Partials,
    partitions: &'a [Descriptor],
}

impl Pass<'_> {
    /// Tells how many partitions are committed; genotypes of those that were so before count as read.
    fn tell(&self, missing: usize) {
        let all = self.partitions.len();
        self.context.progress.tiles((all - missing) as u64, all as u64);
    }

    /// Tells that of the missing partitions `done` are done, of which `told` were told before.
    fn advance(&self, missing: &[Descriptor], told: usize, done: usize) {
        let share = genotypes(self.context, missing) / (missing.len() as u64).max(1);
        self.context.progress.advance(share * done.saturating_sub(told) as u64);
        self.tell(missing.len().saturating_sub(done));
    }

    /// The tiles of a partition, for people.
    fn names(&self, descriptor: &Descriptor) -> String {
        let groups = self.context.cohort.row_groups();
        let named = |&tile: &u32| {
            let group = groups.get(tile as usize)?;
            Some(format!("block {} part {} row group {}", group.block, group.part, group.row_group))
        };
        let all: Vec<String> = descriptor.tiles.iter().filter_map(named).collect();
        match &all[..] {
            [first, .., last] => format!("{} tiles ({first} to {last})", all.len()),
            few => few.join(", "),
        }
    }
}

/// How a submission ended.
enum Ended {
    Succeeded,
    Failed(Failure),
    /// Nothing has moved for too long.
    Stuck,
    /// There is no use in going on.
    GivenUp(EngineError),
}

impl Engine for ClusterEngine {
    fn run(
        &self,
        context: Arc<PassContext>,
        wanted: &dyn Fn(u32) -> bool,
    ) -> Result<Vec<PartialSums>, EngineError> {
        let spec = PassSpec::publish(&context.cohort, &context.operand, &self.folder)?;
        let partitions = plan_tiles(
            context.cohort.row_groups(),
            &context.operand,
            wanted,
            partitions_for(&context),
            TileOrder::Stored,
        );
        let partials = Partials::of(&self.folder, &spec, &partitions);
        let pass = Pass { context: &context, spec, partials, partitions: &partitions };
        self.runtime.block_on(self.complete(&pass))?;
        let merged = merge(&pass.partials, &partitions)?;
        if self.passing {
            // The operand first: a worker that commits late looks whether it is still there.
            Location::parse(&pass.spec.operand)?.delete()?;
            pass.partials.remove()?;
        }
        Ok(merged)
    }

    fn is_elsewhere(&self) -> bool {
        true
    }
}

/// Into how many partitions a pass is cut. It depends on the cohort and the operand alone.
fn partitions_for(context: &PassContext) -> usize {
    if context.operand.is_by_variant() {
        return PARTITIONS;
    }
    let lanes = (context.operand.lanes() + context.operand.count_lanes()) as u64;
    let blocks = context.cohort.blocks();
    let widest = blocks.iter().map(|block| u64::from(block.samples)).max().unwrap_or(0);
    let sums = widest * lanes * size_of::<i64>() as u64;
    if sums < SMALL_SUMS {
        return PARTITIONS;
    }
    let needed =
        |group: &&RowGroup| context.operand.needs(group.first_variant, group.first_variant + group.rows);
    let tiles: u64 = context.cohort.row_groups().iter().filter(needed).map(|group| group.bytes).sum();
    let affordable = usize::try_from(tiles / (SUMS_SHARE * sums)).unwrap_or(PARTITIONS);
    affordable.clamp(blocks.len().min(PARTITIONS), PARTITIONS)
}

/// Adds all partitions' sums.
fn merge(partials: &Partials, partitions: &[Descriptor]) -> Result<Vec<PartialSums>, EngineError> {
    let mut merged = MergedSums::default();
    for descriptor in partitions {
        let sums = partials.read(descriptor.partition).inspect_err(|error| {
            // The next attempt sums this partition again; what is corrupt is of no use to it.
            if error.kind() == ErrorKind::DataLoss
                && let Err(error) = partials.discard(descriptor.partition)
            {
                tracing::warn!(%error, "corrupt partial sums stay where they are");
            }
        })?;
        sums.into_iter().for_each(|sums| merged.add(sums));
    }
    Ok(merged.into_keys().collect())
}

fn genotypes(context: &PassContext, partitions: &[Descriptor]) -> u64 {
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
