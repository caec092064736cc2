//! What a job tells of itself on its way, written to the log a few times a second.

use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering::Relaxed},
    },
    time::Duration,
};

use steppe_engine::PassProgress;
use steppe_store::ImportProgress;
use tokio_util::sync::CancellationToken;

use super::Core;
use crate::{
    ServerError,
    jobs::{JobId, Progress},
    operations::{AttemptReason, JobTiles, Metrics},
};

/// How often the log is told.
const TELL: Duration = Duration::from_millis(200);

/// Counts what a job does.
#[derive(Debug, Default)]
pub(super) struct JobProgress {
    stage: Mutex<String>,
    /// Passes are parts of the stage that is told.
    fixed: AtomicBool,
    genotypes: AtomicU64,
    tiles_done: AtomicU64,
    tiles_total: AtomicU64,
    retries: AtomicU64,
    /// Samples of a cohort that is being imported: genotypes are variants times these.
    samples: AtomicU64,
    cancel: CancellationToken,
    metrics: Metrics,
    /// The tiles of the current pass in the metrics, and how many of them were told as committed.
    tiles: Mutex<Option<(JobTiles, u64, u64)>>,
}

impl JobProgress {
    pub(super) fn new(cancel: CancellationToken, metrics: Metrics) -> Arc<Self> {
        Arc::new(Self { cancel, metrics, ..Self::default() })
    }

    /// Tells the metrics of a pass's tiles.
    fn count_tiles(&self, done: u64, total: u64) {
        let mut tiles = self.tiles.lock().unwrap_or_else(PoisonError::into_inner);
        match tiles.as_mut().filter(|(_, told, all)| *all == total && *told <= done) {
            Some((known, told, _)) => {
                (*told..done).for_each(|_| known.tile_moved_on());
                *told = done;
            }
            None => *tiles = Some((self.metrics.job_tiles(total - done, done), done, total)),
        }
    }

    pub(super) fn report(&self) -> Progress {
        Progress {
            stage: self.stage.lock().unwrap_or_else(PoisonError::into_inner).clone(),
            tiles_done: self.tiles_done.load(Relaxed),
            tiles_total: self.tiles_total.load(Relaxed),
            genotypes: self.genotypes.load(Relaxed),
            retries: self.retries.load(Relaxed),
        }
    }

    /// Sets a stage that passes do not replace by theirs.
    pub(super) fn fixed_stage(&self, name: &str) {
        self.fixed.store(true, Relaxed);
        self.set_stage(name);
    }

    fn set_stage(&self, name: &str) {
        name.clone_into(&mut self.stage.lock().unwrap_or_else(PoisonError::into_inner));
    }
}

impl PassProgress for JobProgress {
    fn stage(&self, name: &str, _total: u64) {
        if !self.fixed.load(Relaxed) {
            self.set_stage(name);
        }
    }

    fn advance(&self, units: u64) {
        self.genotypes.fetch_add(units, Relaxed);
    }

    fn tiles(&self, done: u64, total: u64) {
        self.count_tiles(done, total);
        self.tiles_done.store(done, Relaxed);
        self.tiles_total.store(total, Relaxed);
    }

    fn retried(&self, tiles: u64) {
        (0..tiles).for_each(|_| self.metrics.tile_attempted(AttemptReason::WorkerLost));
        self.retries.fetch_add(tiles, Relaxed);
    }
}

impl ImportProgress for JobProgress {
    fn start(&self, samples: u64, _variants: u64, _bytes: u64) {
        self.samples.store(samples, Relaxed);
        self.set_stage("importing");
    }

    fn advance(&self, variants: u64, _bytes: u64) {
        self.genotypes.fetch_add(variants * self.samples.load(Relaxed), Relaxed);
    }

    fn is_cancelled(&self) -> bool {
        self.cancel.is_cancelled()
    }
}

/// Tells the log how far a job is until the future is dropped, and stops the job when the log says so.
pub(super) async fn tell(core: &Core, id: &JobId, progress: &JobProgress) {
    let mut told = Progress::default();
    loop {
        tokio::time::sleep(TELL).await;
        let report = progress.report();
        if report == told {
            continue;
        }
        match core.log.progress(id, core.epoch, report.clone()).await {
            Ok(job) => {
                told = report;
                core.notify();
                if job.cancel.is_some() {
                    progress.cancel.cancel();
                }
            }
            Err(error @ ServerError::Fenced { .. }) => {
                tracing::error!(%error, "stopping");
                core.stop.cancel();
                progress.cancel.cancel();
            }
            Err(error) => tracing::warn!(job = %id, error = %crate::chain(&error), "progress was not told"),
        }
    }
}

/// The last word, before a job's end is logged.
pub(super) async fn tell_once(core: &Core, id: &JobId, progress: &JobProgress) {
    if let Err(error) = core.log.progress(id, core.epoch, progress.report()).await {
        tracing::debug!(job = %id, %error, "progress was not told");
    }
}
