//! Jobs and steps that the tests share.

use super::databases::Database;
use steppe_server::jobs::{Failure, Job, JobId, JobLog, JobState, NewJob, Progress, Transition};

pub(super) fn id(number: u64) -> JobId {
    format!("{number:064x}").parse().expect("64 digits")
}

pub(super) fn new_job(number: u64, now: u64) -> NewJob {
    NewJob {
        again: false,
        id: id(number),
        kind: "score".to_owned(),
        payload: format!("{{\"number\":{number}}}"),
        idempotency_key: None,
        submitter: "ada".to_owned(),
        now,
    }
}

pub(super) fn succeed() -> Transition {
    Transition::Succeed { location: "s3://results/1".to_owned(), digest: "ab12".to_owned() }
}

pub(super) fn fail() -> Transition {
    Transition::Fail(Failure { kind: "data_loss".to_owned(), message: "row group 3 is corrupt".to_owned() })
}

pub(super) fn cancel() -> Transition {
    Transition::Cancel { reason: "asked by ada".to_owned() }
}

pub(super) fn requeue() -> Transition {
    Transition::Requeue { reason: "the coordinator drains".to_owned() }
}

pub(super) fn report(stage: &str, tiles_done: u64, genotypes: u64) -> Progress {
    Progress { stage: stage.to_owned(), tiles_done, tiles_total: 100, genotypes, retries: 0 }
}

/// A log with an epoch that has begun.
pub(super) async fn coordinator(database: &Database) -> (JobLog, u64) {
    let log = database.open().await;
    let epoch = log.begin_epoch("first", 1).await.expect("an epoch");
    (log, epoch)
}

/// A job brought into `state`.
pub(super) async fn job_in(log: &JobLog, epoch: u64, number: u64, state: JobState) -> Job {
    log.submit(new_job(number, 10)).await.expect("submitted");
    let steps = match state {
        JobState::Queued => vec![],
        JobState::Running => vec![Transition::Start],
        JobState::Succeeded => vec![Transition::Start, succeed()],
        JobState::Failed => vec![Transition::Start, fail()],
        JobState::Cancelled => vec![cancel()],
    };
    for step in steps {
        log.transition(&id(number), epoch, step, 20).await.expect("an allowed step");
    }
    let job = log.get(&id(number)).await.expect("the job");
    assert_eq!(job.state, state);
    job
}
