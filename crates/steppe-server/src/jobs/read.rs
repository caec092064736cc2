use super::log::{JobLog, failed};
use super::rows::{self, count, job_columns, stored};
use super::{Event, Job, JobId, JobState};
use crate::ServerError;
use sqlx::any::AnyRow;
use sqlx::{AssertSqlSafe, Row};
use std::fmt::Write as _;

/// The most jobs that one answer of [`JobLog::list`] or [`JobLog::changes_since`] has.
const MOST_JOBS: u64 = 1000;

/// Which jobs to list.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// Only jobs in one of these states; empty for all.
    pub states: Vec<JobState>,
    /// Only jobs of this kind.
    pub kind: Option<String>,
    /// Only jobs whose current attempt this person submitted.
    pub submitter: Option<String>,
    /// Only jobs before this place: [`Page::next`] of the page before.
    pub before: Option<u64>,
    /// How many jobs, 1 to 1000; other numbers mean the nearest of these.
    pub limit: u64,
}

/// A page of a list.
#[derive(Debug, Clone)]
pub struct Page {
    /// The jobs, newest first by their first submission.
    pub jobs: Vec<Job>,
    /// The [`Filter::before`] of the next page; `None` when this is the last one.
    pub next: Option<u64>,
}

/// What has changed since a revision.
#[derive(Debug, Clone)]
pub struct Changes {
    /// The jobs as they are now, in the order of their last changes; at most 1000.
    pub jobs: Vec<Job>,
    /// The revision to ask from next time.
    pub revision: u64,
}

impl JobLog {
    /// The number of the last committed write: while it stays, nothing has changed.
    ///
    /// # Errors
    /// [`ServerError::JobLogQuery`] when the database fails.
    pub async fn revision(&self) -> Result<u64, ServerError> {
        const OPERATION: &str = "read the revision";
        let row = sqlx::query("SELECT revision FROM job_log")
            .fetch_one(&self.pool)
            .await
            .map_err(failed(OPERATION))?;
        count(&row, "revision").map_err(failed(OPERATION))
    }

    /// One job.
    ///
    /// # Errors
    /// [`ServerError::JobUnknown`], and [`ServerError::JobLogQuery`] when the database fails.
    pub async fn get(&self, id: &JobId) -> Result<Job, ServerError> {
        const OPERATION: &str = "read a job";
        let row = sqlx::query(concat!("SELECT ", job_columns!(), " FROM jobs WHERE id = $1"))
            .bind(id.as_str())
            .fetch_optional(&self.pool)
            .await
            .map_err(failed(OPERATION))?;
        let row = row.ok_or_else(|| ServerError::JobUnknown { id: id.clone() })?;
        rows::job(&row).map_err(failed(OPERATION))
    }

    /// The ids that begin with some hexadecimal digits; at most two, so that one can tell none, one and several.
    ///
    /// # Errors
    /// [`ServerError::JobLogQuery`] when the database fails.
    pub async fn find_by_prefix(&self, digits: &str) -> Result<Vec<JobId>, ServerError> {
        const OPERATION: &str = "find a job";
        // Ids are lowercase digits: everything that begins so lies below the same digits and a g.
        let found = sqlx::query("SELECT id FROM jobs WHERE id >= $1 AND id < $2 ORDER BY id LIMIT 2")
            .bind(digits)
            .bind(format!("{digits}g"))
            .fetch_all(&self.pool)
            .await
            .map_err(failed(OPERATION))?;
        found.iter().map(|row| rows::id(row, "id")).collect::<Result<_, _>>().map_err(failed(OPERATION))
    }

    /// What a job was submitted with: JSON text.
    ///
    /// # Errors
    /// [`ServerError::JobUnknown`], and [`ServerError::JobLogQuery`] when the database fails.
    pub async fn payload(&self, id: &JobId) -> Result<String, ServerError> {
        const OPERATION: &str = "read a job's payload";
        let row = sqlx::query("SELECT payload FROM jobs WHERE id = $1")
            .bind(id.as_str())
            .fetch_optional(&self.pool)
            .await
            .map_err(failed(OPERATION))?;
        let row = row.ok_or_else(|| ServerError::JobUnknown { id: id.clone() })?;
        row.try_get("payload").map_err(failed(OPERATION))
    }

    /// A page of jobs, newest first. Pages stay disjoint while jobs are added.
    ///
    /// # Errors
    /// [`ServerError::JobLogQuery`] when the database fails.
    pub async fn list(&self, filter: &Filter) -> Result<Page, ServerError> {
        const OPERATION: &str = "list jobs";
        let limit = filter.limit.clamp(1, MOST_JOBS);
        let sql = list_sql(filter);
        // Only placeholders and the names of columns are in the text.
        let mut query = sqlx::query(AssertSqlSafe(sql));
        for state in &filter.states {
            query = query.bind(state.name());
        }
        for text in [&filter.kind, &filter.submitter].into_iter().flatten() {
            query = query.bind(text.as_str());
        }
        if let Some(before) = filter.before {
            query = query.bind(stored(before));
        }
        let found = query.bind(stored(limit + 1)).fetch_all(&self.pool).await.map_err(failed(OPERATION))?;
        let more = found.len() as u64 > limit;
        let mut jobs = jobs(&found, OPERATION)?;
        if more {
            jobs.pop();
        }
        let next = jobs.last().filter(|_| more).map(|job| job.sequence);
        Ok(Page { jobs, next })
    }

    /// The jobs that have changed after `revision`. Asked again and again with [`Changes::revision`], it misses no
    /// job's last state; states that a job went through in between are in [`events`](Self::events).
    ///
    /// # Errors
    /// [`ServerError::JobLogQuery`] when the database fails.
    pub async fn changes_since(&self, revision: u64) -> Result<Changes, ServerError> {
        const OPERATION: &str = "read changes";
        // Read first: what commits between the two reads is then given now or next time.
        let latest = self.revision().await?;
        let found = sqlx::query(concat!(
            "SELECT ",
            job_columns!(),
            " FROM jobs WHERE revision > $1 ORDER BY revision LIMIT $2"
        ))
        .bind(stored(revision))
        .bind(stored(MOST_JOBS))
        .fetch_all(&self.pool)
        .await
        .map_err(failed(OPERATION))?;
        let jobs = jobs(&found, OPERATION)?;
        let last = jobs.last().map_or(0, |job| job.revision);
        let whole = (jobs.len() as u64) < MOST_JOBS;
        Ok(Changes { jobs, revision: if whole { latest.max(last) } else { last } })
    }

    /// All queued and running jobs, the longest waiting first: what a coordinator takes up when it starts.
    ///
    /// # Errors
    /// [`ServerError::JobLogQuery`] when the database fails.
    pub async fn unfinished(&self) -> Result<Vec<Job>, ServerError> {
        const OPERATION: &str = "read unfinished jobs";
        let found = sqlx::query(concat!(
            "SELECT ",
            job_columns!(),
            " FROM jobs WHERE state IN ('queued', 'running') ORDER BY submitted_at, sequence"
        ))
        .fetch_all(&self.pool)
        .await
        .map_err(failed(OPERATION))?;
        jobs(&found, OPERATION)
    }

    /// How many jobs are in each state, and since when the longest waiting one is queued, in Unix milliseconds.
    ///
    /// # Errors
    /// [`ServerError::JobLogQuery`] when the database fails.
    pub async fn counts(&self) -> Result<(Vec<(JobState, u64)>, Option<u64>), ServerError> {
        const OPERATION: &str = "count the jobs";
        let found = sqlx::query(
            "SELECT state, count(*) AS jobs, min(submitted_at) AS oldest FROM jobs GROUP BY state",
        )
        .fetch_all(&self.pool)
        .await
        .map_err(failed(OPERATION))?;
        let mut counts: Vec<(JobState, u64)> = JobState::ALL.map(|state| (state, 0)).into();
        let mut oldest = None;
        for row in &found {
            let name: String = row.try_get("state").map_err(failed(OPERATION))?;
            let jobs = count(row, "jobs").map_err(failed(OPERATION))?;
            for (state, total) in &mut counts {
                if state.name() == name {
                    *total = jobs;
                }
            }
            if name == JobState::Queued.name() {
                oldest = Some(count(row, "oldest").map_err(failed(OPERATION))?);
            }
        }
        Ok((counts, oldest))
    }

    /// A job's history, oldest first, over all attempts.
    ///
    /// # Errors
    /// [`ServerError::JobUnknown`], and [`ServerError::JobLogQuery`] when the database fails.
    pub async fn events(&self, id: &JobId) -> Result<Vec<Event>, ServerError> {
        const OPERATION: &str = "read a job's history";
        let found = sqlx::query(
            "SELECT revision, at, attempt, epoch, from_state, to_state, reason FROM events \
             WHERE job_id = $1 ORDER BY revision",
        )
        .bind(id.as_str())
        .fetch_all(&self.pool)
        .await
        .map_err(failed(OPERATION))?;
        if found.is_empty() {
            return Err(ServerError::JobUnknown { id: id.clone() });
        }
        found.iter().map(rows::event).collect::<Result<_, _>>().map_err(failed(OPERATION))
    }
}

fn jobs(found: &[AnyRow], operation: &'static str) -> Result<Vec<Job>, ServerError> {
    found.iter().map(rows::job).collect::<Result<_, _>>().map_err(failed(operation))
}

/// The text of a list, with placeholders in the order states, kind, submitter, place, limit.
fn list_sql(filter: &Filter) -> String {
    let mut bound = 0_usize;
    let mut placeholder = || {
        bound += 1;
        format!("${bound}")
    };
    let mut conditions = Vec::new();
    if !filter.states.is_empty() {
        let states: Vec<String> = filter.states.iter().map(|_| placeholder()).collect();
        conditions.push(format!("state IN ({})", states.join(", ")));
    }
    for (column, is_given) in [("kind", filter.kind.is_some()), ("submitter", filter.submitter.is_some())] {
        if is_given {
            conditions.push(format!("{column} = {}", placeholder()));
        }
    }
    if filter.before.is_some() {
        conditions.push(format!("sequence < {}", placeholder()));
    }
    let mut sql = concat!("SELECT ", job_columns!(), " FROM jobs").to_owned();
    if !conditions.is_empty() {
        let _ = write!(sql, " WHERE {}", conditions.join(" AND "));
    }
    let _ = write!(sql, " ORDER BY sequence DESC LIMIT {}", placeholder());
    sql
}
