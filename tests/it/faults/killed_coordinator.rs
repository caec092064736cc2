//! SIGKILL for the coordinator at any moment: the next one goes on with the same job, and computes nothing twice.

use std::time::{Duration, Instant};

use rand::Rng;
use steppe_tests::{Case, ClusterOptions, Counts, Lane, Tally, turn};

use super::{
    ensure,
    ground::{Ground, PARTITIONS},
};

#[test]
fn the_job_goes_on_and_nothing_committed_is_computed_again() {
    let Some(_turn) = turn(Lane::Busy) else { return };
    let mut ground = Ground::new(ClusterOptions::slowed(3, 10));
    let mut tally = Tally::begin("kill -9 the coordinator", Counts { smoke: 3, ci: 10, release: 100 });
    let began = Instant::now();
    let undisturbed = ground.begin().and_then(|running| running.end(&ground.cluster, Default::default()));
    undisturbed.and_then(|ended| ended.is_right(&ground.cluster)).expect("a job that nobody disturbs");
    let mut usual = began.elapsed();
    while tally.is_due() {
        let case = case(&mut ground, &mut tally, usual);
        if matches!(case, Ok(Case::NotFired)) {
            // Jobs have become faster since the first one.
            usual = usual.mul_f64(0.8);
        }
        tally.add(case);
        ground.cluster.up().expect("the cluster again");
    }
    tally.finish();
}

fn case(ground: &mut Ground, tally: &mut Tally, usual: Duration) -> Result<Case, String> {
    let running = ground.begin()?;
    // Any moment from the submission to the end: also while inputs are fetched and while results are written.
    let moment = usual.mul_f64(tally.random.random_range(0.0..0.75));
    std::thread::sleep(moment);
    let coordinator = ground.cluster.process("coordinator")?;
    ensure!(coordinator.kill(), "the coordinator had ended by itself");
    ensure!(coordinator.ends_within(Duration::from_secs(5)), "the coordinator outlives SIGKILL");
    let log = ground.cluster.log("coordinator");
    let was_over = log.contains(&format!("a job has ended job={} ", running.id));
    std::thread::sleep(Duration::from_millis(tally.random.random_range(0..500)));
    let committed = ground.cluster.committed(&running.id);
    ground.cluster.up()?;
    let ended = running.end(&ground.cluster, committed.clone())?;
    ended.is_right(&ground.cluster)?;
    if was_over {
        return Ok(Case::NotFired);
    }
    let view = ground.cluster.job(&ended.id)?;
    ensure!(view.fact("job") == ended.id, "another job: {}", view.fact("job"));
    ensure!(view.fact("state") == "succeeded", "job {}: {}", ended.id, view.fact("state"));
    let accesses = ended.computed_once(&ground.cluster, &committed)?;
    // What was on its way when the old one died may be committed by two workers.
    let puts: u32 = accesses.puts.values().sum();
    let on_their_way = ground.cluster.workers() * ground.cluster.slots();
    ensure!(puts as usize <= PARTITIONS + on_their_way, "{puts} commits of {PARTITIONS} partitions");
    // Where everything was committed no pass was submitted again.
    for after in ended.missing_since(&ground.cluster, log.len()) {
        let done = committed.len();
        ensure!(after <= PARTITIONS - done, "{after} missing, though {done} were committed");
    }
    let rest = ground.cluster.job_files(&ended.id);
    ensure!(rest.is_empty(), "the job has ended and left {rest:?}");
    ended.was_told()?;
    Ok(Case::Passed)
}
