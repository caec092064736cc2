//! A cluster, a cohort, and what its scores should be.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Child,
    time::Duration,
};

use rand::{Rng, SeedableRng};
use rand_xoshiro::Xoshiro256PlusPlus;
use steppe_tests::{Run, Score, Setup, StoreCluster, digests_in, small_fileset, steppe, wait_until};

use super::Damaged;

/// Longer than any job here takes.
const LIMIT: Duration = Duration::from_secs(60);

pub(super) struct Scene {
    pub(super) cluster: StoreCluster,
    pub(super) random: Xoshiro256PlusPlus,
    prefix: PathBuf,
    file: PathBuf,
    pub(super) cohort: String,
    /// What one process makes of the cohort.
    oracle: Option<[String; 2]>,
    jobs: usize,
}

/// How a case ended.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// It failed, and said which file is corrupt.
    DataLoss,
    /// It failed otherwise.
    Refused,
    /// It gave the right result: what was damaged was not read.
    Right,
    /// It gave another result.
    Wrong(String),
}

impl Scene {
    pub(super) fn set(seed: u64) -> Self {
        let cluster = StoreCluster::start(Setup { workers: 2, slots: 1, ..Setup::default() });
        let (prefix, file) = small_fileset(&cluster.dir().join("files"), 60, 240, 4);
        let random = Xoshiro256PlusPlus::seed_from_u64(seed);
        let mut scene = Self { cluster, random, prefix, file, cohort: String::new(), oracle: None, jobs: 0 };
        scene.fresh_cohort(true);
        let out = scene.out();
        let run = scene.run(&out);
        assert_eq!(scene.judge(&run, &out, ""), Verdict::Right, "without a fault: {}", run.stderr);
        scene
    }

    /// Imports a cohort of other genotypes, whose tiles no worker has seen and kept, and which the next jobs are about;
    /// `with_oracle` also scores it on this machine.
    pub(super) fn fresh_cohort(&mut self, with_oracle: bool) {
        self.forget();
        self.jobs += 1;
        self.cohort = format!("cohorts/{}", self.jobs);
        let other = self.cluster.dir().join(format!("files/other-{}", self.jobs));
        let file = |prefix: &Path, suffix: &str| PathBuf::from(format!("{}.{suffix}", prefix.display()));
        for suffix in ["bim", "fam", "bed"] {
            fs::copy(file(&self.prefix, suffix), file(&other, suffix)).expect("a copy");
        }
        let mut bed = fs::read(file(&other, "bed")).expect("a .bed");
        // Some calls of every variant; the padding of 60 people is none.
        bed[3..].iter_mut().filter(|_| self.random.random_ratio(1, 4)).for_each(|byte| *byte = !*byte);
        fs::write(file(&other, "bed"), bed).expect("a .bed");
        self.cluster.import(&other, &self.cohort);
        self.oracle = with_oracle.then(|| self.locally(&other));
    }

    /// Removes the cohort of the last jobs and what is left of them: a store that is a folder is listed file by file.
    fn forget(&self) {
        let gone = [".steppe/jobs", "results", &self.cohort].map(|name| self.cluster.object(name));
        for folder in gone.iter().filter(|folder| !self.cohort.is_empty() && folder.exists()) {
            // A task of a job that failed may still be writing there: what is left goes the next time.
            let _ = fs::remove_dir_all(folder);
        }
    }

    /// What one process makes of a fileset.
    fn locally(&self, prefix: &Path) -> [String; 2] {
        let folder = self.cluster.dir().join(format!("local-{}", self.jobs));
        let (cohort, result) = (folder.join("cohort"), folder.join("result"));
        steppe(["import", "-q", "--build", "GRCh38", "--bfile"]).arg(prefix).arg("--out").arg(&cohort).ok();
        steppe(["score", "-q", "--assume-build", "--cohort"])
            .arg(&cohort)
            .arg("--score")
            .arg(&self.file)
            .arg("--out")
            .arg(&result)
            .ok();
        digests_in(&result).expect("a result")
    }

    /// A place for another result; a job with it is another job.
    pub(super) fn out(&mut self) -> String {
        self.jobs += 1;
        format!("results/{}", self.jobs)
    }

    pub(super) fn score(&self, out: &str) -> Score {
        Score { cohort: self.cohort.clone(), file: self.file.clone(), out: out.to_owned() }
    }

    pub(super) fn run(&self, out: &str) -> Run {
        let run = self.cluster.score(&self.score(out), LIMIT);
        assert!(run.status >= 0, "the job neither ends nor fails: {}", run.stderr);
        run
    }

    /// What came of a job. Corruption counts as named when a part of the damaged file's name is in the message.
    pub(super) fn judge(&self, run: &Run, out: &str, named: &str) -> Verdict {
        let digests = self.cluster.digests(out);
        if run.status == 0 {
            return match digests {
                Some(digests) if Some(&digests) == self.oracle.as_ref() => Verdict::Right,
                other => Verdict::Wrong(format!("{other:?}")),
            };
        }
        if digests.is_some() {
            return Verdict::Wrong("a result in spite of the failure".to_owned());
        }
        let text = run.stderr.split_whitespace().collect::<Vec<_>>().join(" ");
        // A job that failed says its kind; a submission that was refused has none in its line.
        let kind = !text.contains("failed (") || text.contains("failed (data_loss)");
        if kind && text.contains("is corrupt") && text.contains(named) {
            Verdict::DataLoss
        } else {
            Verdict::Refused
        }
    }

    pub(super) fn freeze_executors(&self, freeze: bool) {
        for worker in 1..=2 {
            let executor = self.cluster.executor(worker).expect("an executor");
            self.cluster.signal(executor, if freeze { "STOP" } else { "CONT" });
        }
    }

    pub(super) fn operands(&self) -> Vec<PathBuf> {
        let mut jobs = self.cluster.objects(".steppe/jobs");
        jobs.retain(|path| path.extension().is_some_and(|extension| extension == "operand"));
        jobs
    }

    pub(super) fn finish(&self, job: Child) -> Run {
        Run::of(&job.wait_with_output().expect("the command"))
    }

    /// Makes a job over a fresh cohort fail at its last tile when others are done; gives the place of its result, and
    /// their partial sums. The tile is whole again then.
    pub(super) fn fail_half_way(&mut self) -> (String, Vec<PathBuf>) {
        for _ in 0..20 {
            self.fresh_cohort(true);
            let (out, before) = (self.out(), self.sums());
            let tiles = self.cluster.objects(&format!("{}/genotypes", self.cohort));
            let damaged = Damaged::flipped(tiles.last().expect("a tile"), &mut self.random);
            let run = self.run(&out);
            assert!(run.status > 0 && self.cluster.digests(&out).is_none(), "{}", run.stderr);
            drop(damaged);
            // Tasks that ran beside the one that failed may still be committing.
            let mut sums = Vec::new();
            wait_until(Duration::from_millis(300), || {
                sums = self.sums().into_iter().filter(|path| !before.contains(path)).collect();
                sums.len() >= 2
            });
            if !sums.is_empty() {
                return (out, sums);
            }
        }
        unreachable!("a tile that fails keeps all others from being summed")
    }

    fn sums(&self) -> Vec<PathBuf> {
        let mut jobs = self.cluster.objects(".steppe/jobs");
        jobs.retain(|path| path.extension().is_some_and(|extension| extension == "sums"));
        jobs
    }

    /// The id of the newest job, or its beginning.
    pub(super) fn newest_job(&self) -> String {
        let list = self.cluster.steppe(["jobs", "list"]).ok().stdout;
        let row = list.lines().find(|line| line.contains("score")).expect("a scoring job");
        row.split_whitespace().next().unwrap_or_default().to_owned()
    }
}
