use super::connect::{Address, Backend};
use super::rows::{self, count, job_columns, stored};
use super::{Event, Job, JobId, JobState, Outcome};
use crate::ServerError;
use sqlx::{Any, AnyPool, Transaction};

/// The durable log of jobs. Clones share their connections.
#[derive(Debug, Clone)]
pub struct JobLog {
    pub(super) pool: AnyPool,
    backend: Backend,
}

impl JobLog {
    /// Opens the log at `url`, `sqlite:///FOLDER/jobs.sqlite` (made if absent) or `postgres://USER@HOST/DATABASE`, and
    /// brings its tables up to date.
    ///
    /// # Errors
    /// [`ServerError::JobLogUrl`], [`ServerError::JobLogOpen`] and [`ServerError::JobLogTables`] say what is in the
    /// way; [`ServerError::JobLogNewer`] refuses a log that a newer version has written.
    pub async fn open(url: &str) -> Result<Self, ServerError> {
        let address = Address::parse(url)?;
        let pool = address.open().await?;
        Ok(Self { pool, backend: address.backend })
    }

    /// Closes all connections; every clone is then useless.
    pub async fn close(&self) {
        self.pool.close().await;
    }

    /// Begins a coordinator's epoch and gives its number, higher than every one before. From here on the writes of
    /// earlier epochs are refused.
    ///
    /// # Errors
    /// [`ServerError::JobLogQuery`] when the database fails.
    pub async fn begin_epoch(&self, owner: &str, now: u64) -> Result<u64, ServerError> {
        const OPERATION: &str = "begin an epoch";
        let mut write = self.write(OPERATION).await?;
        let epoch = write.epoch.saturating_add(1);
        sqlx::query("UPDATE job_log SET epoch = $1")
            .bind(stored(epoch))
            .execute(&mut *write.transaction)
            .await
            .map_err(failed(OPERATION))?;
        sqlx::query("INSERT INTO epochs (epoch, owner, began_at) VALUES ($1, $2, $3)")
            .bind(stored(epoch))
            .bind(rows::text(owner))
            .bind(stored(now))
            .execute(&mut *write.transaction)
            .await
            .map_err(failed(OPERATION))?;
        write.commit().await?;
        Ok(epoch)
    }

    /// Begins a write. Writers wait for each other here, so what one reads stays true until it commits.
    pub(super) async fn write(&self, operation: &'static str) -> Result<Write, ServerError> {
        let begun = self.pool.begin_with(self.backend.begin_write()).await;
        let mut transaction = begun.map_err(failed(operation))?;
        let row = sqlx::query("UPDATE job_log SET revision = revision + 1 RETURNING revision, epoch")
            .fetch_one(&mut *transaction)
            .await
            .map_err(failed(operation))?;
        let revision = count(&row, "revision").map_err(failed(operation))?;
        let epoch = count(&row, "epoch").map_err(failed(operation))?;
        Ok(Write { transaction, operation, revision, epoch })
    }
}

/// Makes an error of the database one of this crate.
pub(super) fn failed(operation: &'static str) -> impl Fn(sqlx::Error) -> ServerError {
    move |source| match source.as_database_error().map(|error| error.message().contains("is full")) {
        Some(true) => ServerError::JobLogFull { operation },
        _ => ServerError::JobLogQuery { operation, source },
    }
}

/// A write in progress. Dropped without a commit, it has not happened.
pub(super) struct Write {
    pub(super) transaction: Transaction<'static, Any>,
    pub(super) operation: &'static str,
    /// The log's revision if this write commits.
    pub(super) revision: u64,
    /// The highest epoch that has begun.
    epoch: u64,
}

impl Write {
    /// Lets only the coordinator of the highest epoch pass.
    pub(super) fn fence(&self, epoch: u64) -> Result<(), ServerError> {
        let highest = self.epoch;
        match epoch {
            0 => Err(ServerError::EpochUnknown { epoch, highest }),
            _ if epoch < highest => Err(ServerError::Fenced { epoch, highest }),
            _ if epoch > highest => Err(ServerError::EpochUnknown { epoch, highest }),
            _ => Ok(()),
        }
    }

    pub(super) async fn find(&mut self, id: &JobId) -> Result<Option<Job>, ServerError> {
        let row = sqlx::query(concat!("SELECT ", job_columns!(), " FROM jobs WHERE id = $1"))
            .bind(id.as_str())
            .fetch_optional(&mut *self.transaction)
            .await
            .map_err(failed(self.operation))?;
        row.map(|row| rows::job(&row)).transpose().map_err(failed(self.operation))
    }

    pub(super) async fn job(&mut self, id: &JobId) -> Result<Job, ServerError> {
        self.find(id).await?.ok_or_else(|| ServerError::JobUnknown { id: id.clone() })
    }

    /// Writes all of a job that can change, at this write's revision.
    pub(super) async fn store(&mut self, job: &mut Job) -> Result<(), ServerError> {
        job.revision = self.revision;
        let (failure, result) = match &job.outcome {
            Some(Outcome::Failed(failure)) => (Some(failure), None),
            Some(Outcome::Succeeded { location, digest }) => (None, Some((location, digest))),
            None => (None, None),
        };
        sqlx::query(
            "UPDATE jobs SET revision = $2, submitter = $3, state = $4, attempt = $5, epoch = $6, \
             submitted_at = $7, started_at = $8, finished_at = $9, stage = $10, tiles_done = $11, \
             tiles_total = $12, genotypes = $13, retries = $14, cancel_by = $15, cancel_at = $16, \
             error_kind = $17, error_message = $18, result_location = $19, result_digest = $20 WHERE id = $1",
        )
        .bind(job.id.as_str())
        .bind(stored(job.revision))
        .bind(rows::text(&job.submitter))
        .bind(job.state.name())
        .bind(stored(job.attempt))
        .bind(job.epoch.map(stored))
        .bind(stored(job.submitted_at))
        .bind(job.started_at.map(stored))
        .bind(job.finished_at.map(stored))
        .bind(rows::text(&job.progress.stage))
        .bind(stored(job.progress.tiles_done))
        .bind(stored(job.progress.tiles_total))
        .bind(stored(job.progress.genotypes))
        .bind(stored(job.progress.retries))
        .bind(job.cancel.as_ref().map(|cancel| rows::text(&cancel.by)))
        .bind(job.cancel.as_ref().map(|cancel| stored(cancel.at)))
        .bind(failure.map(|failure| rows::text(&failure.kind)))
        .bind(failure.map(|failure| rows::text(&failure.message)))
        .bind(result.map(|(location, _)| rows::text(location)))
        .bind(result.map(|(_, digest)| rows::text(digest)))
        .execute(&mut *self.transaction)
        .await
        .map_err(failed(self.operation))?;
        Ok(())
    }

    /// Adds a line to a job's history; its revision is this write's.
    pub(super) async fn record(&mut self, id: &JobId, event: Event) -> Result<(), ServerError> {
        sqlx::query(
            "INSERT INTO events (revision, job_id, at, attempt, epoch, from_state, to_state, reason) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        )
        .bind(stored(self.revision))
        .bind(id.as_str())
        .bind(stored(event.at))
        .bind(stored(event.attempt))
        .bind(event.epoch.map(stored))
        .bind(event.from.map(JobState::name))
        .bind(event.to.name())
        .bind(rows::text(&event.reason))
        .execute(&mut *self.transaction)
        .await
        .map_err(failed(self.operation))?;
        Ok(())
    }

    pub(super) async fn commit(self) -> Result<(), ServerError> {
        self.transaction.commit().await.map_err(failed(self.operation))
    }
}
