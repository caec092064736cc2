use super::databases::Database;
use super::samples::{coordinator, id, job_in, new_job};
use steppe_server::ServerError;
use steppe_server::jobs::{JobLog, JobState, Outcome, Progress, Submitted};
use tokio::task::JoinSet;

/// Submits job 1 fifty times at once through two logs; how many of them queued an attempt.
async fn submit_fifty(logs: [&JobLog; 2], now: u64) -> usize {
    let mut submissions = JoinSet::new();
    for number in 0..50 {
        let log = logs[number % 2].clone();
        submissions.spawn(async move { log.submit(new_job(1, now)).await.expect("submitted") });
    }
    let answers = submissions.join_all().await;
    assert!(answers.iter().all(|answer| answer.job().id == id(1)));
    answers.iter().filter(|answer| matches!(answer, Submitted::Created(_))).count()
}

pub(super) async fn fifty_submissions_are_one_job(database: Database) {
    let (log, epoch) = coordinator(&database).await;
    let other = database.open().await;
    assert_eq!(submit_fifty([&log, &other], 10).await, 1);
    assert_eq!(log.unfinished().await.expect("unfinished").len(), 1);
    assert_eq!(log.events(&id(1)).await.expect("events").len(), 1);

    job_in(&log, epoch, 1, JobState::Failed).await;
    assert_eq!(submit_fifty([&log, &other], 30).await, 1);
    let job = other.get(&id(1)).await.expect("the job");
    assert_eq!((job.state, job.attempt), (JobState::Queued, 2));
    assert_eq!(log.events(&id(1)).await.expect("events").len(), 4);
}

pub(super) async fn a_key_stands_for_one_job(database: Database) {
    let log = database.open().await;
    let with_key = |number, key: &str| {
        let mut job = new_job(number, 10);
        job.idempotency_key = Some(key.to_owned());
        job
    };
    let created = log.submit(with_key(1, "monday")).await.expect("a new job");
    assert!(matches!(created, Submitted::Created(_)));
    let again = log.submit(with_key(1, "monday")).await.expect("the same job");
    assert_eq!(again, Submitted::Existing(created.job().clone()));
    let conflict = log.submit(with_key(2, "monday")).await;
    let Err(ServerError::IdempotencyConflict { existing, submitted }) = conflict else {
        panic!("{conflict:?}")
    };
    assert_eq!((existing, submitted), (id(1), id(2)));
    assert!(
        matches!(log.get(&id(2)).await, Err(ServerError::JobUnknown { .. })),
        "a refused job is not kept"
    );

    // A second key of an existing job is kept too.
    assert!(matches!(log.submit(with_key(1, "tuesday")).await, Ok(Submitted::Existing(_))));
    let conflict = log.submit(with_key(2, "tuesday")).await;
    assert!(matches!(conflict, Err(ServerError::IdempotencyConflict { .. })));
}

pub(super) async fn ended_jobs_can_be_submitted_again(database: Database) {
    let (log, epoch) = coordinator(&database).await;
    for (number, state) in [(1, JobState::Failed), (2, JobState::Cancelled)] {
        let before = job_in(&log, epoch, number, state).await;
        let mut again = new_job(number, 50);
        again.submitter = "grace".to_owned();
        again.payload = "{\"changed\":true}".to_owned();
        let Submitted::Created(job) = log.submit(again).await.expect("submitted again") else {
            panic!("nothing was queued")
        };
        assert_eq!(job, log.get(&id(number)).await.expect("the job"));
        assert_eq!((job.state, job.attempt, job.sequence), (JobState::Queued, 2, before.sequence));
        assert_eq!((job.created_at, job.submitted_at), (10, 50));
        assert_eq!((job.started_at, job.finished_at, job.epoch), (None, None, None));
        assert_eq!((job.progress, job.cancel, job.outcome), (Progress::default(), None, None));
        assert_eq!(job.submitter, "grace");
        assert_eq!(log.payload(&id(number)).await.expect("payload"), "{\"changed\":true}");
        let events = log.events(&id(number)).await.expect("events");
        let last = events.last().expect("an event");
        assert_eq!((last.from, last.to, last.attempt, last.at), (Some(state), JobState::Queued, 2, 50));
        assert_eq!(last.reason, "submitted by grace");
        assert_eq!((events[0].attempt, events[0].reason.as_str()), (1, "submitted by ada"));
    }
}

pub(super) async fn other_jobs_stay_as_they_are(database: Database) {
    let (log, epoch) = coordinator(&database).await;
    for (number, state) in [(1, JobState::Queued), (2, JobState::Running), (3, JobState::Succeeded)] {
        let before = job_in(&log, epoch, number, state).await;
        let revision = log.revision().await.expect("revision");
        let again = log.submit(new_job(number, 50)).await.expect("submitted again");
        assert_eq!(again, Submitted::Existing(before));
        assert_eq!(log.revision().await.expect("revision"), revision, "nothing was written");
    }
    let done = log.get(&id(3)).await.expect("the job");
    let expected = Outcome::Succeeded { location: "s3://results/1".to_owned(), digest: "ab12".to_owned() };
    assert_eq!((done.outcome, done.finished_at), (Some(expected), Some(20)));
}

pub(super) async fn impossible_jobs_are_refused(database: Database) {
    let log = database.open().await;
    let mut empty = new_job(1, 1);
    empty.submitter.clear();
    let mut nul = new_job(1, 1);
    nul.idempotency_key = Some("a\0b".to_owned());
    for (job, expected) in [(empty, "submitter"), (nul, "idempotency key")] {
        let refused = log.submit(job).await;
        assert!(
            matches!(refused, Err(ServerError::JobInvalid { field, .. }) if field == expected),
            "{refused:?}"
        );
    }
    for text in ["", "abc", &"A".repeat(64), &"g".repeat(64)] {
        assert!(text.parse::<steppe_server::jobs::JobId>().is_err(), "{text}");
    }
    assert!(log.unfinished().await.expect("unfinished").is_empty());
}
