//! Guards that only show with time: lost reports, dead workers, files of finished jobs, workers that leave.

use std::{
    path::Path,
    sync::Arc,
    time::{Duration, Instant},
};

use steppe_cluster::ClusterEngine;
use steppe_engine::{Engine, LocalEngine};
use steppe_store::Location;

use super::{
    cohort,
    workers::{Cluster, begun, cluster, slow_down},
};

fn engine(cluster: &Cluster, job: &Path) -> ClusterEngine {
    let place = Location::local(job);
    ClusterEngine::new(cluster.scheduler.clone(), cluster.runtime.handle().clone(), place)
}

fn wait(what: &str, patience: Duration, done: impl Fn() -> bool) -> Duration {
    let began = Instant::now();
    while !done() {
        assert!(began.elapsed() < patience, "{what}: not within {patience:?}");
        std::thread::sleep(Duration::from_millis(50));
    }
    began.elapsed()
}

/// G5: a report of a finished task that gets lost would hang the job for ever.
#[test]
fn a_pass_whose_reports_get_lost_is_submitted_again() {
    let folder = tempfile::tempdir().expect("a folder");
    let cohort = cohort::cohort(folder.path());
    let context = cohort::context(&cohort, 5);
    let local = LocalEngine::new(2).expect("threads").run(Arc::clone(&context), &|_| true).expect("sums");
    let cluster = cluster();
    let _worker = cluster.worker("lossy", folder.path());
    cluster.scheduler.lose_reports(3);
    let engine = engine(&cluster, &folder.path().join("job")).with_patience(Duration::from_secs(3));
    let began = Instant::now();
    let sums = engine.run(context, &|_| true).expect("sums");
    assert!(sums == local, "other sums than in one process");
    assert!(began.elapsed() > Duration::from_secs(3), "no report was missed");
    assert!(began.elapsed() < Duration::from_secs(40), "the watchdog took {:?}", began.elapsed());
    cluster.scheduler.lose_reports(0);
}

/// G7: a worker that dies without a word is noticed within its timeout of 20 s, not after three minutes; one that is
/// started again under its name, at once.
#[test]
fn dead_workers_are_noticed() {
    let folder = tempfile::tempdir().expect("a folder");
    let cluster = cluster();
    let mut worker = cluster.worker("mortal", folder.path());
    worker.kill();
    let noticed = wait("a dead worker", Duration::from_secs(27), || !cluster.known("mortal"));
    assert!(noticed > Duration::from_secs(5), "it was gone before a heartbeat was missed: {noticed:?}");
    let lives = |cluster: &Cluster| {
        let workers = cluster.runtime.block_on(cluster.scheduler.workers()).expect("workers");
        workers.iter().filter(|worker| worker.id == "mortal").count()
    };
    let mut first = cluster.worker("mortal", folder.path());
    first.kill();
    let second = cluster.start("mortal", folder.path(), Some(cluster.certificates.path()));
    // Two lives for a moment, or the old one only, and then the new one only.
    let began = Instant::now();
    wait("the second life", Duration::from_secs(15), || {
        lives(&cluster) == 2 || began.elapsed().as_secs() >= 2
    });
    wait("the end of the first life", Duration::from_secs(5), || lives(&cluster) == 1);
    drop(second);
}

/// G8: what a finished job leaves on workers goes in half a minute.
#[test]
fn files_of_finished_jobs_go() {
    let folder = tempfile::tempdir().expect("a folder");
    let cohort = cohort::cohort(folder.path());
    let cluster = cluster();
    let _worker = cluster.worker("tidy", folder.path());
    let engine = engine(&cluster, &folder.path().join("job"));
    engine.run(cohort::context(&cohort, 7), &|_| true).expect("sums");
    let scratch = folder.path().join("tidy");
    // DataFusion has a folder of its own there.
    let ours = |name: std::ffi::OsString| !name.to_string_lossy().starts_with("datafusion-");
    let entries = || std::fs::read_dir(&scratch).into_iter().flatten().flatten();
    let jobs = || entries().filter(|entry| ours(entry.file_name())).count();
    assert!(jobs() > 0, "the job left nothing to remove");
    wait("the job's files", Duration::from_secs(50), || jobs() == 0);
}

/// G8: a worker that is told to leave finishes what it works on; with Ballista's defaults its tasks would run again.
#[test]
fn a_worker_that_leaves_loses_no_task() {
    let folder = tempfile::tempdir().expect("a folder");
    let cohort = cohort::cohort(folder.path());
    let context = cohort::context(&cohort, 8);
    let local = LocalEngine::new(2).expect("threads").run(Arc::clone(&context), &|_| true).expect("sums");
    let cluster = cluster();
    // Its tasks outlast the scheduler's next looks for the dead.
    slow_down("leaving", folder.path());
    let mut leaving = cluster.worker("leaving", folder.path());
    let _staying = cluster.worker("staying", folder.path());
    let engine = engine(&cluster, &folder.path().join("job"));
    let (sums, status) = std::thread::scope(|scope| {
        let pass = scope.spawn(|| engine.run(Arc::clone(&context), &|_| true).expect("sums"));
        wait("a first task", Duration::from_secs(30), || !begun("leaving", folder.path()).is_empty());
        leaving.terminate();
        let status = leaving.wait();
        (pass.join().expect("a pass"), status)
    });
    assert!(status.success(), "it was not allowed to finish: {status}");
    assert!(sums == local, "other sums than in one process");
    let mut tasks = begun("leaving", folder.path());
    tasks.extend(begun("staying", folder.path()));
    let all = tasks.len();
    tasks.sort();
    tasks.dedup();
    assert_eq!(tasks.len(), all, "a task ran twice");
}
