//! Nothing happens: the same bits for any number of workers and slots, for any blocks, and for jobs side by side.

use rand::Rng;
use steppe_tests::{
    Case, Cluster, ClusterOptions, Counts, Lane, Scoring, Submission, Tally, result_digests, turn,
};

use super::{
    ensure,
    ground::{Oracle, PATIENCE, import, local_answer},
};

/// Jobs of one cluster, side by side.
const JOBS: usize = 4;

#[test]
fn the_same_bits_for_any_workers_slots_and_blocks() {
    let Some(_turn) = turn(Lane::Busy) else { return };
    let oracle = Oracle::new();
    let mut tally = Tally::begin("none", Counts { smoke: 4, ci: 20, release: 200 });
    while tally.is_due() {
        match cases(&oracle, &mut tally) {
            Ok(cases) => cases.into_iter().for_each(|case| tally.add(case)),
            Err(failure) => tally.add(Err(failure)),
        }
    }
    tally.finish();
}

fn cases(oracle: &Oracle, tally: &mut Tally) -> Result<Vec<Result<Case, String>>, String> {
    let (workers, slots) = (tally.random.random_range(1..=8), tally.random.random_range(1..=3));
    let block = tally.random.random_range(60..=600);
    let at = |what: &str| oracle.folder().join(format!("{what}-{}", tally.next()));
    import(&oracle.prefix(), &at("cohort"), block);
    let options = ClusterOptions { workers, slots, environment: Vec::new() };
    let cluster = Cluster::start(&at("cluster"), options)?;
    let cohort = cluster.import(&oracle.prefix(), "cohort", block)?;
    let job = |number: usize| {
        let table = oracle.answer(number).0.clone();
        let scoring = Scoring { cohort: cohort.clone(), table, out: format!("result-{number}") };
        Ok((number, cluster.submit(&scoring)?))
    };
    let jobs: Vec<(usize, Submission)> = (0..JOBS).map(job).collect::<Result<_, String>>()?;
    let judge = |(number, submission): (usize, Submission)| {
        let run = submission.wait(PATIENCE, || ())?;
        let of = format!("{workers} workers of {slots} slots, blocks of {block}");
        ensure!(run.status == 0, "{of}: exit status {}: {}", run.status, run.stderr);
        let (table, [_, sums]) = oracle.answer(number);
        // The Parquet file names the cohort, which is another one with other blocks; the sums are the same.
        let local = local_answer(&at("cohort"), table, &at(&format!("local-{number}")));
        let found = result_digests(&cluster.result(&format!("result-{number}")))?;
        ensure!(found == local && found[1] == *sums, "{of}: other bits than a single process computes");
        Ok(Case::Passed)
    };
    Ok(jobs.into_iter().map(judge).collect())
}
