//! SIGKILL for all workers: the job goes on when they return, or fails after the grace and says why. It never hangs.

use std::time::{Duration, Instant};

use rand::Rng;
use steppe_tests::{Case, ClusterOptions, Committed, Counts, Lane, Tally, turn};

use super::{
    ensure,
    ground::{Ended, Ground, PARTITIONS},
};

/// How long a coordinator without workers waits, in seconds.
const GRACE: u64 = 5;
/// A death without a return is noticed after this long, in seconds.
const NOTICED: u64 = 22;

#[test]
fn it_goes_on_when_they_return_or_fails_after_the_grace() {
    let Some(_turn) = turn(Lane::Waiting) else { return };
    let options = ClusterOptions::slowed(3, 10)
        .slots(2)
        .with("STEPPE_COORDINATOR_WORKER_GRACE_SECONDS", &GRACE.to_string());
    let mut ground = Ground::new(options);
    let mut tally = Tally::begin("kill -9 all workers", Counts { smoke: 2, ci: 5, release: 50 });
    while tally.is_due() {
        let case = case(&mut ground, &mut tally);
        tally.add(case);
        ground.cluster.up().expect("the cluster again");
    }
    tally.finish();
}

fn case(ground: &mut Ground, tally: &mut Tally) -> Result<Case, String> {
    let return_after = Duration::from_millis(tally.random.random_range(0..3000));
    let never = tally.next() % 5 == 1;
    let mut running = ground.begin()?;
    if running.until(&ground.cluster, tally.random.random_range(0..PARTITIONS - 8)).is_none() {
        return Ok(Case::NotFired);
    }
    kill_all(ground)?;
    let killed = Instant::now();
    let committed = ground.cluster.committed(&running.id);
    if running.is_over() || committed.len() == PARTITIONS {
        return Ok(Case::NotFired);
    }
    if !never {
        std::thread::sleep(return_after);
        ground.cluster.up()?;
    }
    // On a busy machine they may take longer to return than the grace lasts.
    let in_time = !never && killed.elapsed() < Duration::from_secs(GRACE);
    let ended = running.end(&ground.cluster, committed.clone())?;
    if in_time || (!never && ended.succeeded()) {
        ended.is_right(&ground.cluster)?;
        ended.computed_once(&ground.cluster, &committed)?;
        return Ok(Case::Passed);
    }
    let took = killed.elapsed().as_secs();
    ensure!(took <= NOTICED + GRACE + 10, "it failed only after {took} s");
    failed_and_goes_on(ground, &ended, &committed)
}

/// The job has failed for want of workers, and its next attempt begins with what was committed.
fn failed_and_goes_on(ground: &Ground, ended: &Ended, committed: &Committed) -> Result<Case, String> {
    let view = ground.cluster.job(&ended.id)?;
    ensure!(view.fact("state") == "failed", "job {}: {}", ended.id, view.fact("state"));
    let failure = view.fact("failure");
    ensure!(
        failure.starts_with("unavailable") && failure.contains("worker"),
        "the cause is not named: {failure}"
    );
    ground.cluster.up()?;
    let again = ground.cluster.submit(&ended.scoring)?;
    ensure!(again.id == ended.id, "the same job has another id");
    let again = again.wait(super::ground::PATIENCE, || ())?;
    ensure!(again.status == 0, "the next attempt: {}", again.stderr);
    ended.has_right_bits(&ground.cluster)?;
    ended.computed_once(&ground.cluster, committed)?;
    Ok(Case::Passed)
}

fn kill_all(ground: &Ground) -> Result<(), String> {
    let workers = 1..=ground.cluster.workers();
    let executors: Vec<_> =
        workers.clone().map(|worker| ground.cluster.executor(worker)).collect::<Result<_, _>>()?;
    let names = workers.map(|worker| format!("worker-{worker}"));
    let supervisors: Vec<_> = names.map(|name| ground.cluster.process(&name)).collect::<Result<_, _>>()?;
    for process in supervisors.into_iter().chain(executors) {
        // An executor may have seen that its supervisor is gone.
        process.kill();
        ensure!(process.ends_within(Duration::from_secs(5)), "a process outlives SIGKILL");
    }
    Ok(())
}
