use super::databases::Database;
use super::samples::{coordinator, fail, id, job_in, new_job, report, succeed};
use std::collections::HashMap;
use std::time::Instant;
use steppe_server::ServerError;
use steppe_server::jobs::{Filter, Job, JobId, JobLog, JobState, Transition};
use tokio::task::JoinSet;

async fn numbers(log: &JobLog, filter: &Filter) -> Vec<JobId> {
    log.list(filter).await.expect("a page").jobs.into_iter().map(|job| job.id).collect()
}

pub(super) async fn pages_are_stable(database: Database) {
    let (log, epoch) = coordinator(&database).await;
    for number in 1..=7 {
        log.submit(new_job(number, number)).await.expect("submitted");
    }
    let mut filter = Filter { limit: 3, ..Filter::default() };
    let mut seen = Vec::new();
    loop {
        let page = log.list(&filter).await.expect("a page");
        assert!(page.jobs.len() <= 3);
        seen.extend(page.jobs.into_iter().map(|job| job.id));
        // What happens meanwhile does not move what is listed: a new job, and a change of an old one.
        log.submit(new_job(100 + seen.len() as u64, 50)).await.expect("submitted");
        log.request_cancel(&id(1), "ada", 50).await.expect("cancelled");
        log.submit(new_job(1, 60)).await.expect("submitted again");
        filter.before = page.next;
        if page.next.is_none() {
            break;
        }
    }
    assert_eq!(seen, (1..=7).rev().map(id).collect::<Vec<_>>());
    log.transition(&id(2), epoch, Transition::Start, 70).await.expect("started");
}

pub(super) async fn filters_select(database: Database) {
    let (log, epoch) = coordinator(&database).await;
    for (number, state) in JobState::ALL.into_iter().enumerate() {
        job_in(&log, epoch, number as u64, state).await;
    }
    let mut import = new_job(10, 30);
    import.kind = "import".to_owned();
    import.submitter = "grace".to_owned();
    log.submit(import).await.expect("submitted");

    let all = Filter { limit: 100, ..Filter::default() };
    assert_eq!(numbers(&log, &all).await, [id(10), id(4), id(3), id(2), id(1), id(0)]);
    let states = Filter { states: vec![JobState::Failed, JobState::Queued], ..all.clone() };
    assert_eq!(numbers(&log, &states).await, [id(10), id(3), id(0)]);
    let kind = Filter { kind: Some("import".to_owned()), ..all.clone() };
    assert_eq!(numbers(&log, &kind).await, [id(10)]);
    let submitter = Filter { submitter: Some("ada' OR 1=1 --".to_owned()), ..all.clone() };
    assert!(numbers(&log, &submitter).await.is_empty());
    let submitter = Filter { submitter: Some("ada".to_owned()), ..states.clone() };
    assert_eq!(numbers(&log, &submitter).await, [id(3), id(0)]);
    let before = log.get(&id(3)).await.expect("the job").sequence;
    let every = Filter { before: Some(before), kind: Some("score".to_owned()), limit: 1, ..submitter };
    assert_eq!(numbers(&log, &every).await, [id(0)]);
    let none = Filter { limit: 0, ..all };
    assert_eq!(numbers(&log, &none).await, [id(10)], "a page has at least one job");
    let waiting: Vec<JobId> =
        log.unfinished().await.expect("unfinished").into_iter().map(|job| job.id).collect();
    assert_eq!(waiting, [id(0), id(1), id(10)]);
}

/// Follows the log until every one of `expected` jobs is done; each job as it was last seen.
async fn watch(log: JobLog, expected: usize) -> HashMap<JobId, Job> {
    let mut seen: HashMap<JobId, Job> = HashMap::new();
    let mut revision = 0;
    while seen.len() < expected || seen.values().any(|job| !job.state.is_terminal()) {
        let changes = log.changes_since(revision).await.expect("changes");
        assert!(changes.revision >= revision);
        for job in changes.jobs {
            assert!(job.revision > revision);
            let earlier = seen.insert(job.id.clone(), job.clone());
            assert!(earlier.is_none_or(|earlier| earlier.revision < job.revision));
        }
        revision = changes.revision;
        tokio::task::yield_now().await;
    }
    seen
}

pub(super) async fn a_watcher_misses_nothing(database: Database) {
    let (log, epoch) = coordinator(&database).await;
    let watcher = tokio::spawn(watch(database.open().await, 20));
    let mut writers = JoinSet::new();
    for number in 0..20 {
        let log = log.clone();
        writers.spawn(async move {
            log.submit(new_job(number, 10)).await.expect("submitted");
            log.transition(&id(number), epoch, Transition::Start, 20).await.expect("started");
            log.progress(&id(number), epoch, report("scan", number, number)).await.expect("progress");
            let end = if number % 2 == 0 { succeed() } else { fail() };
            log.transition(&id(number), epoch, end, 30).await.expect("done");
        });
    }
    writers.join_all().await;
    let watched = tokio::time::timeout(std::time::Duration::from_secs(60), watcher).await;
    let seen = watched.expect("the watcher saw every end").expect("the watcher");
    for (id, job) in &seen {
        assert_eq!(*job, log.get(id).await.expect("the job"));
    }
    let revision = log.revision().await.expect("revision");
    let quiet = log.changes_since(revision).await.expect("changes");
    assert_eq!((quiet.jobs.len(), quiet.revision), (0, revision));
}

pub(super) async fn a_log_outlives_its_coordinator(database: Database) {
    let (log, first) = coordinator(&database).await;
    job_in(&log, first, 1, JobState::Running).await;
    log.progress(&id(1), first, report("scan", 40, 4000)).await.expect("progress");
    job_in(&log, first, 2, JobState::Queued).await;
    job_in(&log, first, 3, JobState::Succeeded).await;
    let page = log.list(&Filter { limit: 10, ..Filter::default() }).await.expect("a page").jobs;
    let events = log.events(&id(1)).await.expect("events");
    let revision = log.revision().await.expect("revision");
    drop(log);

    let log = database.open().await;
    assert_eq!(log.revision().await.expect("revision"), revision);
    assert_eq!(log.list(&Filter { limit: 10, ..Filter::default() }).await.expect("a page").jobs, page);
    assert_eq!(log.events(&id(1)).await.expect("events"), events);
    assert_eq!(log.payload(&id(2)).await.expect("payload"), "{\"number\":2}");
    let second = log.begin_epoch("second", 50).await.expect("an epoch");
    assert_eq!(second, first + 1);
    let unfinished = log.unfinished().await.expect("unfinished");
    let states: Vec<_> = unfinished.iter().map(|job| (job.id.clone(), job.state)).collect();
    assert_eq!(states, [(id(1), JobState::Running), (id(2), JobState::Queued)]);
    let resumed = log.transition(&id(1), second, Transition::Resume, 60).await.expect("resumed");
    assert_eq!(resumed.progress, report("scan", 40, 4000));
    log.close().await;
    assert!(matches!(log.get(&id(1)).await, Err(ServerError::JobLogQuery { .. })));
    let log = database.open().await;
    assert_eq!(log.get(&id(1)).await.expect("the job"), resumed);
}

pub(super) async fn ten_thousand_jobs(database: Database) {
    const JOBS: u64 = 10_000;
    database.open().await.close().await;
    fill(&database, JOBS).await;

    let start = Instant::now();
    let (log, epoch) = coordinator(&database).await;
    let unfinished = log.unfinished().await.expect("unfinished");
    let page = log.list(&Filter { limit: 50, ..Filter::default() }).await.expect("a page");
    let filter = Filter { states: vec![JobState::Failed], limit: 50, ..Filter::default() };
    let failed = log.list(&filter).await.expect("a page");
    println!("{JOBS} jobs: open, unfinished and two pages took {:?}", start.elapsed());

    assert!(unfinished.is_empty());
    assert_eq!((page.jobs.len(), page.jobs[0].id.clone()), (50, id(JOBS)));
    assert_eq!(page.next, Some(JOBS - 49));
    assert_eq!(failed.jobs.len(), 50);
    assert!(failed.jobs.iter().all(|job| job.state == JobState::Failed));
    let largest = log.list(&Filter { limit: u64::MAX, ..Filter::default() }).await.expect("a page");
    assert_eq!(largest.jobs.len(), 1000);

    // Changes come in bounded answers too, and lead through all of them.
    let (mut revision, mut total) = (0, 0);
    loop {
        let changes = log.changes_since(revision).await.expect("changes");
        if changes.jobs.is_empty() {
            break;
        }
        assert!(changes.jobs.len() <= 1000);
        total += changes.jobs.len() as u64;
        revision = changes.revision;
    }
    assert_eq!(total, JOBS);
    job_in(&log, epoch, JOBS + 1, JobState::Running).await;
    assert_eq!(log.unfinished().await.expect("unfinished").len(), 1);
}

/// Puts finished jobs, every tenth failed, into the log with a transaction for each thousand.
async fn fill(database: &Database, jobs: u64) {
    use sqlx::Connection;
    let mut connection = database.connect().await;
    for batch in 0..jobs / 1000 {
        let mut transaction = connection.begin().await.expect("a transaction");
        for number in batch * 1000 + 1..=batch * 1000 + 1000 {
            let state = if number % 10 == 0 { "failed" } else { "succeeded" };
            sqlx::query(
                "INSERT INTO jobs (id, sequence, revision, kind, payload, submitter, state, attempt, created_at, \
                 submitted_at, finished_at, stage, tiles_done, tiles_total, genotypes, retries) \
                 VALUES ($1, $2, $2, 'score', '{}', 'ada', $3, 1, $2, $2, $2, 'done', 1, 1, 1, 0)",
            )
            .bind(id(number).as_str())
            .bind(i64::try_from(number).expect("a small number"))
            .bind(state)
            .execute(&mut *transaction)
            .await
            .expect("inserted");
        }
        transaction.commit().await.expect("committed");
    }
    let revision = i64::try_from(jobs).expect("a small number");
    let update = sqlx::query("UPDATE job_log SET revision = $1").bind(revision);
    update.execute(&mut connection).await.expect("updated");
    connection.close().await.expect("closed");
}
