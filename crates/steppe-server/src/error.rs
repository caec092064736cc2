use crate::jobs::{JobId, JobState};

/// Why a service can not do what it was asked for.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ServerError {
    /// A job log's URL that can not be used.
    #[error(
        "the job log's URL {problem}; write sqlite:///FOLDER/jobs.sqlite or postgres://USER@HOST/DATABASE"
    )]
    JobLogUrl {
        /// What is wrong with it; never the URL, which may hold a password.
        problem: String,
    },
    /// A job log that can not be reached or is none.
    #[error("{location}: can not open the job log; check that the database is there, readable and writable")]
    JobLogOpen {
        /// The URL without user, password and options.
        location: String,
        /// What the database said.
        source: sqlx::Error,
    },
    /// A job log whose tables are not those of this version.
    #[error(
        "{location}: the job log's tables are not as this version makes them; restore them, or name another log"
    )]
    JobLogTables {
        /// The URL without user, password and options.
        location: String,
        /// What was found.
        source: sqlx::migrate::MigrateError,
    },
    /// A job log that a newer version has written.
    #[error(
        "{location}: the job log has format {found}, written by a newer steppe, and this one knows {known}; use the newer one"
    )]
    JobLogNewer {
        /// The URL without user, password and options.
        location: String,
        /// The format in the log.
        found: i64,
        /// The newest format that this version knows.
        known: i64,
    },
    /// The job log's database failed at something.
    #[error("can not {operation} in the job log; check its database, then try again")]
    JobLogQuery {
        /// What was tried.
        operation: &'static str,
        /// What the database said.
        source: sqlx::Error,
    },
    /// A submission that says something impossible.
    #[error("the job's {field} {problem}; submit it with another one")]
    JobInvalid {
        /// Which part.
        field: &'static str,
        /// What is wrong with it.
        problem: String,
    },
    /// No such job.
    #[error("there is no job {id}; list the jobs, or submit it")]
    JobUnknown {
        /// The job.
        id: JobId,
    },
    /// An idempotency key that already stands for another job.
    #[error("the idempotency key already stands for job {existing}, not for {submitted}; use a new key")]
    IdempotencyConflict {
        /// The job that the key stands for.
        existing: JobId,
        /// The job that was submitted under it.
        submitted: JobId,
    },
    /// A change of state that the job's state does not allow.
    #[error("job {id} is {from} and can not become {to}; read its state again")]
    IllegalTransition {
        /// The job.
        id: JobId,
        /// Its state.
        from: JobState,
        /// The state that was asked for.
        to: JobState,
    },
    /// Progress of a job that is not running.
    #[error("job {id} is {state}, and only a running job has progress; stop working on it")]
    JobNotRunning {
        /// The job.
        id: JobId,
        /// Its state.
        state: JobState,
    },
    /// A write by a coordinator that another one has replaced.
    #[error(
        "epoch {epoch} is over, a coordinator with epoch {highest} has taken over; stop this coordinator"
    )]
    Fenced {
        /// The writer's epoch.
        epoch: u64,
        /// The highest epoch in the log.
        highest: u64,
    },
    /// A write under an epoch that the log has not given out.
    #[error("epoch {epoch} has not begun, the highest one is {highest}; begin an epoch in this log first")]
    EpochUnknown {
        /// The writer's epoch.
        epoch: u64,
        /// The highest epoch in the log.
        highest: u64,
    },
}
