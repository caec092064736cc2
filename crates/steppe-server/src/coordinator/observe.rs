//! Figures that nobody tells the metrics by themselves: looked at every second.

use std::{
    collections::BTreeMap,
    sync::Arc,
    time::{Duration, UNIX_EPOCH},
};

use super::Core;
use crate::operations::{Check, StoreExport, WorkerName};

const LOOK: Duration = Duration::from_secs(1);

/// Keeps the figures of workers, jobs and the store true until the coordinator stops. Without a worker it is not ready:
/// it would take jobs, and they would wait.
pub(super) async fn observe(core: Arc<Core>, workers_ready: Check) {
    let mut workers: BTreeMap<WorkerName, Duration> = BTreeMap::new();
    let mut store = StoreExport::default();
    let mut revision = None;
    loop {
        look_at_workers(&core, &mut workers, &workers_ready).await;
        if let Err(error) = look_at_jobs(&core, &mut revision).await {
            tracing::debug!(%error, "the jobs were not counted");
        }
        store.add_to(&core.metrics, None);
        tokio::select! {
            () = tokio::time::sleep(LOOK) => {}
            () = core.stopping() => return,
        }
    }
}

async fn look_at_workers(core: &Core, known: &mut BTreeMap<WorkerName, Duration>, ready: &Check) {
    let Ok(workers) = core.scheduler.workers().await else { return };
    let mut seen = BTreeMap::new();
    for worker in &workers {
        let Ok(name) = worker.id.parse::<WorkerName>() else { continue };
        // A younger heartbeat than at the last look is a new one.
        if known.get(&name).is_none_or(|last| worker.heartbeat_age < *last + LOOK / 2) {
            core.metrics.worker_heartbeat(&name);
        }
        seen.insert(name, worker.heartbeat_age);
    }
    for gone in known.keys().filter(|name| !seen.contains_key(*name)) {
        core.metrics.worker_gone(gone);
    }
    *known = seen;
    if workers.is_empty() { ready.not_ready("no worker is registered") } else { ready.ready() }
}

async fn look_at_jobs(core: &Core, known: &mut Option<u64>) -> Result<(), crate::ServerError> {
    let revision = core.log.revision().await?;
    if known.replace(revision) == Some(revision) {
        return Ok(());
    }
    let (counts, oldest) = core.log.counts().await?;
    for (state, jobs) in counts {
        core.metrics.jobs(state, jobs);
    }
    core.metrics.oldest_queued(oldest.map(|since| UNIX_EPOCH + Duration::from_millis(since)));
    Ok(())
}
