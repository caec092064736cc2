//! SIGSTOP for workers until they are taken for dead: others do their work, and when they wake they
//! harm nothing and come back.

use std::time::{Duration, Instant};

use rand::{Rng, seq::index::sample};
use steppe_tests::{Case, ClusterOptions, Counts, Lane, Process, Tally, turn};

use super::{ensure, ground::Ground};

/// Frozen for so long, a worker is dead to the coordinator: 20 s without a heartbeat, and a look every second.
const FROZEN: Duration = Duration::from_millis(22_500);
/// After so long a worker that woke is at work again.
const BACK: Duration = Duration::from_secs(15);
const WORKERS: usize = 5;
/// Workers frozen at once: so many cases share the waiting.
const AT_ONCE: usize = 3;

#[test]
fn it_harms_nothing_and_comes_back() {
    let Some(_turn) = turn(Lane::Waiting) else { return };
    let mut tally = Tally::begin("freeze a worker; it wakes later", Counts { smoke: 3, ci: 5, release: 50 });
    while tally.is_due() {
        // Half of them wake while the job goes on, half after its end.
        let early = (tally.next() / AT_ONCE).is_multiple_of(2);
        let mut ground = Ground::new(ClusterOptions::slowed(WORKERS, if early { 400 } else { 30 }));
        match cases(&mut ground, &mut tally, early) {
            Ok((fired, all)) => {
                (0..fired).for_each(|_| tally.add(Ok(Case::Passed)));
                (fired..all).for_each(|_| tally.add(Ok(Case::NotFired)));
            }
            Err(failure) => tally.add(Err(failure)),
        }
    }
    tally.finish();
}

/// Freezes several workers of one job; how many of them were at work, and how many there were.
fn cases(ground: &mut Ground, tally: &mut Tally, early: bool) -> Result<(usize, usize), String> {
    let mut running = ground.begin()?;
    if running.until(&ground.cluster, tally.random.random_range(1..6)).is_none() {
        return Ok((0, 1));
    }
    let mut frozen = Vec::new();
    for worker in sample(&mut tally.random, WORKERS, AT_ONCE) {
        std::thread::sleep(Duration::from_millis(tally.random.random_range(0..100)));
        frozen.extend(freeze(ground, worker + 1)?);
    }
    let before = ground.cluster.committed(&running.id);
    ensure!(!running.is_over(), "the job was over before anything was frozen");
    let ended = if early {
        std::thread::sleep(FROZEN);
        ensure!(!running.is_over(), "the job was over before the frozen ones woke");
        let late = ground.cluster.committed(&running.id);
        wake(&frozen)?;
        running.end(&ground.cluster, late)?
    } else {
        let ended = running.end(&ground.cluster, before.clone())?;
        wake(&frozen)?;
        ended
    };
    ended.is_right(&ground.cluster)?;
    ended.was_told()?;
    ensure!(ground.cluster.has_workers(WORKERS, BACK), "a worker that woke does not come back");
    let accesses = ended.computed_once(&ground.cluster, &before)?;
    let twice = accesses.puts.values().filter(|count| **count > 1).count();
    ensure!(twice <= AT_ONCE, "{twice} partitions were committed twice, by {AT_ONCE} frozen workers");
    // A commit that comes late is there until its worker sees that the job has ended.
    let woken = Instant::now();
    let mut rest = ground.cluster.job_files(&ended.id);
    while !rest.is_empty() && woken.elapsed() < BACK {
        std::thread::sleep(Duration::from_millis(100));
        rest = ground.cluster.job_files(&ended.id);
    }
    ensure!(rest.is_empty(), "job {} has ended, and a late commit is left: {rest:?}", ended.id);
    let retries = ground.cluster.job(&ended.id)?.retries() as usize;
    // One that wakes may be given another partition before it is told to stop.
    ensure!(retries <= 2 * AT_ONCE, "{retries} partitions again for {AT_ONCE} frozen workers of one slot");
    Ok((retries.min(AT_ONCE), AT_ONCE))
}

/// Stops a worker and its executor.
fn freeze(ground: &Ground, worker: usize) -> Result<[Process; 2], String> {
    let both = [ground.cluster.process(&format!("worker-{worker}"))?, ground.cluster.executor(worker)?];
    for process in both {
        ensure!(process.freeze(), "worker-{worker} has ended by itself");
    }
    std::thread::sleep(Duration::from_millis(20));
    ensure!(both.iter().all(|process| process.is_stopped()), "worker-{worker} does not stand still");
    Ok(both)
}

/// Wakes what was frozen until now.
fn wake(frozen: &[Process]) -> Result<(), String> {
    for process in frozen {
        ensure!(process.is_stopped() && process.wake(), "a frozen process has ended");
    }
    Ok(())
}
