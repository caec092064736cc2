//! Less memory than a job took: smaller passes, or a failure that says what is needed; the coordinator lives.

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use steppe_tests::{
    Counts, FaultReport, Lane, MemoryLimit, Run, Score, Setup, StoreCluster, Tier, digests_in, steppe, turn,
};

const LIMIT: Duration = Duration::from_secs(180);
/// What the tables of all scores take: four 8-byte entries for each score and variant.
const TABLES: u64 = 4400 * 200 * 32;
/// The least that the setting takes.
const LEAST: u64 = 16 << 20;

struct Scene {
    cluster: StoreCluster,
    file: PathBuf,
}

/// Made once: the fileset, its scoring file, and what one process makes of them.
struct Data {
    folder: tempfile::TempDir,
    oracle: [String; 2],
}

impl Data {
    fn make() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let prefix = folder.path().join("c");
        let sizes = ["--unlinked", "--samples", "400", "--variants", "4400", "--scores", "200"];
        steppe(["simulate", "-q", "--out"]).arg(&prefix).args(sizes).ok();
        let (local, result) = (folder.path().join("local"), folder.path().join("result"));
        steppe(["import", "-q", "--build", "GRCh38", "--bfile"]).arg(&prefix).arg("--out").arg(&local).ok();
        let call = steppe(["score", "-q", "--assume-build", "--cohort"]).arg(&local);
        call.arg("--score").arg(scores(folder.path())).arg("--out").arg(&result).ok();
        let oracle = digests_in(&result).expect("a result");
        Self { folder, oracle }
    }
}

fn scores(folder: &Path) -> PathBuf {
    folder.join("c.scores.txt")
}

impl Scene {
    fn set(data: &Data, memory: Option<u64>) -> Self {
        let environment = memory
            .map(|bytes| ("STEPPE_COORDINATOR_MEMORY".to_owned(), bytes.to_string()))
            .into_iter()
            .collect();
        let cluster = StoreCluster::start(Setup { workers: 1, slots: 2, environment, ..Setup::default() });
        // Put there as files: an import job wants more memory than some of these have.
        cluster.adopt(&data.folder.path().join("local"), "c");
        Self { cluster, file: scores(data.folder.path()) }
    }

    fn run(&self, out: &str) -> Run {
        let score = Score { cohort: "c".to_owned(), file: self.file.clone(), out: out.to_owned() };
        self.cluster.score(&score, LIMIT)
    }

    /// Runs a job with the worker in a group of its own, its executor from the first byte.
    fn run_limited(&self, limit: &MemoryLimit) -> Run {
        let old = self.cluster.executor(1).expect("an executor");
        limit.add(self.cluster.pid("worker-1").expect("a worker")).expect("in the group");
        self.cluster.signal(old, "KILL");
        self.run("r")
    }

    /// Passes that jobs took.
    fn passes(&self) -> usize {
        self.cluster.log("coordinator").matches("a forward pass attempt=0").count()
    }
}

/// Right, or failed and said why; anything else is a problem.
fn judge(scene: &Scene, data: &Data, run: &Run, out: &str) -> Result<&'static str, String> {
    let digests = scene.cluster.digests(out);
    let said = run.stderr.split_whitespace().collect::<Vec<_>>().join(" ");
    if !scene.cluster.lives() {
        return Err(format!("the coordinator is gone: {said}"));
    }
    match run.status {
        0 if digests.as_ref() == Some(&data.oracle) => Ok("right"),
        0 => Err("a wrong result".to_owned()),
        -1 => Err("it neither ended nor failed".to_owned()),
        _ if said.contains("memory") && digests.is_none() => Ok("failed for want of memory"),
        _ => Err(format!("it does not say what it needs: {said}")),
    }
}

#[test]
fn less_memory_makes_smaller_passes_or_a_clear_failure() {
    let Some(_turn) = turn(Lane::Store) else { return };
    let mut report = FaultReport::begin("memory: less than the peak");
    let data = Data::make();
    let unlimited = match MemoryLimit::make("free", None) {
        Ok(unlimited) => unlimited,
        Err(error) => {
            assert!(std::env::var("CI").as_deref() != Ok("true"), "control groups need root: {error}");
            steppe_tests::skip(&format!("control groups need root: {error}"));
            return;
        }
    };
    let free = Scene::set(&data, None);
    let run = free.run_limited(&unlimited);
    assert_eq!(judge(&free, &data, &run, "r"), Ok("right"), "{}", run.stderr);
    let (peak, passes) = (unlimited.peak(), free.passes());
    drop(free);
    report.note(format!("a worker's peak {} MiB, tables {} MiB in {passes} pass", peak >> 20, TABLES >> 20));
    // From 0.6 of the peak down to 0.4, each as the coordinator's budget and as a worker's limit.
    let steps = Tier::of_environment().cases(Counts { smoke: 2, ci: 2, release: 20 });
    let shares = (0..steps).map(|step| 0.6 - 0.2 * step as f64 / (steps - 1) as f64);
    let mut problems = Vec::new();
    for share in shares {
        let of = |bytes: u64| (bytes as f64 * share) as u64;
        let scene = Scene::set(&data, Some(of(TABLES).max(LEAST)));
        let run = scene.run("r");
        let ended = judge(&scene, &data, &run, "r");
        let more = scene.passes();
        let what = format!("budget {share}: {more} passes");
        note(&mut report, &mut problems, more > passes || run.status != 0, ended, &what);
        drop(scene);
        let scene = Scene::set(&data, None);
        let limit = MemoryLimit::make(&share.to_string(), Some(of(peak))).expect("a group");
        let run = scene.run_limited(&limit);
        let ended = judge(&scene, &data, &run, "r");
        let hits = limit.hits();
        note(&mut report, &mut problems, hits > 0, ended, &format!("worker {share}: {hits} hits"));
        drop(scene);
    }
    assert!(problems.is_empty(), "{problems:#?}");
    assert!(report.fired > 0, "the limits were felt");
}

fn note(
    report: &mut FaultReport,
    problems: &mut Vec<String>,
    fired: bool,
    ended: Result<&'static str, String>,
    what: &str,
) {
    if !fired {
        report.missed();
        report.note(format!("{what}: it was enough, {ended:?}"));
        return;
    }
    report.pass();
    match ended {
        Ok(ended) => report.note(format!("{what}: {ended}")),
        Err(problem) => {
            report.passed -= 1;
            problems.push(format!("{what}: {problem}"));
        }
    }
}
