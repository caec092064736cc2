//! The coordinator: takes jobs, runs them over the cluster's workers, and forgets none.
//!
//! Everything durable is outside the process: the job log in a database, partial sums and inputs in the store, results
//! where the job says. A coordinator that is killed at any moment and started again goes on with what is missing. A
//! second one on the same store begins a higher epoch, and the first one stops.

mod ancestry_job;
mod assoc_job;
mod calibrate_job;
mod calibration;
mod cohort_job;
mod core;
mod epoch;
mod import_job;
mod lasso_job;
mod observe;
mod pca_job;
mod process;
mod progress;
mod results;
mod ridge_job;
mod run;
mod score_job;
mod staged;
mod submission;
mod trait_inputs;

use std::time::{SystemTime, UNIX_EPOCH};

use crate::ServerError;
pub(crate) use core::Core;
pub use process::{CoordinatorConfig, TokenSource, run_coordinator};
pub(crate) use results::{Results, results_of};
pub(crate) use submission::submit;

/// Now, in Unix milliseconds.
pub(crate) fn now() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.map_or(0, |since| u64::try_from(since.as_millis()).unwrap_or(u64::MAX))
}

/// Runs what waits for stores and disks on a thread that may wait.
pub(crate) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, ServerError> + Send + 'static,
) -> Result<T, ServerError> {
    let lost = |_| ServerError::Unavailable { problem: "lost a thread" };
    tokio::task::spawn_blocking(work).await.map_err(lost)?
}
