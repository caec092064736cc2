//! A coordinator stands still, another one takes its store over, and the first one wakes: there is one result, and the
//! first one stops by itself.

use std::time::Duration;

use rand::Rng;
use steppe_tests::{Case, ClusterOptions, Counts, Lane, Second, Submission, Tally, result_digests, turn};

use super::{
    ensure,
    ground::{Ground, PARTITIONS, PATIENCE},
};

/// It looks every two seconds whether it has been replaced, and waits for its jobs for ten at most.
const STOPS: Duration = Duration::from_secs(15);

#[test]
fn there_is_one_result_and_the_old_one_stops() {
    let Some(_turn) = turn(Lane::Busy) else { return };
    let mut ground = Ground::new(ClusterOptions::slowed(2, 15));
    let mut tally = Tally::begin("two coordinators on one store", Counts { smoke: 2, ci: 5, release: 50 });
    while tally.is_due() {
        let case = case(&mut ground, &mut tally);
        tally.add(case);
        // A case that has failed may have left it frozen.
        if let Ok(coordinator) = ground.cluster.process("coordinator") {
            coordinator.wake();
        }
        ground.cluster.up().expect("the cluster again");
    }
    tally.finish();
}

fn case(ground: &mut Ground, tally: &mut Tally) -> Result<Case, String> {
    let shared_log = tally.next() % 2 == 1;
    let mut running = ground.begin()?;
    if running.until(&ground.cluster, tally.random.random_range(0..PARTITIONS - 4)).is_none() {
        return Ok(Case::NotFired);
    }
    let old = ground.cluster.process("coordinator")?;
    ensure!(old.freeze(), "the coordinator has ended by itself");
    if ground.cluster.log("coordinator").contains(&format!("a job has ended job={} ", running.id)) {
        old.wake();
        return Ok(Case::NotFired);
    }
    let folder = ground.oracle.folder().join(format!("second-{}", tally.next()));
    let second = match Second::start(&ground.cluster, &folder, shared_log) {
        Ok(second) => second,
        // Frozen while it wrote, the old one keeps the file locked: who wants it must wait for it to wake or to die.
        Err(error) if shared_log && error.contains("database is locked") => {
            ensure!(old.wake(), "the old coordinator has ended");
            let ended = running.end(&ground.cluster, Default::default())?;
            ended.is_right(&ground.cluster)?;
            return Ok(Case::NotFired);
        }
        Err(error) => return Err(error),
    };
    let mut again = Submission::start(running.scoring.call(second.call::<&str>([])))?;
    ensure!(again.id == running.id, "the same job is {} there and {} here", again.id, running.id);
    // It wakes while the new one works, or thereafter.
    let moment = tally.random.random_range(0..PARTITIONS + 8);
    while !again.is_over() && ground.cluster.committed(&running.id).len() < moment {
        std::thread::sleep(Duration::from_millis(5));
    }
    ensure!(old.is_stopped() && old.wake(), "the old coordinator did not stand still");
    let run = again.wait(PATIENCE, || ())?;
    let of = format!("job {}, {} log", running.id, if shared_log { "one" } else { "its own" });
    ensure!(
        run.status == 0,
        "{of}: exit status {}: {}\n{}",
        run.status,
        run.stderr,
        second.log("coordinator")
    );
    ensure!(old.ends_within(STOPS), "{of}: the old coordinator goes on");
    let log = ground.cluster.log("coordinator");
    ensure!(log.contains("another coordinator has taken over"), "{of}: it does not say why it stops");
    one_result(ground, &running.scoring.out, running.answer(), &of)?;
    // The first host comes back later, with the log that it had.
    drop(second);
    ground.cluster.up()?;
    let watched = ground.cluster.watch(&running.id, PATIENCE)?;
    ensure!(watched.status == 0, "{of}: the first one's log: {}{}", watched.stdout, watched.stderr);
    one_result(ground, &running.scoring.out, running.answer(), &of)?;
    Ok(Case::Passed)
}

fn one_result(ground: &Ground, out: &str, answer: &[String; 2], of: &str) -> Result<(), String> {
    ensure!(result_digests(&ground.cluster.result(out))? == *answer, "{of}: other bits");
    let staged = ground.cluster.bucket_files(&format!(".{out}."));
    ensure!(staged.is_empty(), "{of}: a second result was begun: {staged:?}");
    Ok(())
}
