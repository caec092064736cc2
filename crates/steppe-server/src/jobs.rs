//! The durable job log: which jobs there are, how far they are, and what happened to them.
//!
//! [`JobLog`] keeps it in SQLite (`sqlite:///path/jobs.sqlite`) or PostgreSQL (`postgres://…`), with one SQL text for
//! both. A job's id is the hash of what it computes ([`JobId`]), so submitting it twice is one job. Coordinators write
//! under an epoch; once a higher one has begun, the writes of a lower one are refused. Times are Unix milliseconds and
//! come from the caller.

mod connect;
mod id;
mod job;
mod log;
mod read;
mod rows;
mod run;
mod submit;
mod transition;

pub use id::JobId;
pub use job::{CancelRequest, Event, Failure, Job, JobState, NewJob, Outcome, Progress, Submitted};
pub use log::JobLog;
pub use read::{Changes, Filter, Page};
pub use transition::Transition;
