use super::databases::Database;
use super::samples::{cancel, coordinator, fail, id, job_in, new_job, report, requeue, succeed};
use std::collections::BTreeSet;
use steppe_server::ServerError;
use steppe_server::jobs::{CancelRequest, Failure, JobState, Outcome, Progress, Transition};
use tokio::task::JoinSet;

pub(super) async fn only_allowed_edges(database: Database) {
    use JobState::{Cancelled, Failed, Queued, Running, Succeeded};
    let (log, epoch) = coordinator(&database).await;
    let allowed = [
        (Queued, Running),
        (Queued, Failed),
        (Queued, Cancelled),
        (Running, Queued),
        (Running, Succeeded),
        (Running, Failed),
        (Running, Cancelled),
    ];
    let steps = [Transition::Start, Transition::Resume, requeue(), succeed(), fail(), cancel()];
    let mut number = 0;
    for from in JobState::ALL {
        for step in &steps {
            number += 1;
            let before = job_in(&log, epoch, number, from).await;
            let to = step.target();
            let result = log.transition(&id(number), epoch, step.clone(), 30).await;
            let is_allowed = allowed.contains(&(from, to)) && *step != Transition::Resume;
            let after = log.get(&id(number)).await.expect("the job");
            match result {
                Ok(job) => {
                    assert!(is_allowed, "{from} to {to}");
                    assert_eq!((job.state, &job), (to, &after));
                    assert_eq!(job.finished_at, to.is_terminal().then_some(30));
                }
                Err(ServerError::IllegalTransition { id: which, from: was, to: wanted }) => {
                    assert!(!is_allowed, "{from} to {to}");
                    assert_eq!((which, was, wanted), (id(number), from, to));
                    assert_eq!(after, before);
                }
                Err(error) => panic!("{error}"),
            }
        }
    }
}

pub(super) async fn an_old_epoch_is_fenced(database: Database) {
    let (old, first) = coordinator(&database).await;
    job_in(&old, first, 1, JobState::Running).await;
    let new = database.open().await;
    let second = new.begin_epoch("second", 30).await.expect("an epoch");
    assert!(second > first);
    let before = new.get(&id(1)).await.expect("the job");

    let is_fenced = |error: ServerError| matches!(error, ServerError::Fenced { epoch, highest } if epoch == first && highest == second);
    assert!(is_fenced(old.transition(&id(1), first, succeed(), 40).await.expect_err("fenced")));
    assert!(is_fenced(old.progress(&id(1), first, report("scan", 5, 5)).await.expect_err("fenced")));
    assert_eq!(new.get(&id(1)).await.expect("the job"), before, "a fenced write changes nothing");

    let resumed = new.transition(&id(1), second, Transition::Resume, 50).await.expect("resumed");
    assert_eq!((resumed.epoch, resumed.started_at, resumed.attempt), (Some(second), Some(20), 1));
    let twice = new.transition(&id(1), second, Transition::Resume, 60).await;
    assert!(matches!(twice, Err(ServerError::IllegalTransition { .. })), "{twice:?}");
    new.transition(&id(1), second, succeed(), 60).await.expect("done");
    for unknown in [0, second + 1, u64::MAX] {
        let refused = new.transition(&id(1), unknown, succeed(), 60).await;
        assert!(matches!(refused, Err(ServerError::EpochUnknown { .. })), "{unknown}: {refused:?}");
    }
}

pub(super) async fn epochs_are_handed_out_once(database: Database) {
    let logs = [database.open().await, database.open().await];
    let mut beginnings = JoinSet::new();
    for number in 0..30 {
        let log = logs[number % 2].clone();
        beginnings.spawn(async move { log.begin_epoch("one of many", 1).await.expect("an epoch") });
    }
    let epochs: BTreeSet<u64> = beginnings.join_all().await.into_iter().collect();
    assert_eq!(epochs, (1..=30).collect());
}

pub(super) async fn progress_never_goes_back(database: Database) {
    let (log, epoch) = coordinator(&database).await;
    let waiting = job_in(&log, epoch, 1, JobState::Queued).await;
    let refused = log.progress(&waiting.id, epoch, report("scan", 1, 1)).await;
    let queued = JobState::Queued;
    assert!(
        matches!(refused, Err(ServerError::JobNotRunning { state, .. }) if state == queued),
        "{refused:?}"
    );

    log.transition(&id(1), epoch, Transition::Start, 20).await.expect("started");
    log.progress(&id(1), epoch, report("merge", 40, 4000)).await.expect("progress");
    let mut late = report("scan", 30, 3000);
    late.retries = 2;
    let job = log.progress(&id(1), epoch, late).await.expect("late progress");
    let expected = Progress { retries: 2, ..report("merge", 40, 4000) };
    assert_eq!(job.progress, expected);
    let revision = log.revision().await.expect("revision");
    log.progress(&id(1), epoch, expected.clone()).await.expect("the same again");
    assert_eq!(log.revision().await.expect("revision"), revision, "nothing was written");

    // Handed back and taken up again, it is the same attempt; submitted again, it is a new one.
    log.transition(&id(1), epoch, requeue(), 30).await.expect("handed back");
    let job = log.transition(&id(1), epoch, Transition::Start, 40).await.expect("taken up");
    assert_eq!((job.progress, job.attempt, job.started_at), (expected, 1, Some(20)));
    log.transition(&id(1), epoch, fail(), 50).await.expect("failed");
    log.submit(new_job(1, 60)).await.expect("submitted again");
    log.transition(&id(1), epoch, Transition::Start, 70).await.expect("started");
    let job = log.progress(&id(1), epoch, report("scan", 1, 1)).await.expect("progress");
    assert_eq!((job.progress, job.attempt), (report("scan", 1, 1), 2));
}

pub(super) async fn cancelling(database: Database) {
    let (log, epoch) = coordinator(&database).await;
    job_in(&log, epoch, 1, JobState::Queued).await;
    let job = log.request_cancel(&id(1), "grace", 30).await.expect("cancelled");
    let asked = CancelRequest { by: "grace".to_owned(), at: 30 };
    assert_eq!(
        (job.state, job.finished_at, job.cancel),
        (JobState::Cancelled, Some(30), Some(asked.clone()))
    );
    let started = log.transition(&id(1), epoch, Transition::Start, 40).await;
    assert!(matches!(started, Err(ServerError::IllegalTransition { .. })));

    job_in(&log, epoch, 2, JobState::Running).await;
    let job = log.request_cancel(&id(2), "grace", 30).await.expect("asked");
    assert_eq!((job.state, job.cancel.as_ref()), (JobState::Running, Some(&asked)));
    let twice = log.request_cancel(&id(2), "ada", 35).await.expect("asked again");
    assert_eq!(twice, job, "the first request stands");
    let seen = log.progress(&id(2), epoch, report("scan", 1, 1)).await.expect("progress");
    assert_eq!(seen.cancel, Some(asked.clone()), "the coordinator sees it");
    log.transition(&id(2), epoch, cancel(), 40).await.expect("cancelled");

    let done = job_in(&log, epoch, 3, JobState::Succeeded).await;
    assert_eq!(log.request_cancel(&id(3), "grace", 30).await.expect("too late"), done);
    assert!(matches!(log.request_cancel(&id(9), "grace", 30).await, Err(ServerError::JobUnknown { .. })));

    let reasons: Vec<String> =
        log.events(&id(2)).await.expect("events").into_iter().map(|event| event.reason).collect();
    assert_eq!(reasons, ["submitted by ada", "started", "grace asked to cancel it", "asked by ada"]);
}

pub(super) async fn a_failure_says_why(database: Database) {
    let (log, epoch) = coordinator(&database).await;
    job_in(&log, epoch, 1, JobState::Running).await;
    let failure = Failure { kind: "internal".to_owned(), message: "naïve \0 and 'quoted'".to_owned() };
    log.transition(&id(1), epoch, Transition::Fail(failure), 30).await.expect("failed");
    let job = log.get(&id(1)).await.expect("the job");
    // PostgreSQL can not hold a NUL.
    let kept = Failure { kind: "internal".to_owned(), message: "naïve \u{fffd} and 'quoted'".to_owned() };
    assert_eq!(job.outcome, Some(Outcome::Failed(kept)));
}
