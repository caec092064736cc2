use super::log::{JobLog, Write, failed};
use super::rows::{self, stored};
use super::{Event, Job, JobId, JobState, NewJob, Progress, Submitted};
use crate::ServerError;

impl JobLog {
    /// Queues a job, once: the same id again, at any time and also concurrently, is the same job. One that has failed
    /// or was cancelled is queued for another attempt, with the payload and the submitter of this submission.
    ///
    /// # Errors
    /// [`ServerError::IdempotencyConflict`] when the idempotency key stands for another job,
    /// [`ServerError::JobInvalid`] for an empty or unstorable field, [`ServerError::JobLogQuery`] when the database
    /// fails.
    pub async fn submit(&self, new: NewJob) -> Result<Submitted, ServerError> {
        check(&new)?;
        let mut write = self.write("submit a job").await?;
        let known_key = match &new.idempotency_key {
            Some(key) => write.is_key_of(key, &new.id).await?,
            None => true,
        };
        let before = write.find(&new.id).await?;
        let submitted = match before {
            None => Submitted::Created(write.create(&new).await?),
            Some(job) if is_over(&job, new.again) => Submitted::Created(write.queue_again(&job, &new).await?),
            Some(job) if known_key => return Ok(Submitted::Existing(job)),
            Some(job) => Submitted::Existing(job),
        };
        if let Some(key) = new.idempotency_key.filter(|_| !known_key) {
            write.add_key(&key, &new.id).await?;
        }
        write.commit().await?;
        Ok(submitted)
    }
}

/// Whether another attempt is due.
fn is_over(job: &Job, again: bool) -> bool {
    match job.state {
        JobState::Failed | JobState::Cancelled => true,
        JobState::Succeeded => again,
        JobState::Queued | JobState::Running => false,
    }
}

/// Refuses what can not be stored as it is.
fn check(new: &NewJob) -> Result<(), ServerError> {
    let fields = [
        ("kind", Some(&new.kind)),
        ("payload", Some(&new.payload)),
        ("idempotency key", new.idempotency_key.as_ref()),
        ("submitter", Some(&new.submitter)),
    ];
    for (field, value) in fields {
        let problem = match value {
            Some(text) if text.is_empty() => "is empty",
            Some(text) if text.contains('\0') => "has a NUL character",
            _ => continue,
        };
        return Err(ServerError::JobInvalid { field, problem: problem.to_owned() });
    }
    Ok(())
}

impl Write {
    /// Whether the key stands for this job; `false` when it is free.
    async fn is_key_of(&mut self, key: &str, id: &JobId) -> Result<bool, ServerError> {
        let row = sqlx::query("SELECT job_id FROM idempotency_keys WHERE idempotency_key = $1")
            .bind(key)
            .fetch_optional(&mut *self.transaction)
            .await
            .map_err(failed(self.operation))?;
        let Some(row) = row else { return Ok(false) };
        let existing = rows::id(&row, "job_id").map_err(failed(self.operation))?;
        if existing == *id {
            return Ok(true);
        }
        Err(ServerError::IdempotencyConflict { existing, submitted: id.clone() })
    }

    async fn add_key(&mut self, key: &str, id: &JobId) -> Result<(), ServerError> {
        sqlx::query("INSERT INTO idempotency_keys (idempotency_key, job_id) VALUES ($1, $2)")
            .bind(key)
            .bind(id.as_str())
            .execute(&mut *self.transaction)
            .await
            .map_err(failed(self.operation))?;
        Ok(())
    }

    async fn create(&mut self, new: &NewJob) -> Result<Job, ServerError> {
        let job = queued(new, self.revision);
        sqlx::query(
            "INSERT INTO jobs (id, sequence, revision, kind, payload, submitter, state, attempt, created_at, \
             submitted_at, stage, tiles_done, tiles_total, genotypes, retries) \
             VALUES ($1, $2, $2, $3, $4, $5, $6, $7, $8, $8, '', 0, 0, 0, 0)",
        )
        .bind(job.id.as_str())
        .bind(stored(job.sequence))
        .bind(new.kind.as_str())
        .bind(new.payload.as_str())
        .bind(new.submitter.as_str())
        .bind(job.state.name())
        .bind(stored(job.attempt))
        .bind(stored(job.created_at))
        .execute(&mut *self.transaction)
        .await
        .map_err(failed(self.operation))?;
        self.record(&job.id, submission(&job, None)).await?;
        Ok(job)
    }

    async fn queue_again(&mut self, before: &Job, new: &NewJob) -> Result<Job, ServerError> {
        let mut job = Job {
            sequence: before.sequence,
            kind: before.kind.clone(),
            attempt: before.attempt.saturating_add(1),
            created_at: before.created_at,
            ..queued(new, self.revision)
        };
        self.store(&mut job).await?;
        sqlx::query("UPDATE jobs SET payload = $2 WHERE id = $1")
            .bind(job.id.as_str())
            .bind(new.payload.as_str())
            .execute(&mut *self.transaction)
            .await
            .map_err(failed(self.operation))?;
        self.record(&job.id, submission(&job, Some(before.state))).await?;
        Ok(job)
    }
}

/// A first attempt, as it waits.
fn queued(new: &NewJob, revision: u64) -> Job {
    Job {
        id: new.id.clone(),
        sequence: revision,
        revision,
        kind: new.kind.clone(),
        submitter: new.submitter.clone(),
        state: JobState::Queued,
        attempt: 1,
        epoch: None,
        created_at: new.now,
        submitted_at: new.now,
        started_at: None,
        finished_at: None,
        progress: Progress::default(),
        cancel: None,
        outcome: None,
    }
}

fn submission(job: &Job, from: Option<JobState>) -> Event {
    Event {
        revision: job.revision,
        at: job.submitted_at,
        attempt: job.attempt,
        epoch: None,
        from,
        to: JobState::Queued,
        reason: format!("submitted by {}", job.submitter),
    }
}
