//! A job's way from the queue to its end.

use std::{
    collections::hash_map::Entry,
    sync::{Arc, PoisonError},
    time::Duration,
};

use steppe_engine::ErrorKind;
use steppe_store::Location;
use tokio_util::sync::CancellationToken;

use super::{
    Core, blocking, calibrate_job, cohort_job, epoch, import_job, now,
    progress::{self, JobProgress},
    score_job,
    staged::Staged,
};
use crate::{
    FailureKind, ServerError, chain,
    jobs::{Failure, Job, JobId, JobState, Transition},
    wire::job::{JobSpec, job_spec},
};

/// How long a cancelled job's folder must stay empty, and how often that is looked at.
const LATE: Duration = Duration::from_millis(300);
const LATE_LOOKS: u32 = 5;

/// Before a queued job that somebody still has is looked at again.
const CLAIM_PAUSE: Duration = Duration::from_millis(50);
/// Before a job log that did not answer is asked again.
const LOG_PAUSE: Duration = Duration::from_secs(2);

/// What a job has made.
pub(super) struct Made {
    pub(super) location: String,
    pub(super) digest: String,
}

/// Runs a job when its turn comes. It may have been cancelled before that.
pub(crate) fn enqueue(core: &Arc<Core>, id: JobId) {
    let core = Arc::clone(core);
    tokio::spawn(async move {
        let slot = tokio::select! {
            slot = core.slots.acquire() => slot,
            () = core.stop.cancelled() => return,
        };
        let Ok(_slot) = slot else { return };
        if let Err(error) = run(&core, &id).await {
            match error {
                ServerError::IllegalTransition { .. } => tracing::debug!(job = %id, "somebody else has it"),
                ServerError::Fenced { .. } => {
                    tracing::error!(job = %id, %error, "stopping");
                    core.stop.cancel();
                }
                error => tracing::error!(job = %id, error = %chain(&error), "the job is not as the log says"),
            }
        }
    });
}

async fn run(core: &Arc<Core>, id: &JobId) -> Result<(), ServerError> {
    let cancel = CancellationToken::new();
    let _gone = loop {
        if let Some(gone) = Gone::claim(core, id, &cancel) {
            break gone;
        }
        // Whoever has it runs it, is about to, or has just ended it before it was queued again.
        if steadily(core, id, || core.log.get(id)).await?.state != JobState::Queued {
            return Ok(());
        }
        tokio::time::sleep(CLAIM_PAUSE).await;
    };
    let before = steadily(core, id, || core.log.get(id)).await?;
    let begin = match before.state {
        JobState::Queued => Transition::Start,
        JobState::Running => Transition::Resume,
        _ => return Ok(()),
    };
    let job = steadily(core, id, || core.log.transition(id, core.epoch, begin.clone(), now())).await?;
    core.notify();
    if job.cancel.is_some() {
        cancel.cancel();
    }
    tracing::info!(job = %id, kind = job.kind, attempt = job.attempt, "a job runs");
    let ended = execute(core, &job, &cancel).await;
    let stopped = cancel.is_cancelled() || core.stop.is_cancelled();
    let end = end_of(core, id, ended, stopped);
    clean_up(core, id, &end).await;
    let job = steadily(core, id, || core.log.transition(id, core.epoch, end.clone(), now())).await?;
    core.notify();
    tracing::info!(job = %id, state = %job.state, "a job has ended");
    Ok(())
}

/// Asks the job log until its database answers: a job whose beginning or end is not written down would wait, or seem to
/// run, for ever.
async fn steadily<T, F>(core: &Core, id: &JobId, ask: impl Fn() -> F) -> Result<T, ServerError>
where
    F: Future<Output = Result<T, ServerError>>,
{
    loop {
        match ask().await {
            Err(error @ (ServerError::JobLogQuery { .. } | ServerError::JobLogFull { .. }))
                if !core.stop.is_cancelled() =>
            {
                tracing::error!(job = %id, error = %chain(&error), "the job log does not answer; asking again");
                tokio::select! {
                    () = tokio::time::sleep(LOG_PAUSE) => {}
                    () = core.stop.cancelled() => return Err(error),
                }
            }
            answer => return answer,
        }
    }
}

/// Does the work on a thread of its own, and tells how far it is.
async fn execute(core: &Arc<Core>, job: &Job, cancel: &CancellationToken) -> Result<Made, ServerError> {
    let unreadable = |_| ServerError::JobInvalid { field: "payload", problem: "can not be read".to_owned() };
    let spec: JobSpec = serde_json::from_str(&core.log.payload(&job.id).await?).map_err(unreadable)?;
    let progress = JobProgress::new(cancel.clone(), core.metrics.clone());
    let work = {
        let (core, id, cancel, progress) =
            (Arc::clone(core), job.id.clone(), cancel.clone(), Arc::clone(&progress));
        blocking(move || match spec.job {
            Some(job_spec::Job::Score(score)) => score_job::run(&core, &id, &score, &progress, cancel),
            Some(job_spec::Job::Import(import)) => import_job::run(&core, &import, &progress),
            Some(job_spec::Job::Lasso(lasso)) => cohort_job::run(&core, &id, lasso, &progress, cancel),
            Some(job_spec::Job::Ridge(ridge)) => cohort_job::run(&core, &id, ridge, &progress, cancel),
            Some(job_spec::Job::Assoc(assoc)) => cohort_job::run(&core, &id, assoc, &progress, cancel),
            Some(job_spec::Job::Pca(pca)) => cohort_job::run(&core, &id, pca, &progress, cancel),
            Some(job_spec::Job::Ancestry(ancestry)) => {
                cohort_job::run(&core, &id, ancestry, &progress, cancel)
            }
            Some(job_spec::Job::Calibrate(calibrate)) => {
                calibrate_job::run(&core, &id, &calibrate, &progress, cancel)
            }
            None => Err(ServerError::JobInvalid { field: "payload", problem: "is empty".to_owned() }),
        })
    };
    let stop = async {
        core.stop.cancelled().await;
        cancel.cancel();
        std::future::pending::<()>().await;
    };
    let ended = tokio::select! {
        ended = work => ended,
        () = progress::tell(core, &job.id, &progress) => unreachable_end(),
        () = stop => unreachable_end(),
    };
    progress::tell_once(core, &job.id, &progress).await;
    ended
}

/// The other futures of a job never end.
fn unreachable_end() -> Result<Made, ServerError> {
    Err(ServerError::Unavailable { problem: "lost a job's thread" })
}

/// How the log is told of an end.
fn end_of(core: &Core, id: &JobId, ended: Result<Made, ServerError>, stopped: bool) -> Transition {
    match ended {
        Ok(Made { location, digest }) => Transition::Succeed { location, digest },
        Err(_) if core.stop.is_cancelled() => {
            Transition::Requeue { reason: "the coordinator stops; the next one goes on".to_owned() }
        }
        Err(error) if stopped && FailureKind::of(&error) == FailureKind::Job(ErrorKind::Cancelled) => {
            Transition::Cancel { reason: "cancelled".to_owned() }
        }
        Err(error) => {
            let kind = FailureKind::of(&error).name().to_owned();
            let message = match &error {
                ServerError::Engine(_) => Staged::new(core, id).without_folders(&chain(&error)),
                error => chain(error),
            };
            tracing::warn!(kind, message, "a job failed");
            Transition::Fail(Failure { kind, message })
        }
    }
}

/// Removes what nobody needs after such an end. Partial sums of a job that failed or goes on later stay: its next
/// attempt goes on from them.
async fn clean_up(core: &Arc<Core>, id: &JobId, end: &Transition) {
    let keep_sums = matches!(end, Transition::Fail(_) | Transition::Requeue { .. });
    let (folder, scratch) = (core.job_folder(id), core.job_scratch(id));
    let cancelled = matches!(end, Transition::Cancel { .. });
    let (store, store_epoch) = (core.store.clone(), core.store_epoch);
    let cleaned = blocking(move || {
        // Another coordinator may work in the folder, if this one has been replaced.
        if !keep_sums && epoch::is_current(&store, store_epoch)? {
            folder.delete_all()?;
            // Again, for what a worker committed while the operand was still there to be seen.
            folder.delete_all()?;
        }
        if cancelled {
            remove_late(&folder)?;
        }
        match std::fs::remove_dir_all(&scratch) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                Err(ServerError::file(&scratch, "remove the folder")(error))
            }
            _ => Ok(()),
        }
    })
    .await;
    if let Err(error) = cleaned {
        tracing::warn!(job = %id, error = %chain(&error), "something of the job is left behind");
    }
}

/// Removes what workers commit after a cancel: each may just have had its sums on their way. Blocks.
fn remove_late(folder: &Location) -> Result<(), ServerError> {
    for _ in 0..LATE_LOOKS {
        std::thread::sleep(LATE);
        if folder.list()?.is_empty() {
            return Ok(());
        }
        folder.delete_all()?;
    }
    Ok(())
}

/// Takes a job off the list of those that run here.
struct Gone<'a> {
    core: &'a Core,
    id: &'a JobId,
}

impl<'a> Gone<'a> {
    /// Puts a job on the list; `None` when it is there already.
    fn claim(core: &'a Core, id: &'a JobId, cancel: &CancellationToken) -> Option<Self> {
        let mut running = core.running.lock().unwrap_or_else(PoisonError::into_inner);
        match running.entry(id.clone()) {
            Entry::Occupied(_) => None,
            Entry::Vacant(slot) => {
                slot.insert(cancel.clone());
                Some(Self { core, id })
            }
        }
    }
}

impl Drop for Gone<'_> {
    fn drop(&mut self) {
        self.core.running.lock().unwrap_or_else(PoisonError::into_inner).remove(self.id);
    }
}
