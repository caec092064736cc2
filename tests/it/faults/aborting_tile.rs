//! A tile that aborts whoever reads it: three attempts, then its job fails and names it. Others are not concerned.

use rand::Rng;
use steppe_tests::{Case, Cluster, ClusterOptions, Counts, Lane, Scoring, Tally, steppe, turn};

use super::{
    ensure,
    ground::{BLOCK_SAMPLES, Oracle, PATIENCE, import, local_answer},
};

/// Row groups of the cohort of the other jobs: it has none of a higher number.
const OTHERS: u32 = 44;
/// Row groups of the cohort with the tile.
const ALL: u32 = 132;
/// Row groups of a block.
const OF_BLOCK: u32 = 22;
/// Workers that may die of a tile.
const ATTEMPTS: usize = 3;

#[test]
fn it_is_set_aside_and_other_jobs_go_on() {
    let Some(_turn) = turn(Lane::Waiting) else { return };
    let oracle = Oracle::new();
    let other = Other::new(&oracle);
    let mut tally = Tally::begin("a tile that aborts", Counts { smoke: 1, ci: 3, release: 30 });
    while tally.is_due() {
        let case = case(&oracle, &other, &mut tally);
        tally.add(case);
    }
    tally.finish();
}

/// The cohort of the other jobs, and its answer.
struct Other {
    prefix: std::path::PathBuf,
    answer: [String; 2],
}

impl Other {
    fn new(oracle: &Oracle) -> Self {
        let at = |name: &str| oracle.folder().join(name);
        steppe(["simulate", "--unlinked", "--samples", "200", "--variants", "4400", "--seed", "5", "--out"])
            .arg(at("other"))
            .ok();
        import(&at("other"), &at("other-cohort"), BLOCK_SAMPLES);
        let answer = local_answer(&at("other-cohort"), &oracle.answer(0).0, &at("other-local"));
        Self { prefix: at("other"), answer }
    }
}

fn case(oracle: &Oracle, other: &Other, tally: &mut Tally) -> Result<Case, String> {
    let tile = tally.random.random_range(OTHERS..ALL);
    let slots = tally.random.random_range(1..=2);
    let options =
        ClusterOptions::slowed(2, 60).slots(slots).with("STEPPE_TEST_ABORT_TILE", &tile.to_string());
    let folder = oracle.folder().join(format!("cluster-{}", tally.next()));
    let cluster = Cluster::start(&folder, options)?;
    let bad = cluster.import(&oracle.prefix(), "bad", BLOCK_SAMPLES)?;
    let good = cluster.import(&other.prefix, "good", BLOCK_SAMPLES)?;
    let table = oracle.answer(0).0.clone();
    let job = |cohort: &str, out: &str| Scoring {
        cohort: cohort.to_owned(),
        table: table.clone(),
        out: out.to_owned(),
    };
    let (bad, good) = (cluster.submit(&job(&bad, "from-bad"))?, cluster.submit(&job(&good, "from-good"))?);
    let (bad_id, good_id) = (bad.id.clone(), good.id.clone());
    let coordinator = cluster.process("coordinator")?;
    let good = good.wait(PATIENCE, || ())?;
    let bad = bad.wait(PATIENCE, || ())?;
    ensure!(
        good.status == 0,
        "tile {tile}, {slots} slots: the other job: exit status {}: {}",
        good.status,
        good.stderr
    );
    let found = steppe_tests::result_digests(&cluster.result("from-good"))?;
    ensure!(found == other.answer, "job {good_id}: other bits than a single process computes");
    ensure!(bad.status == 1, "job {bad_id}: exit status {}: {}", bad.status, bad.stderr);
    let view = cluster.job(&bad_id)?;
    ensure!(view.fact("state") == "failed", "job {bad_id}: {}", view.fact("state"));
    let named = format!("block {} part {} ", tile / OF_BLOCK, tile % OF_BLOCK);
    let failure = view.fact("failure");
    ensure!(names(failure, tile), "job {bad_id}: tile {tile} ({named}) is not named: {failure}");
    let aborts = (1..=2).map(|worker| cluster.log(&format!("worker-{worker}")));
    let aborts: usize = aborts.map(|log| log.matches("as STEPPE_TEST_ABORT_TILE says").count()).sum();
    ensure!(aborts == ATTEMPTS, "tile {tile}: {aborts} executors died of it, not {ATTEMPTS}");
    ensure!(coordinator.is_running(), "the coordinator has died");
    Ok(Case::Passed)
}

/// Whether a failure names the tiles of a partition with this one among them: `block 2 part 3 row group 0`, or the
/// first and the last of several.
fn names(failure: &str, tile: u32) -> bool {
    let numbers = |text: &str| -> Option<u32> {
        let mut words = text.split_whitespace();
        let block: u32 = words.next()?.parse().ok()?;
        let part: u32 = words.nth(1)?.parse().ok()?;
        Some(block * OF_BLOCK + part)
    };
    let named: Vec<u32> = failure.split("block ").skip(1).filter_map(numbers).collect();
    named.iter().min().is_some_and(|first| *first <= tile)
        && named.iter().max().is_some_and(|last| tile <= *last)
}
