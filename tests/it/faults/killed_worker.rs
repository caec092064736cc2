//! SIGKILL for a worker at any moment: the same bits, and only what it was working on is computed again.

use std::time::Duration;

use rand::Rng;
use steppe_tests::{Case, ClusterOptions, Counts, Lane, Tally, turn};

use super::{
    ensure,
    ground::{Ground, PARTITIONS, TILES},
};

/// What happens to a worker.
#[derive(Debug, Clone, Copy)]
enum Blow {
    /// Its executor dies; the supervisor starts another one.
    Executor,
    /// Both die, and somebody starts the worker again.
    Both,
    /// Both die, and nobody does: only the missing heartbeat tells.
    Gone,
}

#[test]
fn the_same_bits_and_only_its_tiles_again() {
    let Some(_turn) = turn(Lane::Busy) else { return };
    let mut ground = Ground::new(ClusterOptions::slowed(3, 10).slots(2));
    let mut tally = Tally::begin("kill -9 a worker", Counts { smoke: 3, ci: 20, release: 300 });
    let usual = undisturbed(&mut ground).expect("a job that nobody disturbs");
    while tally.is_due() {
        let case = case(&mut ground, &mut tally, usual);
        tally.add(case);
        ground.cluster.up().expect("the cluster again");
    }
    tally.finish();
}

/// How often a file of genotypes is read when nothing happens.
fn undisturbed(ground: &mut Ground) -> Result<u32, String> {
    let running = ground.begin()?;
    let ended = running.end(&ground.cluster, Default::default())?;
    ended.is_right(&ground.cluster)?;
    let missing = ended.missing(&ground.cluster);
    ensure!(missing == [PARTITIONS], "passes with so many partitions missing: {missing:?}");
    let accesses = ended.computed_once(&ground.cluster, &Default::default())?;
    ensure!(accesses.puts.values().all(|count| *count == 1), "sums were put twice: {:?}", accesses.puts);
    Ok(accesses.most_reads())
}

fn case(ground: &mut Ground, tally: &mut Tally, usual: u32) -> Result<Case, String> {
    let blow = match (tally.next() % 10, tally.random.random_bool(0.5)) {
        (9, _) => Blow::Gone,
        (_, true) => Blow::Both,
        (_, false) => Blow::Executor,
    };
    let mut running = ground.begin()?;
    let (moment, pause) = (tally.random.random_range(0..PARTITIONS - 4), tally.random.random_range(0..40));
    let worker = tally.random.random_range(1..=ground.cluster.workers());
    let (supervisor, executor) =
        (ground.cluster.process(&format!("worker-{worker}"))?, ground.cluster.executor(worker)?);
    if running.until(&ground.cluster, moment).is_none() {
        return Ok(Case::NotFired);
    }
    std::thread::sleep(Duration::from_millis(pause));
    let before = ground.cluster.committed(&running.id);
    if running.is_over() || !executor.kill() {
        return Ok(Case::NotFired);
    }
    if !matches!(blow, Blow::Executor) {
        ensure!(supervisor.kill(), "the supervisor had ended by itself");
    }
    if matches!(blow, Blow::Both) {
        ground.cluster.up()?;
    }
    let ended = running.end(&ground.cluster, before.clone())?;
    ended.is_right(&ground.cluster)?;
    let retries = ground.cluster.job(&ended.id)?.retries();
    let slots = ground.cluster.slots();
    // What it was working on, and what it had done and not reported yet: that is launched again, and finds its sums.
    ensure!(retries as usize <= 2 * slots, "{blow:?}: {retries} partitions again, but it has {slots} slots");
    let accesses = ended.computed_once(&ground.cluster, &before)?;
    let puts: u32 = accesses.puts.values().sum();
    ensure!(puts as usize <= PARTITIONS + slots, "{blow:?}: {puts} commits of {PARTITIONS} partitions");
    let read_again = accesses.read_more_than(usual);
    ensure!(read_again <= slots * TILES, "{blow:?}: {read_again} tiles were read again");
    let missing = ended.missing(&ground.cluster);
    ensure!(missing == [PARTITIONS], "{blow:?}: passes with so many partitions missing: {missing:?}");
    // A worker that ran nothing at that moment costs nothing, and proves nothing.
    Ok(if retries > 0 { Case::Passed } else { Case::NotFired })
}
