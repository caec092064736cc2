//! A job that is cancelled at any moment: its workers rest within 2 s, and nothing of it is left.

use std::{
    path::PathBuf,
    time::{Duration, Instant},
};

use rand::Rng;
use steppe_tests::{Case, ClusterOptions, Counts, Lane, Process, Tally, turn, wait_until};

use super::{
    ensure,
    ground::{BLOCK_SAMPLES, Ground, Running},
};

/// By then workers rest.
const IDLE: Duration = Duration::from_secs(2);
/// So long they are watched.
const WATCHED: Duration = Duration::from_millis(1500);
/// Once they are, an executor's own chores may fall into one such time, not into each.
const WINDOWS: usize = 3;
/// Processor time that heartbeats and timers of an idle debug build may take meanwhile beyond what they took before the
/// job, in ticks of 10 ms.
const NOISE: u64 = 6;

#[test]
fn workers_rest_and_nothing_is_left() {
    let Some(_turn) = turn(Lane::Waiting) else { return };
    // Partitions that end often, so that one is just being committed; and ones that would go on for more than 3 s.
    let kinds =
        [("cancel between short partitions", BLOCK_SAMPLES, 20), ("cancel within long partitions", 25, 300)];
    let mut tallies = Vec::new();
    for (name, block_samples, delay) in kinds {
        let mut tally = Tally::begin(name, Counts { smoke: 2, ci: 5, release: 50 });
        let mut ground = Ground::with_blocks(ClusterOptions::slowed(2, delay).slots(2), block_samples);
        while tally.is_due() {
            let case = case(&mut ground, &mut tally);
            tally.add(case);
        }
        tally.stop();
        tallies.push(tally);
    }
    tallies.into_iter().for_each(Tally::finish);
}

fn case(ground: &mut Ground, tally: &mut Tally) -> Result<Case, String> {
    // Other tests keep the cores busy, and then an idle process takes more time too.
    let idle = spent(&executors(ground)?)?;
    let mut running = ground.begin()?;
    // One in four while inputs are fetched, the others while workers work.
    if !tally.next().is_multiple_of(4) {
        running.until_at_work(&ground.cluster);
    }
    std::thread::sleep(Duration::from_millis(tally.random.random_range(0..1500)));
    // What a call of the command takes while other tests keep the cores busy.
    let asked = Instant::now();
    ground.cluster.job(&running.id)?;
    let call = asked.elapsed();
    let asked = Instant::now();
    let cancelled = ground.cluster.call(["jobs", "cancel", &running.id]).run();
    ensure!(cancelled.status == 0, "jobs cancel: {}", cancelled.stderr);
    let took = asked.elapsed();
    if !cancelled.stdout.contains(": cancelled") {
        ensure!(cancelled.stdout.contains(": succeeded"), "cancelled, and yet: {}", cancelled.stdout);
        return Ok(Case::NotFired);
    }
    ensure!(
        took <= IDLE + 2 * call,
        "it took {} ms, and another call {} ms",
        took.as_millis(),
        call.as_millis()
    );
    std::thread::sleep((IDLE + call).saturating_sub(asked.elapsed()));
    rest(ground, &running, &idle)?;
    nothing_is_left(ground, &running)?;
    let ended = running.end(&ground.cluster, Default::default())?;
    ensure!(ended.run.status == 1, "the one who watched: exit status {}", ended.run.status);
    ensure!(ended.run.stderr.contains("cancelled"), "the one who watched: {}", ended.run.stderr);
    Ok(Case::Passed)
}

fn nothing_is_left(ground: &Ground, running: &Running) -> Result<(), String> {
    let out = &running.scoring.out;
    let left = || -> [(&str, Vec<PathBuf>); 4] {
        [
            ("its folder in the store", ground.cluster.job_files(&running.id)),
            ("its scratch", ground.cluster.scratch_files(&running.id)),
            ("an output", ground.cluster.bucket_files(&format!("{out}/"))),
            ("a staged output", ground.cluster.bucket_files(&format!(".{out}."))),
        ]
    };
    // It is taken away after the answer, in as much time as the machine lets it.
    wait_until(Duration::from_secs(10), || left().iter().all(|(_, files)| files.is_empty()));
    for (kind, files) in left() {
        ensure!(files.is_empty(), "job {}: {kind} is left: {files:?}", running.id);
    }
    Ok(())
}

/// No worker computes, reads or commits.
fn rest(ground: &Ground, running: &Running, idle: &[u64]) -> Result<(), String> {
    let log = ground.cluster.log("s3").len();
    // The same work takes more ticks while others use the caches; what a cancelled job left would go on for longer.
    let mut windows = Vec::new();
    let quiet = (0..WINDOWS).any(|_| {
        windows.push(executors(ground).and_then(|executors| spent(&executors)));
        let spent = windows.last().and_then(|spent| spent.as_ref().ok());
        spent.is_some_and(|spent| spent.iter().zip(idle).all(|(spent, idle)| *spent <= idle + NOISE))
    });
    ensure!(quiet, "executors spent {windows:?} ticks after the cancel, and {idle:?} before the job");
    let accesses = ground.cluster.accesses(&running.id, "cohort", log);
    ensure!(accesses.puts.is_empty() && accesses.reads.is_empty(), "workers went on: {accesses:?}");
    Ok(())
}

fn executors(ground: &Ground) -> Result<Vec<Process>, String> {
    (1..=ground.cluster.workers()).map(|worker| ground.cluster.executor(worker)).collect()
}

/// The ticks that each spends while it is watched.
fn spent(executors: &[Process]) -> Result<Vec<u64>, String> {
    let ticks = || -> Result<Vec<u64>, String> {
        executors.iter().map(|executor| executor.ticks().ok_or("an executor has ended".to_owned())).collect()
    };
    let before = ticks()?;
    std::thread::sleep(WATCHED);
    Ok(ticks()?.iter().zip(&before).map(|(after, before)| after - before).collect())
}
