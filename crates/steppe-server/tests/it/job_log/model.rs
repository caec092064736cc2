//! Random histories of three jobs, beside a model that keeps them in memory.

use super::databases::{Database, runtime};
use super::samples::{cancel, fail, id, new_job, report, requeue, succeed};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use std::cell::Cell;
use steppe_server::ServerError;
use steppe_server::jobs::{Job, JobLog, JobState, Transition};

#[derive(Debug, Clone)]
enum Step {
    BeginEpoch,
    Reopen,
    Submit(usize),
    Cancel(usize),
    /// Which job, which transition, and how far behind the highest epoch the writer is.
    Transition(usize, usize, u64),
    /// Which job, tiles, genotypes, and how far behind the writer is.
    Progress(usize, u64, u64, u64),
}

fn step() -> impl Strategy<Value = Step> {
    let job = 0..3_usize;
    let behind = prop_oneof![8 => Just(0_u64), 1 => Just(1)];
    prop_oneof![
        1 => Just(Step::BeginEpoch),
        1 => Just(Step::Reopen),
        4 => job.clone().prop_map(Step::Submit),
        2 => job.clone().prop_map(Step::Cancel),
        10 => (job.clone(), 0..6_usize, behind.clone()).prop_map(|(j, t, b)| Step::Transition(j, t, b)),
        4 => (job, 0..50_u64, 0..50_u64, behind).prop_map(|(j, t, g, b)| Step::Progress(j, t, g, b)),
    ]
}

fn transition(number: usize) -> Transition {
    [Transition::Start, Transition::Resume, requeue(), succeed(), fail(), cancel()][number].clone()
}

/// A job as the model has it.
#[derive(Debug, Clone, PartialEq)]
struct Expected {
    state: JobState,
    attempt: u64,
    epoch: Option<u64>,
    tiles: u64,
    genotypes: u64,
    is_asked_to_stop: bool,
    events: usize,
}

impl Expected {
    fn queued(attempt: u64, events: usize) -> Self {
        let state = JobState::Queued;
        Self { state, attempt, epoch: None, tiles: 0, genotypes: 0, is_asked_to_stop: false, events }
    }
}

/// How a step went, as far as the model says.
#[derive(Debug, PartialEq)]
enum Went {
    Well,
    Fenced,
    EpochUnknown,
    Unknown,
    Illegal,
    NotRunning,
}

fn went<T>(result: Result<T, ServerError>) -> Went {
    match result {
        Ok(_) => Went::Well,
        Err(ServerError::Fenced { .. }) => Went::Fenced,
        Err(ServerError::EpochUnknown { .. }) => Went::EpochUnknown,
        Err(ServerError::JobUnknown { .. }) => Went::Unknown,
        Err(ServerError::IllegalTransition { .. }) => Went::Illegal,
        Err(ServerError::JobNotRunning { .. }) => Went::NotRunning,
        Err(error) => panic!("{error:?}"),
    }
}

#[derive(Debug, Default)]
struct Model {
    highest: u64,
    jobs: [Option<Expected>; 3],
}

impl Model {
    fn fence(&self, epoch: u64) -> Option<Went> {
        match epoch {
            _ if epoch != 0 && epoch < self.highest => Some(Went::Fenced),
            _ if epoch == 0 => Some(Went::EpochUnknown),
            _ => None,
        }
    }

    fn submit(&mut self, job: usize) -> Went {
        let next = match &self.jobs[job] {
            None => Expected::queued(1, 1),
            Some(old) if matches!(old.state, JobState::Failed | JobState::Cancelled) => {
                Expected::queued(old.attempt + 1, old.events + 1)
            }
            Some(old) => old.clone(),
        };
        self.jobs[job] = Some(next);
        Went::Well
    }

    fn cancel(&mut self, job: usize) -> Went {
        let Some(job) = &mut self.jobs[job] else { return Went::Unknown };
        if job.state == JobState::Queued {
            job.state = JobState::Cancelled;
        } else if job.state != JobState::Running || job.is_asked_to_stop {
            return Went::Well;
        }
        job.is_asked_to_stop = true;
        job.events += 1;
        Went::Well
    }

    fn transition(&mut self, job: usize, number: usize, epoch: u64) -> Went {
        if let Some(refused) = self.fence(epoch) {
            return refused;
        }
        let Some(job) = &mut self.jobs[job] else { return Went::Unknown };
        let is_other = job.epoch != Some(epoch);
        let next = match (job.state, number) {
            (JobState::Queued, 0) => JobState::Running,
            (JobState::Running, 1) if is_other => JobState::Running,
            (JobState::Running, 2) => JobState::Queued,
            (JobState::Running, 3) => JobState::Succeeded,
            (JobState::Queued | JobState::Running, 4) => JobState::Failed,
            (JobState::Queued | JobState::Running, 5) => JobState::Cancelled,
            _ => return Went::Illegal,
        };
        if number < 2 {
            job.epoch = Some(epoch);
        }
        job.state = next;
        job.events += 1;
        Went::Well
    }

    fn progress(&mut self, job: usize, tiles: u64, genotypes: u64, epoch: u64) -> Went {
        if let Some(refused) = self.fence(epoch) {
            return refused;
        }
        let Some(job) = &mut self.jobs[job] else { return Went::Unknown };
        if job.state != JobState::Running {
            return Went::NotRunning;
        }
        job.tiles = job.tiles.max(tiles);
        job.genotypes = job.genotypes.max(genotypes);
        Went::Well
    }
}

/// Does a step in the log and in the model, which must agree on how it went.
async fn take(step: &Step, log: &mut JobLog, database: &Database, model: &mut Model, first: u64, now: u64) {
    let which = |job: usize| id(first + job as u64);
    let (real, expected) = match *step {
        Step::BeginEpoch => {
            let epoch = log.begin_epoch("somebody", now).await.expect("an epoch");
            assert!(epoch > model.highest);
            model.highest = epoch;
            return;
        }
        Step::Reopen => {
            *log = database.open().await;
            return;
        }
        Step::Submit(job) => (went(log.submit(new_job(first + job as u64, now)).await), model.submit(job)),
        Step::Cancel(job) => (went(log.request_cancel(&which(job), "ada", now).await), model.cancel(job)),
        Step::Transition(job, number, behind) => {
            let epoch = model.highest.saturating_sub(behind);
            let real = log.transition(&which(job), epoch, transition(number), now).await;
            (went(real), model.transition(job, number, epoch))
        }
        Step::Progress(job, tiles, genotypes, behind) => {
            let epoch = model.highest.saturating_sub(behind);
            let real = log.progress(&which(job), epoch, report("scan", tiles, genotypes)).await;
            (went(real), model.progress(job, tiles, genotypes, epoch))
        }
    };
    assert_eq!(real, expected, "{step:?}");
}

/// Compares a job and its history with the model.
async fn compare(log: &JobLog, job: &Job, expected: &Expected) {
    let events = log.events(&job.id).await.expect("events");
    let found = Expected {
        state: job.state,
        attempt: job.attempt,
        epoch: job.epoch,
        tiles: job.progress.tiles_done,
        genotypes: job.progress.genotypes,
        is_asked_to_stop: job.cancel.is_some(),
        events: events.len(),
    };
    assert_eq!(found, *expected);
    assert_eq!(job.finished_at.is_some(), job.state.is_terminal());
    assert_eq!(job.outcome.is_some(), matches!(job.state, JobState::Succeeded | JobState::Failed));
    let mut state = None;
    for event in &events {
        assert_eq!(event.from, state, "a history without gaps");
        state = Some(event.to);
    }
    assert_eq!(state, Some(job.state));
    assert!(events.is_sorted_by(|a, b| a.revision < b.revision && a.at <= b.at && a.attempt <= b.attempt));
}

async fn play(database: &Database, steps: &[Step], first: u64) {
    let mut log = database.open().await;
    let mut model =
        Model { highest: log.begin_epoch("somebody", 0).await.expect("an epoch"), ..Model::default() };
    for (now, step) in steps.iter().enumerate() {
        take(step, &mut log, database, &mut model, first, now as u64).await;
    }
    let mut unfinished = Vec::new();
    for (number, expected) in model.jobs.iter().enumerate() {
        let found = log.get(&id(first + number as u64)).await;
        match expected {
            None => assert_eq!(went(found), Went::Unknown),
            Some(expected) => {
                let job = found.expect("the job");
                compare(&log, &job, expected).await;
                unfinished.extend((!job.state.is_terminal()).then_some(job.id));
            }
        }
    }
    let mut listed: Vec<_> =
        log.unfinished().await.expect("unfinished").into_iter().map(|job| job.id).collect();
    listed.retain(|id| *id >= self::id(first));
    listed.sort();
    assert_eq!(listed, unfinished);
    log.close().await;
}

/// Every history has jobs of its own in the one database.
pub(super) fn random_histories(database: &Database, cases: u32) {
    let runtime = runtime();
    let first = Cell::new(0_u64);
    let config = Config { cases, failure_persistence: None, ..Config::default() };
    let played = TestRunner::new(config).run(&prop::collection::vec(step(), 1..40), |steps| {
        first.set(first.get() + 10);
        runtime.block_on(play(database, &steps, first.get()));
        Ok(())
    });
    assert!(played.is_ok(), "{}", played.err().map(|error| error.to_string()).unwrap_or_default());
}
