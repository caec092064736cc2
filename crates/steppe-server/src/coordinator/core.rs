//! What all parts of a coordinator share.

use std::{
    collections::HashMap,
    path::PathBuf,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use steppe_cluster::{ClusterEngine, Scheduler};
use steppe_store::Location;
use tokio::{
    runtime::Handle,
    sync::{Semaphore, watch},
};
use tokio_util::sync::CancellationToken;

use crate::{
    ServerError,
    api::{Catalog, Inputs},
    jobs::{JobId, JobLog},
    operations::Metrics,
    policy::locations::AllowedLocations,
};

/// See the module.
pub(crate) struct Core {
    pub(crate) log: JobLog,
    /// The epoch in the job log that this coordinator writes under.
    pub(crate) epoch: u64,
    /// The epoch in the store.
    pub(crate) store_epoch: u64,
    pub(crate) scheduler: Scheduler,
    pub(crate) runtime: Handle,
    /// Job folders, inputs, the catalog, epochs.
    pub(crate) store: Location,
    pub(crate) scratch: PathBuf,
    pub(crate) allowed: AllowedLocations,
    /// Memory for sums and tables of one job, in bytes.
    pub(crate) memory: u64,
    /// How long a pass waits for workers while there are none.
    pub(crate) worker_grace: Duration,
    /// Jobs at once.
    pub(crate) slots: Semaphore,
    pub(crate) inputs: Inputs,
    pub(crate) catalog: Catalog,
    /// Raised to stop the coordinator.
    pub(crate) stop: CancellationToken,
    /// The jobs that run here.
    pub(crate) running: Mutex<HashMap<JobId, CancellationToken>>,
    pub(crate) metrics: Metrics,
    /// Counts up when something in the log has changed.
    pub(crate) news: watch::Sender<u64>,
}

impl Core {
    /// The folder of a job's operands and partial sums.
    pub(crate) fn job_folder(&self, id: &JobId) -> Location {
        self.store.child("jobs").child(id.as_str())
    }

    /// The folder of a job's staged inputs and outputs on this machine.
    pub(crate) fn job_scratch(&self, id: &JobId) -> PathBuf {
        self.scratch.join(&id.as_str()[..16])
    }

    /// Where the result of a job goes that names no place.
    pub(crate) fn result_folder(&self, id: &JobId) -> Location {
        self.store.child("results").child(id.as_str())
    }

    /// Where the result of a job goes: the URL that it names, or a folder of the coordinator's.
    pub(crate) fn place_of_result(&self, id: &JobId, named: &str) -> Result<Location, ServerError> {
        match named {
            "" => Ok(self.result_folder(id)),
            named => Ok(Location::parse(named)?),
        }
    }

    /// The workers, for the passes of a job.
    pub(crate) fn engine(&self, id: &JobId, cancel: CancellationToken) -> ClusterEngine {
        ClusterEngine::new(self.scheduler.clone(), self.runtime.clone(), self.job_folder(id))
            .with_cancellation(cancel)
            .with_grace(self.worker_grace)
    }

    /// Says that something in the log has changed.
    pub(crate) fn notify(&self) {
        self.news.send_modify(|count| *count = count.wrapping_add(1));
    }

    /// Told when something in the log may have changed.
    pub(crate) fn changed(&self) -> watch::Receiver<u64> {
        self.news.subscribe()
    }

    /// Returns once the coordinator stops.
    pub(crate) async fn stopping(&self) {
        self.stop.cancelled().await;
    }

    /// Stops a job that runs here.
    pub(crate) fn stop_job(&self, id: &JobId) {
        let running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(cancel) = running.get(id) {
            cancel.cancel();
        }
    }
}
