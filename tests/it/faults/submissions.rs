//! Fifty submissions of one job at once are one job.

use std::{
    collections::BTreeSet,
    process::{Child, Stdio},
};

use steppe_tests::{Case, ClusterOptions, Counts, Lane, Run, Tally, result_digests, turn};

use super::{
    ensure,
    ground::{Ground, PARTITIONS},
};

const AT_ONCE: usize = 50;

#[test]
fn fifty_at_once_are_one_job() {
    let Some(_turn) = turn(Lane::Busy) else { return };
    let mut ground = Ground::new(ClusterOptions::slowed(2, 5));
    let mut tally =
        Tally::begin("50 submissions of one job at once", Counts { smoke: 1, ci: 10, release: 100 });
    while tally.is_due() {
        let case = case(&mut ground);
        tally.add(case);
    }
    tally.finish();
}

fn case(ground: &mut Ground) -> Result<Case, String> {
    let (scoring, answer) = ground.scoring();
    let jobs_before = jobs(ground)?.len();
    let log = ground.cluster.log("s3").len();
    let start = |_| {
        let mut command = scoring.call(ground.cluster.call::<&str>([]));
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
        command.spawn().map_err(|error| error.to_string())
    };
    let clients: Vec<Child> = (0..AT_ONCE).map(start).collect::<Result<_, _>>()?;
    let mut ids = BTreeSet::new();
    let mut found = 0;
    for client in clients {
        let run = Run::of(&client.wait_with_output().map_err(|error| error.to_string())?);
        ensure!(run.status == 0, "a submission: exit status {}: {}", run.status, run.stderr);
        let line = run.stderr.lines().find_map(|line| line.strip_prefix("job ")).unwrap_or_default();
        ids.insert(line.split_whitespace().next().unwrap_or_default().to_owned());
        found += usize::from(line.contains("it was there already"));
    }
    ensure!(ids.len() == 1, "{} ids for one job: {ids:?}", ids.len());
    ensure!(found == AT_ONCE - 1, "{} submissions took themselves for the first", AT_ONCE - found);
    let id = ids.first().cloned().unwrap_or_default();
    let listed = jobs(ground)?;
    let rows = listed.iter().filter(|row| id.starts_with(row.as_str())).count();
    ensure!(rows == 1, "job {id} is listed {rows} times");
    ensure!(listed.len() == jobs_before + 1, "{} jobs more than before", listed.len() - jobs_before);
    ensure!(result_digests(&ground.cluster.result(&scoring.out))? == answer, "job {id}: other bits");
    let puts = ground.cluster.accesses(&id, "cohort", log).puts;
    let once = puts.len() == PARTITIONS && puts.values().all(|count| *count == 1);
    ensure!(once, "job {id} was not computed once: {puts:?}");
    Ok(Case::Passed)
}

/// The beginnings of the ids of all jobs.
fn jobs(ground: &Ground) -> Result<Vec<String>, String> {
    let listed = ground.cluster.call(["jobs", "list", "--limit", "1000"]).run();
    ensure!(listed.status == 0, "jobs list: {}", listed.stderr);
    let first = |line: &str| line.split_whitespace().next().map(str::to_owned);
    Ok(listed.stdout.lines().skip(2).filter_map(first).collect())
}
