use steppe_engine::ErrorKind;

use crate::failure::Failure;

/// Why a cluster can not do what it was asked for.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ClusterError {
    /// The scheduler or an executor could not be started.
    #[error("{what} can not start: {reason}")]
    Start {
        /// Which of them.
        what: &'static str,
        /// Ballista's answer.
        reason: String,
    },
    /// Certificates that can not be used, or an address that may not be served without them.
    #[error(
        "cluster security: {reason}; give this member's certificate, its key, and the cluster's authority"
    )]
    Security {
        /// What is wrong.
        reason: String,
    },
    /// A plan that the scheduler would run wrongly.
    #[error("internal: the plan can not run on a cluster: {reason}")]
    Plan {
        /// What is wrong with it.
        reason: String,
    },
    /// A plan that would not fit into the messages between coordinator and workers.
    #[error(
        "the plan of {tasks} tasks takes {bytes} bytes with all its copies, and messages hold {limit}: large operands go by reference"
    )]
    PlanTooLarge {
        /// Tasks that one worker may get at once.
        tasks: usize,
        /// Bytes of their copies of the plan.
        bytes: usize,
        /// The most that is let through.
        limit: usize,
    },
    /// A job failed on the workers.
    #[error("{message}")]
    Failed {
        /// What sort of failure it was.
        kind: ErrorKind,
        /// What the last attempt said.
        message: String,
    },
    /// Workers died again and again over the same tiles.
    #[error(
        "{deaths} workers died while they worked on {tiles}; the tiles are set aside: look at the workers' logs, and give them more memory or restore the file"
    )]
    Quarantined {
        /// How many.
        deaths: u32,
        /// Which row groups of which files.
        tiles: String,
    },
    /// No worker was there for too long.
    #[error(
        "no worker has been there for {seconds} s; start workers, then submit the job again: it goes on from what is done"
    )]
    NoWorkers {
        /// How long it was waited.
        seconds: u64,
    },
    /// Nothing moved for too long, several times in a row.
    #[error(
        "the pass made no progress for {seconds} s, {attempts} times: are there workers, and do they reach the store?"
    )]
    Stuck {
        /// How long it was waited for each time.
        seconds: u64,
        /// How often it was submitted.
        attempts: usize,
    },
    /// The scheduler did not take or answer a request.
    #[error("the scheduler does not answer: {reason}")]
    Scheduler {
        /// Ballista's answer.
        reason: String,
    },
}

impl ClusterError {
    pub(crate) fn start(what: &'static str) -> impl FnOnce(ballista_core::error::BallistaError) -> Self {
        move |error| Self::Start { what, reason: error.to_string() }
    }

    pub(crate) fn scheduler(error: impl std::fmt::Display) -> Self {
        Self::Scheduler { reason: error.to_string() }
    }
}

impl From<ClusterError> for steppe_engine::EngineError {
    fn from(error: ClusterError) -> Self {
        let kind = match &error {
            ClusterError::Failed { kind, .. } => *kind,
            ClusterError::Plan { .. } => ErrorKind::Internal,
            ClusterError::Quarantined { .. } | ClusterError::PlanTooLarge { .. } => {
                ErrorKind::ResourceExhausted
            }
            _ => ErrorKind::Unavailable,
        };
        Self::Cluster { kind, source: Box::new(error) }
    }
}

impl From<Failure> for ClusterError {
    fn from(failure: Failure) -> Self {
        Self::Failed { kind: failure.kind, message: failure.message }
    }
}
