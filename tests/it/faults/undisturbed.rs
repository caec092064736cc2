//! Nothing happens: the same bits for any number of workers and slots, for any blocks, and for jobs side by side.

use std::path::Path;

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
        let result = cluster.result(&format!("result-{number}"));
        let found = result_digests(&result)?;
        ensure!(found == local && found[1] == *sums, "{of}: other bits than a single process computes");
        ensure!(
            !names_a_folder(&result, cluster.folder())?,
            "{of}: a result names the coordinator's folders"
        );
        Ok(Case::Passed)
    };
    Ok(jobs.into_iter().map(judge).collect())
}

/// Whether a file of a result has the name of a folder in it. One coordinator's folders have other names than another's,
/// and what both make of a job must be the same.
fn names_a_folder(result: &Path, folder: &Path) -> Result<bool, String> {
    let name = folder.as_os_str().as_encoded_bytes();
    let files = std::fs::read_dir(result).map_err(|error| format!("{}: {error}", result.display()))?;
    for file in files {
        let bytes = file.and_then(|file| std::fs::read(file.path())).map_err(|error| error.to_string())?;
        if bytes.windows(name.len()).any(|window| window == name) {
            return Ok(true);
        }
    }
    Ok(false)
}
