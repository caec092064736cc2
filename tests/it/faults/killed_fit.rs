//! SIGKILL for workers and the coordinator while a fit runs: it ends in the bits of a single process, and what was
//! finished is not done again.

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use rand::Rng;
use steppe_tests::{
    Call, Case, Cluster, ClusterOptions, Counts, FitData, Lane, Submission, Tally, fit_digests, steppe, turn,
};

use super::{ensure, ground::import};

/// Longer than such a fit lasts, with a death that only a missing heartbeat tells.
const PATIENCE: Duration = Duration::from_secs(150);
/// Many tiles, so that passes take a while.
const BLOCK_SAMPLES: u32 = 100;

/// A job that is disturbed.
#[derive(Clone, Copy)]
struct Method {
    fault: &'static str,
    /// The command line, all but the place of its result.
    call: fn(&FitData, Call, &str) -> Call,
    /// Partial sums and checkpoints stay until its end.
    keeps: bool,
}

struct Fits {
    cluster: Cluster,
    method: Method,
    data: FitData,
    cohort: String,
    expected: BTreeMap<String, String>,
    usual: Duration,
    jobs: usize,
    _place: tempfile::TempDir,
}

impl Fits {
    fn new(method: Method) -> Self {
        let place = tempfile::tempdir().expect("a folder");
        let data = FitData::simulate(place.path(), 0.01);
        let at = |name: &str| place.path().join(name);
        import(&data.prefix, &at("cohort"), BLOCK_SAMPLES);
        let local = at("cohort").display().to_string();
        (method.call)(&data, steppe(["--quiet"]), &local).arg("--out").arg(at("local")).ok();
        let expected = fit_digests(&at("local")).expect("a local fit");
        let options = ClusterOptions { workers: 3, slots: 1, environment: Vec::new() };
        let cluster = Cluster::start(&at("cluster"), options).expect("a cluster");
        let cohort = cluster.import(&data.prefix, "cohort", BLOCK_SAMPLES).expect("an import");
        let mut fits =
            Self { cluster, method, data, cohort, expected, usual: PATIENCE, jobs: 0, _place: place };
        let (began, since) = (Instant::now(), fits.cluster.log("s3").len());
        let (out, submission) = fits.begin().expect("a fit");
        let id = submission.id.clone();
        let run = submission.wait(PATIENCE, || ()).expect("an end");
        assert_eq!(run.status, 0, "{}", run.stderr);
        fits.usual = began.elapsed();
        let puts = fits.cluster.accesses(&id, "cohort", since).puts;
        let parts = puts.keys().filter(|name| name.ends_with(".cbor")).count();
        assert_eq!(parts > 1, method.keeps, "{parts} finished parts were kept");
        fits.is_right(&out).expect("a fit that nobody disturbs");
        fits
    }

    /// A fit that no other case has: the place of its result is its own.
    fn begin(&mut self) -> Result<(String, Submission), String> {
        self.jobs += 1;
        let out = format!("fit-{}", self.jobs);
        let url = format!("s3://steppe/{out}");
        let call = (self.method.call)(&self.data, self.cluster.call::<&str>([]), &self.cohort);
        let submission = Submission::start(call.args(["--out", &url]).into_command())?;
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

fn disturb(method: Method) {
    let Some(_turn) = turn(Lane::Store) else { return };
    let mut fits = Fits::new(method);
    let mut tally = Tally::begin(method.fault, Counts { smoke: 1, ci: 4, release: 40 });
    while tally.is_due() {
        let case = case(&mut fits, &mut tally);
        if matches!(case, Ok(Case::NotFired)) {
            // The machine has less to do than when the first fit was timed.
            fits.usual = fits.usual.mul_f64(0.7);
        }
        tally.add(case);
        fits.cluster.up().expect("the cluster again");
    }
    tally.finish();
}

#[test]
fn a_fit_ends_in_the_same_bits() {
    disturb(Method { fault: "kill -9 during a fit", call: FitData::fit, keeps: false });
}

#[test]
fn a_ridge_ends_in_the_same_bits() {
    disturb(Method { fault: "kill -9 during a ridge", call: FitData::ridge, keeps: true });
}

#[test]
fn an_association_ends_in_the_same_bits() {
    disturb(Method { fault: "kill -9 during an association", call: FitData::assoc, keeps: true });
}

fn case(fits: &mut Fits, tally: &mut Tally) -> Result<Case, String> {
    let since = fits.cluster.log("s3").len();
    let (out, submission) = fits.begin()?;
    let id = submission.id.clone();
    let moment = fits.usual.mul_f64(tally.random.random_range(0.05..0.9));
    std::thread::sleep(moment);
    let victim = match tally.random.random_range(0..3) {
        0 => fits.cluster.process("coordinator")?,
        worker => fits.cluster.executor(worker)?,
    };
    let was_over = fits.cluster.log("coordinator").contains(&format!("a job has ended job={id} "));
    let kept = fits.cluster.committed(&id);
    ensure!(victim.kill(), "it had ended by itself");
    ensure!(victim.ends_within(Duration::from_secs(5)), "it outlives SIGKILL");
    fits.cluster.up()?;
    let run = submission.wait(PATIENCE, || ())?;
    // A client that has given up is no answer about the job.
    let watched = fits.cluster.watch(&id, PATIENCE)?;
    ensure!(watched.status == 0, "job {id}: {}{} ({})", watched.stdout, watched.stderr, run.stderr);
    fits.is_right(&out)?;
    if fits.method.keeps {
        // Counted from the job's beginning: what is committed while one looks is not there twice.
        let puts = fits.cluster.accesses(&id, "cohort", since).puts;
        let again: Vec<&str> =
            kept.names().filter(|name| puts.get(*name).is_some_and(|&times| times > 1)).collect();
        ensure!(again.is_empty(), "job {id}: of {} things that were finished {again:?} again", kept.len());
    }
    let rest = fits.cluster.job_files(&id);
    ensure!(rest.is_empty(), "the job has ended and left {rest:?}");
    Ok(if was_over { Case::NotFired } else { Case::Passed })
}
