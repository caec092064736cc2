//! What a process counts. The names and help texts are in [`families`]; here is what changes them.

mod families;
mod job_tiles;
mod process;
mod scrape;
mod workers;

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant, SystemTime},
};

use prometheus_client::{encoding::text, registry::Registry};
use steppe_store::{StoreOperation, StoreOutcome};
use tonic::Code;

pub use job_tiles::JobTiles;
pub use workers::{NAMED_WORKERS, WorkerName};

use self::{families::Families, process::Process, scrape::AtScrape, workers::Workers};
use super::{
    OperationsError,
    labels::{ApiMethod, AttemptReason, ByteDirection, CacheOutcome, Label, TileState},
};
use crate::{audit::Outcome, jobs::JobState};

/// Everything that a process counts. Clones are cheap and share the figures.
#[derive(Debug, Clone)]
pub struct Metrics(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    families: Families,
    workers: Arc<Workers>,
    oldest_queued: Arc<Mutex<Option<SystemTime>>>,
    registry: Registry,
}

impl Default for Metrics {
    fn default() -> Self {
        Self::new()
    }
}

impl Metrics {
    /// All figures at zero.
    pub fn new() -> Self {
        let mut registry = Registry::default();
        let families = Families::register(&mut registry);
        let workers = Arc::new(Workers::default());
        let oldest_queued = Arc::new(Mutex::new(None));
        registry.register_collector(Box::new(AtScrape {
            workers: Arc::clone(&workers),
            oldest_queued: Arc::clone(&oldest_queued),
            process: Process::now(),
        }));
        Self(Arc::new(Inner { families, workers, oldest_queued, registry }))
    }

    /// Everything as OpenMetrics text.
    ///
    /// # Errors
    /// [`OperationsError::MetricsText`], which no input can cause.
    pub fn render(&self) -> Result<String, OperationsError> {
        let mut text = String::new();
        text::encode(&mut text, &self.0.registry)?;
        Ok(text)
    }

    /// The tiles of a job that runs, of which `committed` are done already. They count until the value is dropped.
    pub fn job_tiles(&self, pending: u64, committed: u64) -> JobTiles {
        JobTiles::new(self.clone(), pending, committed)
    }

    /// An attempt at a tile begins.
    pub fn tile_attempted(&self, reason: AttemptReason) {
        self.0.families.attempts.get_or_create(&[reason.into()]).inc();
    }

    /// A tile is committed, `took` after its attempt began.
    pub fn tile_committed(&self, took: Duration) {
        self.0.families.tile_seconds.observe(took.as_secs_f64());
    }

    /// Something that was read is not what was written.
    pub fn checksum_failed(&self) {
        self.0.families.checksum_failures.inc();
    }

    /// So many more requests to the object store have ended.
    pub fn store_requests(&self, operation: StoreOperation, outcome: StoreOutcome, requests: u64) {
        self.0.families.store_requests.get_or_create(&[operation.into(), outcome.into()]).inc_by(requests);
    }

    /// Bytes went between this process and the object store.
    pub fn store_bytes(&self, direction: ByteDirection, bytes: u64) {
        self.0.families.store_bytes.get_or_create(&[direction.into()]).inc_by(bytes);
    }

    /// The cache was asked so many times more.
    pub fn cache_requests(&self, outcome: CacheOutcome, requests: u64) {
        self.0.families.cache_requests.get_or_create(&[outcome.into()]).inc_by(requests);
    }

    /// How many jobs are in a state.
    pub fn jobs(&self, state: JobState, jobs: u64) {
        self.0.families.jobs.get_or_create(&[state.into()]).set(clamped(jobs));
    }

    /// Since when the oldest queued job waits; none, if no job does.
    pub fn oldest_queued(&self, since: Option<SystemTime>) {
        *self.0.oldest_queued.lock().unwrap_or_else(PoisonError::into_inner) = since;
    }

    /// A worker has reported.
    pub fn worker_heartbeat(&self, worker: &WorkerName) {
        self.0.workers.heard(worker, Instant::now());
    }

    /// A worker has gone, and nobody waits for it any more.
    pub fn worker_gone(&self, worker: &WorkerName) {
        self.0.workers.gone(worker);
    }

    /// The epoch of this coordinator.
    pub fn coordinator_epoch(&self, epoch: u64) {
        self.0.families.epoch.set(clamped(epoch));
    }

    /// The audit log has a new line.
    pub fn audit_record(&self, decision: Outcome) {
        self.0.families.audit_records.get_or_create(&[decision.into()]).inc();
    }

    /// A call of the API has ended, `took` after it began; for a stream, when the stream ended.
    pub fn api_request(&self, method: ApiMethod, code: Code, took: Duration) {
        self.0.families.api_requests.get_or_create(&[method.into(), code.into()]).inc();
        self.0.families.api_seconds.get_or_create(&[method.into()]).observe(took.as_secs_f64());
    }

    fn tiles_by(&self, state: TileState, change: i64) {
        self.0.families.tiles.get_or_create(&[Label::from(state)]).inc_by(change);
    }
}

fn clamped(figure: u64) -> i64 {
    i64::try_from(figure).unwrap_or(i64::MAX)
}
