//! The job log's words in the API's.

use prost_types::Timestamp;

use crate::{
    ServerError,
    jobs::{Event, Job, JobState, Outcome, Progress},
    wire::job as wire,
};

pub(super) fn job(job: &Job) -> wire::Job {
    let (failure, result) = match &job.outcome {
        Some(Outcome::Failed(failure)) => {
            (Some(wire::Failure { kind: failure.kind.clone(), message: failure.message.clone() }), "")
        }
        Some(Outcome::Succeeded { location, .. }) => (None, location.as_str()),
        None => (None, ""),
    };
    wire::Job {
        id: job.id.to_string(),
        kind: job.kind.clone(),
        state: state(job.state) as i32,
        submitter: job.submitter.clone(),
        attempt: job.attempt,
        submitted_at: Some(time(job.submitted_at)),
        started_at: job.started_at.map(time),
        finished_at: job.finished_at.map(time),
        progress: Some(progress(&job.progress)),
        failure,
        result: result.to_owned(),
        cancelled_by: job.cancel.as_ref().map(|cancel| cancel.by.clone()).unwrap_or_default(),
    }
}

pub(super) fn event(event: &Event) -> wire::Event {
    wire::Event {
        at: Some(time(event.at)),
        attempt: event.attempt,
        state: state(event.to) as i32,
        reason: event.reason.clone(),
    }
}

fn progress(progress: &Progress) -> wire::Progress {
    wire::Progress {
        stage: progress.stage.clone(),
        tiles_done: progress.tiles_done,
        tiles_total: progress.tiles_total,
        genotypes: progress.genotypes,
        retries: progress.retries,
    }
}

fn state(state: JobState) -> wire::JobState {
    match state {
        JobState::Queued => wire::JobState::Queued,
        JobState::Running => wire::JobState::Running,
        JobState::Succeeded => wire::JobState::Succeeded,
        JobState::Failed => wire::JobState::Failed,
        JobState::Cancelled => wire::JobState::Cancelled,
    }
}

pub(super) fn states(states: &[i32]) -> Result<Vec<JobState>, ServerError> {
    let known = |&number: &i32| match wire::JobState::try_from(number) {
        Ok(wire::JobState::Queued) => Ok(JobState::Queued),
        Ok(wire::JobState::Running) => Ok(JobState::Running),
        Ok(wire::JobState::Succeeded) => Ok(JobState::Succeeded),
        Ok(wire::JobState::Failed) => Ok(JobState::Failed),
        Ok(wire::JobState::Cancelled) => Ok(JobState::Cancelled),
        Ok(wire::JobState::Unspecified) | Err(_) => Err(ServerError::Request {
            field: "states",
            problem: format!("{number} is no state"),
            remedy: "leave it out for all states",
        }),
    };
    states.iter().map(known).collect()
}

fn time(milliseconds: u64) -> Timestamp {
    Timestamp { seconds: (milliseconds / 1000) as i64, nanos: (milliseconds % 1000) as i32 * 1_000_000 }
}
