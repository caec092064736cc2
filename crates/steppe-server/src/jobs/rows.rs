//! Numbers, text and jobs as the database has them. Both databases know signed numbers only.

use super::{CancelRequest, Event, Failure, Job, JobState, Outcome, Progress};
use sqlx::Row;
use sqlx::any::AnyRow;

/// The columns that [`job`] reads.
macro_rules! job_columns {
    () => {
        "id, sequence, revision, kind, submitter, state, attempt, epoch, created_at, submitted_at, started_at, \
         finished_at, stage, tiles_done, tiles_total, genotypes, retries, cancel_by, cancel_at, error_kind, \
         error_message, result_location, result_digest"
    };
}
pub(super) use job_columns;

/// A number as it is stored. What does not fit is stored as the largest one: times and counts do not get there, and as
/// an epoch, a revision or a limit it means the same.
pub(super) fn stored(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// Text as it is stored. PostgreSQL has no NUL in text, and an error message must not keep a job from its end.
pub(super) fn text(text: &str) -> String {
    text.replace('\0', "\u{fffd}")
}

/// A stored number that is never negative.
pub(super) fn count(row: &AnyRow, column: &str) -> Result<u64, sqlx::Error> {
    unsigned(row.try_get(column)?, column)
}

fn optional_count(row: &AnyRow, column: &str) -> Result<Option<u64>, sqlx::Error> {
    row.try_get::<Option<i64>, _>(column)?.map(|number| unsigned(number, column)).transpose()
}

fn unsigned(number: i64, column: &str) -> Result<u64, sqlx::Error> {
    u64::try_from(number).map_err(|_| malformed(column, format!("holds the negative number {number}")))
}

fn state(name: &str, column: &str) -> Result<JobState, sqlx::Error> {
    JobState::from_name(name).ok_or_else(|| malformed(column, "holds an unknown state".to_owned()))
}

fn malformed(column: &str, problem: String) -> sqlx::Error {
    sqlx::Error::ColumnDecode { index: column.to_owned(), source: problem.into() }
}

/// A job's identity from the text column `column`.
pub(super) fn id(row: &AnyRow, column: &str) -> Result<super::JobId, sqlx::Error> {
    let text: String = row.try_get(column)?;
    text.parse().map_err(|_| malformed(column, "holds no job id".to_owned()))
}

/// A job from a row with [`job_columns`].
pub(super) fn job(row: &AnyRow) -> Result<Job, sqlx::Error> {
    Ok(Job {
        id: id(row, "id")?,
        sequence: count(row, "sequence")?,
        revision: count(row, "revision")?,
        kind: row.try_get("kind")?,
        submitter: row.try_get("submitter")?,
        state: state(row.try_get("state")?, "state")?,
        attempt: count(row, "attempt")?,
        epoch: optional_count(row, "epoch")?,
        created_at: count(row, "created_at")?,
        submitted_at: count(row, "submitted_at")?,
        started_at: optional_count(row, "started_at")?,
        finished_at: optional_count(row, "finished_at")?,
        progress: Progress {
            stage: row.try_get("stage")?,
            tiles_done: count(row, "tiles_done")?,
            tiles_total: count(row, "tiles_total")?,
            genotypes: count(row, "genotypes")?,
            retries: count(row, "retries")?,
        },
        cancel: cancel(row)?,
        outcome: outcome(row)?,
    })
}

fn cancel(row: &AnyRow) -> Result<Option<CancelRequest>, sqlx::Error> {
    let by: Option<String> = row.try_get("cancel_by")?;
    let at = optional_count(row, "cancel_at")?;
    Ok(by.zip(at).map(|(by, at)| CancelRequest { by, at }))
}

fn outcome(row: &AnyRow) -> Result<Option<Outcome>, sqlx::Error> {
    let kind: Option<String> = row.try_get("error_kind")?;
    let message: Option<String> = row.try_get("error_message")?;
    let location: Option<String> = row.try_get("result_location")?;
    let digest: Option<String> = row.try_get("result_digest")?;
    let failed = kind.zip(message).map(|(kind, message)| Outcome::Failed(Failure { kind, message }));
    let succeeded = location.zip(digest).map(|(location, digest)| Outcome::Succeeded { location, digest });
    Ok(failed.or(succeeded))
}

/// A line of history from a row of `events`.
pub(super) fn event(row: &AnyRow) -> Result<Event, sqlx::Error> {
    let from: Option<String> = row.try_get("from_state")?;
    Ok(Event {
        revision: count(row, "revision")?,
        at: count(row, "at")?,
        attempt: count(row, "attempt")?,
        epoch: optional_count(row, "epoch")?,
        from: from.map(|name| state(&name, "from_state")).transpose()?,
        to: state(row.try_get("to_state")?, "to_state")?,
        reason: row.try_get("reason")?,
    })
}
