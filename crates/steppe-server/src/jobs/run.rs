use super::log::JobLog;
use super::{CancelRequest, Event, Job, JobId, JobState, Progress, Transition};
use crate::ServerError;

impl JobLog {
    /// Changes a job's state as the coordinator of `epoch`, and gives the job after it.
    ///
    /// # Errors
    /// [`ServerError::Fenced`] when a higher epoch has begun, [`ServerError::EpochUnknown`] when this one has not,
    /// [`ServerError::IllegalTransition`] when the job's state does not allow it, [`ServerError::JobUnknown`], and
    /// [`ServerError::JobLogQuery`] when the database fails.
    pub async fn transition(
        &self,
        id: &JobId,
        epoch: u64,
        transition: Transition,
        now: u64,
    ) -> Result<Job, ServerError> {
        let mut write = self.write("change a job's state").await?;
        write.fence(epoch)?;
        let before = write.job(id).await?;
        let mut job = transition.apply(&before, epoch, now)?;
        write.store(&mut job).await?;
        let event = Event {
            revision: job.revision,
            at: now,
            attempt: job.attempt,
            epoch: Some(epoch),
            from: Some(before.state),
            to: job.state,
            reason: transition.reason(),
        };
        write.record(id, event).await?;
        write.commit().await?;
        Ok(job)
    }

    /// Reports how far a running job is, as the coordinator of `epoch`, and gives the job after it: its
    /// [`Job::cancel`] says whether to stop. Within an attempt no figure goes back, whatever is reported.
    ///
    /// # Errors
    /// [`ServerError::JobNotRunning`] in any other state, and those of [`transition`](Self::transition).
    pub async fn progress(&self, id: &JobId, epoch: u64, report: Progress) -> Result<Job, ServerError> {
        let mut write = self.write("report progress").await?;
        write.fence(epoch)?;
        let mut job = write.job(id).await?;
        if job.state != JobState::Running {
            return Err(ServerError::JobNotRunning { id: id.clone(), state: job.state });
        }
        let progress = job.progress.advanced_by(&report);
        if progress == job.progress {
            return Ok(job);
        }
        job.progress = progress;
        write.store(&mut job).await?;
        write.commit().await?;
        Ok(job)
    }

    /// Asks for a job to be stopped, and gives the job after it. A queued job is cancelled at once; a running one gets
    /// [`Job::cancel`], for its coordinator to see; one that has ended stays as it is.
    ///
    /// # Errors
    /// [`ServerError::JobUnknown`], and [`ServerError::JobLogQuery`] when the database fails.
    pub async fn request_cancel(&self, id: &JobId, by: &str, now: u64) -> Result<Job, ServerError> {
        let mut write = self.write("cancel a job").await?;
        let before = write.job(id).await?;
        let mut job = before.clone();
        job.cancel = before.cancel.clone().or_else(|| Some(CancelRequest { by: by.to_owned(), at: now }));
        let reason = match before.state {
            JobState::Queued => {
                job.state = JobState::Cancelled;
                job.finished_at = Some(now);
                format!("cancelled by {by}")
            }
            JobState::Running if before.cancel.is_none() => format!("{by} asked to cancel it"),
            _ => return Ok(before),
        };
        write.store(&mut job).await?;
        let event = Event {
            revision: job.revision,
            at: now,
            attempt: job.attempt,
            epoch: None,
            from: Some(before.state),
            to: job.state,
            reason,
        };
        write.record(id, event).await?;
        write.commit().await?;
        Ok(job)
    }
}
