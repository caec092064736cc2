use super::JobId;
use std::fmt;

/// Where a job is in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum JobState {
    /// Waiting for a coordinator to start it.
    Queued,
    /// A coordinator runs it.
    Running,
    /// Its result is committed.
    Succeeded,
    /// It stopped with an error; submitting it again queues another attempt.
    Failed,
    /// Somebody stopped it; submitting it again queues another attempt.
    Cancelled,
}

impl JobState {
    /// Every state.
    pub const ALL: [Self; 5] = [Self::Queued, Self::Running, Self::Succeeded, Self::Failed, Self::Cancelled];

    /// The word in the log: `queued`, `running`, `succeeded`, `failed` or `cancelled`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Running => "running",
            Self::Succeeded => "succeeded",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
        }
    }

    /// Whether the attempt is over.
    pub fn is_terminal(self) -> bool {
        matches!(self, Self::Succeeded | Self::Failed | Self::Cancelled)
    }

    pub(super) fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.name() == name)
    }
}

impl fmt::Display for JobState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A job as somebody submits it.
#[derive(Debug, Clone)]
pub struct NewJob {
    /// The hash of what it computes.
    pub id: JobId,
    /// What it does: `score`, `import`, ….
    pub kind: String,
    /// Everything needed to run it, as JSON text; [`JobLog::payload`](super::JobLog::payload) gives it back.
    pub payload: String,
    /// A name the client chose for this submission. It stands for one job, whoever uses it.
    pub idempotency_key: Option<String>,
    /// Who submits it.
    pub submitter: String,
    /// When, in Unix milliseconds.
    pub now: u64,
    /// Queue it also if it has succeeded: what it made is gone.
    pub again: bool,
}

/// What a submission did.
#[derive(Debug, Clone, PartialEq)]
pub enum Submitted {
    /// It queued an attempt: the job is new, or it had failed or been cancelled (then [`Job::attempt`] is above 1).
    Created(Job),
    /// The job is queued, running or has succeeded; nothing was done.
    Existing(Job),
}

impl Submitted {
    /// The job, either way.
    pub fn job(&self) -> &Job {
        match self {
            Self::Created(job) | Self::Existing(job) => job,
        }
    }
}

/// A job in the log, without its payload.
#[derive(Debug, Clone, PartialEq)]
pub struct Job {
    /// The hash of what it computes.
    pub id: JobId,
    /// Its place in the order of first submissions; never changes.
    pub sequence: u64,
    /// The log's revision at its last change.
    pub revision: u64,
    /// What it does.
    pub kind: String,
    /// Who submitted the current attempt.
    pub submitter: String,
    /// Where it is in its life.
    pub state: JobState,
    /// 1 for the first attempt; raised when it is submitted again after a failure or a cancellation.
    pub attempt: u64,
    /// The epoch of the coordinator that started or resumed the current attempt.
    pub epoch: Option<u64>,
    /// When it was first submitted, in Unix milliseconds.
    pub created_at: u64,
    /// When the current attempt was submitted, in Unix milliseconds.
    pub submitted_at: u64,
    /// When the current attempt first started, in Unix milliseconds.
    pub started_at: Option<u64>,
    /// When the current attempt ended, in Unix milliseconds.
    pub finished_at: Option<u64>,
    /// How far the current attempt is.
    pub progress: Progress,
    /// Who asked to cancel the current attempt, if anybody.
    pub cancel: Option<CancelRequest>,
    /// How the current attempt ended; `None` while it goes on, and when it was cancelled.
    pub outcome: Option<Outcome>,
}

/// How an attempt ended by itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// A result is committed.
    Succeeded {
        /// Where it lies.
        location: String,
        /// Its digest.
        digest: String,
    },
    /// It stopped with an error.
    Failed(Failure),
}

/// Why an attempt failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// The kind of error, a word of the API's table.
    pub kind: String,
    /// What was wrong, for people.
    pub message: String,
}

/// A request to stop a job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CancelRequest {
    /// Who asked.
    pub by: String,
    /// When, in Unix milliseconds.
    pub at: u64,
}

/// How far an attempt is.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Progress {
    /// What is being done.
    pub stage: String,
    /// Tiles that are committed.
    pub tiles_done: u64,
    /// Tiles in all, 0 while unknown.
    pub tiles_total: u64,
    /// Genotypes that were read.
    pub genotypes: u64,
    /// Tile attempts beyond the first of each tile.
    pub retries: u64,
}

impl Progress {
    /// These figures after a report. Reports can overtake each other, so no figure goes back, and a late one does not
    /// change the stage.
    #[must_use]
    pub fn advanced_by(&self, report: &Self) -> Self {
        let late = report.tiles_done < self.tiles_done || report.genotypes < self.genotypes;
        Self {
            stage: if late { self.stage.clone() } else { report.stage.clone() },
            tiles_done: self.tiles_done.max(report.tiles_done),
            tiles_total: self.tiles_total.max(report.tiles_total),
            genotypes: self.genotypes.max(report.genotypes),
            retries: self.retries.max(report.retries),
        }
    }
}

/// A line of a job's history.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// The log's revision at that point.
    pub revision: u64,
    /// When, in Unix milliseconds.
    pub at: u64,
    /// The attempt it belongs to.
    pub attempt: u64,
    /// The epoch of the coordinator that did it; `None` for what people did.
    pub epoch: Option<u64>,
    /// The state before; `None` for the first submission.
    pub from: Option<JobState>,
    /// The state after; the same as before when a running job is resumed or asked to stop.
    pub to: JobState,
    /// Why.
    pub reason: String,
}
