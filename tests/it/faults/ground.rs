//! What all faults stand on: a cohort, scoring files with what a single process computes from them, and a cluster.

use std::{
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

use steppe_tests::{
    Accesses, Cluster, ClusterOptions, Committed, Run, Scoring, Submission, result_digests, steppe,
};
use tempfile::TempDir;

use super::ensure;

/// Partitions of every pass here.
pub(crate) const PARTITIONS: usize = 48;
/// Tiles of the largest partition: 22 runs of variants of a block are cut into 8.
pub(crate) const TILES: usize = 3;
/// Longer than any job of these tests lasts, with a death that only a missing heartbeat tells.
pub(crate) const PATIENCE: Duration = Duration::from_secs(90);

/// What the coordinator logs when it submits partitions to workers.
const PASS: &str = "a forward pass attempt=";

const SAMPLES: u32 = 600;
const VARIANTS: u32 = 4400;
/// Six blocks, and one run of variants a chromosome: 132 row groups.
pub(crate) const BLOCK_SAMPLES: u32 = 100;

/// A cohort and scoring files, with the local answers.
pub(crate) struct Oracle {
    place: TempDir,
    answers: Vec<(PathBuf, [String; 2])>,
}

impl Oracle {
    pub(crate) fn new() -> Self {
        let place = tempfile::tempdir().expect("a folder");
        let at = |name: &str| place.path().join(name);
        let (samples, variants) = (SAMPLES.to_string(), VARIANTS.to_string());
        steppe([
            "simulate",
            "--unlinked",
            "--scores",
            "3",
            "--samples",
            &samples,
            "--variants",
            &variants,
            "--out",
        ])
        .arg(at("geno"))
        .ok();
        import(&at("geno"), &at("cohort"), BLOCK_SAMPLES);
        let text = fs::read_to_string(at("geno.scores.txt")).expect("a scoring file");
        let lines: Vec<&str> = text.lines().collect();
        let answers = (0..3).map(|number| {
            // Each file lacks other variants, so each has other sums.
            let kept = lines.iter().enumerate().filter(|(line, _)| *line == 0 || line % 7 != number);
            let table = at(&format!("table-{number}.txt"));
            fs::write(&table, kept.map(|(_, line)| format!("{line}\n")).collect::<String>())
                .expect("written");
            let digests = local_answer(&at("cohort"), &table, &at(&format!("local-{number}")));
            (table, digests)
        });
        let answers: Vec<_> = answers.collect();
        assert!(
            answers[0].1 != answers[1].1 && answers[1].1 != answers[2].1,
            "all tables give the same sums"
        );
        Self { answers, place }
    }

    pub(crate) fn folder(&self) -> &Path {
        self.place.path()
    }

    pub(crate) fn prefix(&self) -> PathBuf {
        self.place.path().join("geno")
    }

    /// A scoring file with its answer.
    pub(crate) fn answer(&self, number: usize) -> &(PathBuf, [String; 2]) {
        &self.answers[number % self.answers.len()]
    }
}

pub(crate) fn import(prefix: &Path, out: &Path, block_samples: u32) {
    let block = block_samples.to_string();
    steppe(["import", "--build", "GRCh38", "--block-samples", &block, "--bfile"])
        .arg(prefix)
        .arg("--out")
        .arg(out)
        .ok();
}

pub(crate) fn local_answer(cohort: &Path, table: &Path, out: &Path) -> [String; 2] {
    steppe(["score", "--cohort"]).arg(cohort).arg("--score").arg(table).arg("--out").arg(out).ok();
    result_digests(out).expect("a local result")
}

/// A cluster with the cohort.
pub(crate) struct Ground {
    // Dropped in this order: the cluster before its folder.
    pub(crate) cluster: Cluster,
    pub(crate) oracle: Oracle,
    pub(crate) cohort: String,
    jobs: usize,
}

impl Ground {
    pub(crate) fn new(options: ClusterOptions) -> Self {
        Self::with_blocks(options, BLOCK_SAMPLES)
    }

    /// The same with other blocks, whose results have other bits than the oracle's.
    pub(crate) fn with_blocks(options: ClusterOptions, block_samples: u32) -> Self {
        let oracle = Oracle::new();
        let cluster = Cluster::start(&oracle.folder().join("cluster"), options).expect("a cluster");
        let cohort = cluster.import(&oracle.prefix(), "cohort", block_samples).expect("an import");
        Self { cluster, oracle, cohort, jobs: 0 }
    }

    /// A job that no other case has, and its answer.
    pub(crate) fn scoring(&mut self) -> (Scoring, [String; 2]) {
        let (table, answer) = self.oracle.answer(self.jobs);
        self.jobs += 1;
        let out = format!("result-{}", self.jobs);
        (Scoring { cohort: self.cohort.clone(), table: table.clone(), out }, answer.clone())
    }

    /// Submits such a job.
    pub(crate) fn begin(&mut self) -> Result<Running, String> {
        let (scoring, answer) = self.scoring();
        let logs = [self.cluster.log("s3").len(), self.cluster.log("coordinator").len()];
        let submission = self.cluster.submit(&scoring)?;
        Ok(Running { id: submission.id.clone(), scoring, answer, submission, logs })
    }
}

/// A job on its way.
pub(crate) struct Running {
    pub(crate) id: String,
    pub(crate) scoring: Scoring,
    answer: [String; 2],
    submission: Submission,
    /// How long the store's log and the coordinator's were before it.
    logs: [usize; 2],
}

impl Running {
    /// Waits until so many partitions are committed; `None` when the job was over before.
    pub(crate) fn until(&mut self, cluster: &Cluster, committed: usize) -> Option<Committed> {
        loop {
            let now = cluster.committed(&self.id);
            if now.len() >= committed {
                return Some(now).filter(|_| !self.submission.is_over());
            }
            if self.submission.is_over() {
                return None;
            }
            std::thread::sleep(Duration::from_millis(1));
        }
    }

    /// Waits until its partitions go to workers, or it is over.
    pub(crate) fn until_at_work(&mut self, cluster: &Cluster) {
        let begun = || cluster.log("coordinator").get(self.logs[1]..).is_some_and(|log| log.contains(PASS));
        while !self.submission.is_over() && !begun() {
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    pub(crate) fn answer(&self) -> &[String; 2] {
        &self.answer
    }

    pub(crate) fn is_over(&mut self) -> bool {
        self.submission.is_over()
    }

    /// Waits for the end; what was committed before must stay what it was.
    pub(crate) fn end(self, cluster: &Cluster, mut before: Committed) -> Result<Ended, String> {
        let Self { id, scoring, answer, submission, logs } = self;
        let mut changed = Vec::new();
        let run = submission.wait(PATIENCE, || changed.extend(before.changed_by(&cluster.committed(&id))))?;
        // A client that has given up is no answer about the job.
        let again = if run.status == 0 { None } else { Some(cluster.watch(&id, PATIENCE)?) };
        ensure!(changed.is_empty(), "job {id}: committed sums were written again: {changed:?}");
        let status = again.as_ref().map_or(0, |again| again.status);
        Ok(Ended { id, scoring, answer, run, status, logs })
    }
}

/// A job that has ended.
pub(crate) struct Ended {
    pub(crate) id: String,
    pub(crate) scoring: Scoring,
    answer: [String; 2],
    /// What the client said that has submitted it.
    pub(crate) run: Run,
    /// The exit status of the client that watched it to its end.
    status: i32,
    logs: [usize; 2],
}

impl Ended {
    /// Whether who watched it to its end was told that it has succeeded.
    pub(crate) fn succeeded(&self) -> bool {
        self.status == 0
    }

    /// It has succeeded, with the bits of a single process.
    pub(crate) fn is_right(&self, cluster: &Cluster) -> Result<(), String> {
        let (id, run) = (&self.id, &self.run);
        ensure!(self.status == 0, "job {id}: exit status {}: {}", run.status, run.stderr);
        self.has_right_bits(cluster)
    }

    /// Its result has the bits of a single process.
    pub(crate) fn has_right_bits(&self, cluster: &Cluster) -> Result<(), String> {
        let found = result_digests(&cluster.result(&self.scoring.out))?;
        ensure!(found == self.answer, "job {}: other bits than a single process computes", self.id);
        Ok(())
    }

    /// Who has submitted it was told its end, whatever happened meanwhile.
    pub(crate) fn was_told(&self) -> Result<(), String> {
        let (id, run) = (&self.id, &self.run);
        ensure!(run.status == 0, "job {id}: its client gave up: {}", run.stderr);
        Ok(())
    }

    /// What was asked of the store since its submission.
    pub(crate) fn accesses(&self, cluster: &Cluster) -> Accesses {
        let name = self.scoring.cohort.trim_start_matches("s3://steppe/");
        cluster.accesses(&self.id, name, self.logs[0])
    }

    /// How many partitions were missing each time that a pass was submitted to the workers.
    pub(crate) fn missing(&self, cluster: &Cluster) -> Vec<usize> {
        self.missing_since(cluster, self.logs[1])
    }

    /// The same from a moment on, by the length of the coordinator's log.
    pub(crate) fn missing_since(&self, cluster: &Cluster, since: usize) -> Vec<usize> {
        let log = cluster.log("coordinator").get(since..).unwrap_or_default().to_owned();
        let passes = log.lines().filter(|line| line.contains(PASS));
        let missing = |line: &str| {
            let (_, rest) = line.split_once("missing=")?;
            rest.split_whitespace().next()?.parse().ok()
        };
        passes.filter_map(missing).collect()
    }

    /// No partition that was committed at a moment was computed after it, and every one was computed.
    pub(crate) fn computed_once(&self, cluster: &Cluster, committed: &Committed) -> Result<Accesses, String> {
        let accesses = self.accesses(cluster);
        let (id, puts) = (&self.id, accesses.puts.len());
        ensure!(puts == PARTITIONS, "job {id}: sums of {puts} partitions were put, not of {PARTITIONS}");
        let again: Vec<&str> =
            committed.names().filter(|name| accesses.puts.get(*name) != Some(&1)).collect();
        ensure!(again.is_empty(), "job {id}: committed partitions were computed again: {again:?}");
        Ok(accesses)
    }
}
