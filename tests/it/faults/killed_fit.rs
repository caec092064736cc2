//! SIGKILL for workers and the coordinator while a fit runs: it ends in the bits of a single process.

use std::time::{Duration, Instant};

use rand::Rng;
use steppe_tests::{
    Case, Cluster, ClusterOptions, Counts, FitData, Lane, Submission, Tally, fit_digests, steppe, turn,
};

use super::{ensure, ground::import};

/// Longer than such a fit lasts, with a death that only a missing heartbeat tells.
const PATIENCE: Duration = Duration::from_secs(150);
/// Many tiles, so that passes take a while.
const BLOCK_SAMPLES: u32 = 100;

struct Fits {
    cluster: Cluster,
    data: FitData,
    cohort: String,
    expected: std::collections::BTreeMap<String, String>,
    usual: Duration,
    jobs: usize,
    _place: tempfile::TempDir,
}

impl Fits {
    fn new() -> Self {
        let place = tempfile::tempdir().expect("a folder");
        let data = FitData::simulate(place.path(), 0.01);
        let at = |name: &str| place.path().join(name);
        import(&data.prefix, &at("cohort"), BLOCK_SAMPLES);
        let local = at("cohort").display().to_string();
        data.fit(steppe(["--quiet"]), &local).args(["--seed", "0", "--out"]).arg(at("local")).ok();
        let expected = fit_digests(&at("local")).expect("a local fit");
        let options = ClusterOptions { workers: 3, slots: 1, environment: Vec::new() };
        let cluster = Cluster::start(&at("cluster"), options).expect("a cluster");
        let cohort = cluster.import(&data.prefix, "cohort", BLOCK_SAMPLES).expect("an import");
        let mut fits = Self { cluster, data, cohort, expected, usual: PATIENCE, jobs: 0, _place: place };
        let began = Instant::now();
        let (out, submission) = fits.begin().expect("a fit");
        let run = submission.wait(PATIENCE, || ()).expect("an end");
        assert_eq!(run.status, 0, "{}", run.stderr);
        fits.usual = began.elapsed();
        fits.is_right(&out).expect("a fit that nobody disturbs");
        fits
    }

    /// A fit that no other case has: a split by column makes nothing of its seed.
    fn begin(&mut self) -> Result<(String, Submission), String> {
        self.jobs += 1;
        let (seed, out) = (self.jobs.to_string(), format!("fit-{}", self.jobs));
        let url = format!("s3://steppe/{out}");
        let call = self.data.fit(self.cluster.call::<&str>([]), &self.cohort);
        let submission = Submission::start(call.args(["--seed", &seed, "--out", &url]).into_command())?;
        Ok((out, submission))
    }

    fn is_right(&self, out: &str) -> Result<(), String> {
        let found = fit_digests(&self.cluster.result(out))?;
        let other: Vec<&String> = self
            .expected
            .iter()
            .filter(|(name, hash)| found.get(*name) != Some(hash))
            .map(|(n, _)| n)
            .collect();
        ensure!(other.is_empty(), "{out}: {other:?} are not what a single process makes");
        Ok(())
    }
}

#[test]
fn a_fit_ends_in_the_same_bits() {
    let Some(_turn) = turn(Lane::Store) else { return };
    let mut fits = Fits::new();
    let mut tally = Tally::begin("kill -9 during a fit", Counts { smoke: 1, ci: 4, release: 40 });
    while tally.is_due() {
        let case = case(&mut fits, &mut tally);
        tally.add(case);
        fits.cluster.up().expect("the cluster again");
    }
    tally.finish();
}

fn case(fits: &mut Fits, tally: &mut Tally) -> Result<Case, String> {
    let (out, submission) = fits.begin()?;
    let id = submission.id.clone();
    let moment = fits.usual.mul_f64(tally.random.random_range(0.05..0.9));
    std::thread::sleep(moment);
    let victim = match tally.random.random_range(0..3) {
        0 => fits.cluster.process("coordinator")?,
        worker => fits.cluster.executor(worker)?,
    };
    let was_over = fits.cluster.log("coordinator").contains(&format!("a job has ended job={id} "));
    ensure!(victim.kill(), "it had ended by itself");
    ensure!(victim.ends_within(Duration::from_secs(5)), "it outlives SIGKILL");
    fits.cluster.up()?;
    let run = submission.wait(PATIENCE, || ())?;
    // A client that has given up is no answer about the job.
    let watched = fits.cluster.watch(&id, PATIENCE)?;
    ensure!(watched.status == 0, "job {id}: {}{} ({})", watched.stdout, watched.stderr, run.stderr);
    fits.is_right(&out)?;
    let rest = fits.cluster.job_files(&id);
    ensure!(rest.is_empty(), "the job has ended and left {rest:?}");
    Ok(if was_over { Case::NotFired } else { Case::Passed })
}
