//! The same sums as in one process, whatever happens to the workers.

use std::{
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use steppe_cluster::ClusterEngine;
use steppe_engine::{Engine, EngineError, LocalEngine, PassProgress, pass::PassContext};
use steppe_store::Location;
use tokio_util::sync::CancellationToken;

use super::{cohort, workers::cluster};

/// Partitions of a pass: one a block of the cohort, whose blocks hold 32 of 1,500 samples.
const PARTITIONS: usize = 47;

/// Counts genotypes.
#[derive(Default)]
struct Counter(AtomicU64);

impl PassProgress for Counter {
    fn stage(&self, _name: &str, _total: u64) {}

    fn advance(&self, units: u64) {
        self.0.fetch_add(units, Ordering::SeqCst);
    }
}

/// The same pass, counting.
fn counting(context: &PassContext, counter: &Arc<Counter>) -> Arc<PassContext> {
    let progress: Arc<dyn PassProgress> = Arc::<Counter>::clone(counter);
    Arc::new(PassContext {
        cohort: context.cohort.clone(),
        operand: context.operand.clone(),
        masks: context.masks.clone(),
        level: context.level,
        progress,
    })
}

/// How many partitions of all passes of a job are committed.
fn committed(job: &Path) -> usize {
    let folders = std::fs::read_dir(job).into_iter().flatten().flatten().map(|entry| entry.path());
    folders.filter_map(|path| std::fs::read_dir(path).ok()).flatten().count()
}

#[test]
fn a_cancelled_pass_stops_and_goes_on_later() {
    let folder = tempfile::tempdir().expect("a folder");
    let cohort = cohort::cohort(folder.path());
    let context = cohort::context(&cohort, 3);
    let local = LocalEngine::new(2).expect("threads").run(Arc::clone(&context), &|_| true).expect("sums");
    let cluster = cluster();
    let _worker = cluster.worker("cancel-a", folder.path());
    let job = folder.path().join("job");
    let place = Location::local(&job);
    let engine = ClusterEngine::new(cluster.scheduler.clone(), cluster.runtime.handle().clone(), place);
    let cancel = CancellationToken::new();
    let cancelled = engine.clone().with_cancellation(cancel.clone());
    let ended = std::thread::scope(|scope| {
        let pass = scope.spawn(|| cancelled.run(Arc::clone(&context), &|_| true));
        while committed(&job) == 0 && !pass.is_finished() {
            std::thread::sleep(Duration::from_millis(1));
        }
        cancel.cancel();
        pass.join().expect("a pass")
    });
    assert!(matches!(ended, Err(EngineError::Cancelled)), "{:?}", ended.map(|_| ()));
    // The tile that was being summed may still be committed; nothing is started any more.
    std::thread::sleep(Duration::from_secs(2));
    let at_rest = committed(&job);
    assert!(at_rest < PARTITIONS, "the pass was cancelled too late");
    std::thread::sleep(Duration::from_secs(2));
    assert_eq!(committed(&job), at_rest, "the worker went on");
    let sums = engine.run(context, &|_| true).expect("sums");
    assert!(sums == local, "other sums than in one process");
}

#[test]
fn two_workers_sum_as_one_process_does() {
    let folder = tempfile::tempdir().expect("a folder");
    let cohort = cohort::cohort(folder.path());
    let context = cohort::context(&cohort, 1);
    let local = LocalEngine::new(2).expect("threads").run(Arc::clone(&context), &|_| true).expect("sums");
    let cluster = cluster();
    let workers = [cluster.worker("plain-a", folder.path()), cluster.worker("plain-b", folder.path())];
    let job = Location::local(folder.path().join("job"));
    let engine = ClusterEngine::new(cluster.scheduler.clone(), cluster.runtime.handle().clone(), job);
    let counter = Arc::new(Counter::default());
    let sums = engine.run(counting(&context, &counter), &|_| true).expect("sums");
    assert!(sums == local, "other sums than in one process");
    assert!(counter.0.load(Ordering::SeqCst) > 0, "no progress was told");
    drop(workers);
    // Everything is committed: the same pass needs no worker any more.
    let again = engine.run(context, &|_| true).expect("sums");
    assert!(again == local);
}

#[test]
fn a_killed_worker_costs_nothing_but_time() {
    let folder = tempfile::tempdir().expect("a folder");
    let cohort = cohort::cohort(folder.path());
    let context = cohort::context(&cohort, 2);
    let local = LocalEngine::new(2).expect("threads").run(Arc::clone(&context), &|_| true).expect("sums");
    let cluster = cluster();
    let mut first = cluster.worker("kill-a", folder.path());
    let _second = cluster.worker("kill-b", folder.path());
    let job = folder.path().join("job");
    let engine = ClusterEngine::new(
        cluster.scheduler.clone(),
        cluster.runtime.handle().clone(),
        Location::local(&job),
    );
    let committed = || committed(&job);
    let (sums, at_kill) = std::thread::scope(|scope| {
        let pass = scope.spawn(|| engine.run(Arc::clone(&context), &|_| true).expect("sums"));
        while committed() == 0 && !pass.is_finished() {
            std::thread::sleep(Duration::from_millis(1));
        }
        let at_kill = committed();
        first.kill();
        (pass.join().expect("a pass"), at_kill)
    });
    assert!(at_kill < committed(), "the worker was killed too late: {at_kill} partitions were done");
    assert!(sums == local, "other sums than in one process");
}
