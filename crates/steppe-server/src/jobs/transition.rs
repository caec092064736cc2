use super::{Failure, Job, JobState, Outcome};
use crate::ServerError;

/// What a coordinator does with a job. The other way into `queued` is to submit the job again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Transition {
    /// `queued` to `running`.
    Start,
    /// `running` under an earlier epoch to `running` under the writer's: a new coordinator goes on with it.
    Resume,
    /// `running` to `queued`, within the same attempt: a coordinator hands it back.
    Requeue {
        /// Why.
        reason: String,
    },
    /// `running` to `succeeded`.
    Succeed {
        /// Where the result lies.
        location: String,
        /// Its digest.
        digest: String,
    },
    /// `queued` or `running` to `failed`.
    Fail(Failure),
    /// `queued` or `running` to `cancelled`.
    Cancel {
        /// Why.
        reason: String,
    },
}

impl Transition {
    /// The state it leads to.
    pub fn target(&self) -> JobState {
        match self {
            Self::Start | Self::Resume => JobState::Running,
            Self::Requeue { .. } => JobState::Queued,
            Self::Succeed { .. } => JobState::Succeeded,
            Self::Fail(_) => JobState::Failed,
            Self::Cancel { .. } => JobState::Cancelled,
        }
    }

    /// The line in the history.
    pub(super) fn reason(&self) -> String {
        match self {
            Self::Start => "started".to_owned(),
            Self::Resume => "resumed by another coordinator".to_owned(),
            Self::Requeue { reason } | Self::Cancel { reason } => reason.clone(),
            Self::Succeed { location, .. } => format!("result at {location}"),
            Self::Fail(failure) => format!("{}: {}", failure.kind, failure.message),
        }
    }

    fn is_allowed(&self, job: &Job, epoch: u64) -> bool {
        match self {
            Self::Start => job.state == JobState::Queued,
            Self::Resume => job.state == JobState::Running && job.epoch != Some(epoch),
            Self::Requeue { .. } | Self::Succeed { .. } => job.state == JobState::Running,
            Self::Fail(_) | Self::Cancel { .. } => !job.state.is_terminal(),
        }
    }

    /// The job after the transition, at `now` under `epoch`.
    ///
    /// # Errors
    /// [`ServerError::IllegalTransition`] when the job's state does not allow it.
    pub(super) fn apply(&self, job: &Job, epoch: u64, now: u64) -> Result<Job, ServerError> {
        if !self.is_allowed(job, epoch) {
            return Err(ServerError::IllegalTransition {
                id: job.id.clone(),
                from: job.state,
                to: self.target(),
            });
        }
        let mut after = job.clone();
        after.state = self.target();
        match self {
            Self::Start | Self::Resume => {
                after.epoch = Some(epoch);
                after.started_at = after.started_at.or(Some(now));
            }
            Self::Requeue { .. } | Self::Cancel { .. } => {}
            Self::Succeed { location, digest } => {
                after.outcome =
                    Some(Outcome::Succeeded { location: location.clone(), digest: digest.clone() });
            }
            Self::Fail(failure) => after.outcome = Some(Outcome::Failed(failure.clone())),
        }
        after.finished_at = after.state.is_terminal().then_some(now);
        Ok(after)
    }
}
