//! Killed at any moment, a command leaves nothing or a whole result, and the same command then succeeds.

use std::{
    path::Path,
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use steppe_tests::{data_folder, steppe};

use crate::sets::{Imported, new_folder};

/// How many moments are tried.
pub(crate) const MOMENTS: u32 = 20;

/// How long a command takes when nobody kills it.
pub(crate) fn duration(mut command: Command) -> Duration {
    let started = Instant::now();
    let status = command.stdout(Stdio::null()).stderr(Stdio::null()).status().expect("the command");
    assert!(status.success(), "{command:?}");
    started.elapsed()
}

/// Starts a command and kills it after a while; whether it was still running.
fn kill_after(mut command: Command, wait: Duration) -> bool {
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("the command");
    std::thread::sleep(wait);
    let running = child.try_wait().expect("a child").is_none();
    let _ = child.kill();
    child.wait().expect("a child");
    running
}

/// When to kill commands that take about so long: moments from the start to the end. One that is over before it could be
/// killed says that they take less than was thought.
pub(crate) struct Moments {
    takes: Duration,
    /// How many are tried, if half of them come in time.
    wanted: u32,
    tried: u32,
    killed: u32,
}

impl Moments {
    pub(crate) fn of(takes: Duration, wanted: u32) -> Self {
        Self { takes, wanted, tried: 0, killed: 0 }
    }

    /// Whether there is another one.
    pub(crate) fn is_due(&self) -> bool {
        self.tried < self.wanted || (self.killed < self.wanted / 2 && self.tried < 3 * self.wanted)
    }

    /// Runs a command until the next one.
    pub(crate) fn kill(&mut self, command: Command) {
        let wait = self.takes * (self.tried % self.wanted) / self.wanted;
        self.tried += 1;
        if kill_after(command, wait) {
            self.killed += 1;
        } else {
            self.takes = self.takes * 4 / 5;
        }
    }

    /// Fails where too few came in time.
    pub(crate) fn finish(self) {
        let Self { wanted, tried, killed, .. } = self;
        assert!(killed >= wanted / 2, "only {killed} of {tried} kills came in time");
    }
}

fn import(prefix: &Path, out: &Path) -> Command {
    steppe(["import", "--build", "GRCh37", "--block-samples", "1000", "--bfile"])
        .arg(prefix)
        .arg("--out")
        .arg(out)
        .into_command()
}

#[test]
fn import_and_score() {
    let Some(folder) = data_folder("simulated") else { return };
    let prefix = folder.join("geno");
    let place = new_folder();
    let whole = place.path().join("whole");
    let mut moments = Moments::of(duration(import(&prefix, &whole)), MOMENTS);
    let digest = digest_of(&whole);
    while moments.is_due() {
        let out = place.path().join("cohort");
        moments.kill(import(&prefix, &out));
        let described = steppe(["describe", "--format", "json"]).arg(&out).run();
        if described.status == 0 {
            steppe(["verify"]).arg(&out).ok();
        }
        let again = import(&prefix, &out).output().expect("the command");
        assert!(again.status.success(), "{}", String::from_utf8_lossy(&again.stderr));
        assert_eq!(digest_of(&out), digest, "the resumed cohort is another one");
        std::fs::remove_dir_all(&out).expect("clean up");
    }
    moments.finish();
    kill_score(&folder, &whole, place.path());
}

fn kill_score(folder: &Path, cohort: &Path, place: &Path) {
    let table = place.join("weights.txt");
    let bim = std::fs::read_to_string(folder.join("geno.bim")).expect("the .bim");
    let variants: Vec<(String, String)> = bim
        .lines()
        .map(|line| line.split_whitespace().collect::<Vec<_>>())
        .map(|fields| (fields[1].to_owned(), fields[4].to_owned()))
        .collect();
    crate::sets::write_table(&table, &variants, 10);
    let score = |out: &Path| {
        steppe(["score", "--ambiguous", "keep", "--cohort"])
            .arg(cohort)
            .arg("--score")
            .arg(&table)
            .arg("--out")
            .arg(out)
            .into_command()
    };
    let whole = place.join("scores");
    let mut moments = Moments::of(duration(score(&whole)), MOMENTS);
    let expected = std::fs::read(whole.join("scores.sscore")).expect("scores");
    while moments.is_due() {
        let out = place.join("scores-again");
        moments.kill(score(&out));
        if out.exists() {
            assert_eq!(std::fs::read(out.join("scores.sscore")).expect("a whole result"), expected);
        }
        let again = score(&out).output().expect("the command");
        assert!(again.status.success(), "{}", String::from_utf8_lossy(&again.stderr));
        assert_eq!(std::fs::read(out.join("scores.sscore")).expect("a whole result"), expected);
        std::fs::remove_dir_all(&out).expect("clean up");
        let leftovers = std::fs::read_dir(place)
            .expect("a folder")
            .flatten()
            .filter(|entry| entry.file_name().to_string_lossy().contains(".steppe-"))
            .count();
        assert_eq!(leftovers, 0, "the rerun cleans up after the killed one");
    }
    moments.finish();
}

/// The identity of a cohort, as `describe` gives it.
fn digest_of(cohort: &Path) -> String {
    let described = steppe(["describe", "--format", "json"]).arg(cohort).ok();
    let json: serde_json::Value = serde_json::from_str(&described.stdout).expect("JSON");
    json["digest"].as_str().expect("a digest").to_owned()
}

#[test]
fn a_result_is_reused_or_refused() {
    let Some(folder) = data_folder("bigsnpr_missing") else { return };
    let imported = Imported::of(&folder.join("example-missing"), "GRCh37");
    let table = folder.join("score_weights.txt");
    let common = ["--ambiguous", "keep", "--missing"];
    let mean: &[&str] = &[&common[..], &["mean"]].concat();
    let zero: &[&str] = &[&common[..], &["zero"]].concat();
    imported.score("out", &[&table], mean).expect_status(0);
    let first = std::fs::read(imported.path("out/run.json")).expect("run.json");
    let again = imported.score("out", &[&table], mean).expect_status(0);
    assert!(again.stderr.contains("already"), "{}", again.stderr);
    assert_eq!(std::fs::read(imported.path("out/run.json")).expect("run.json"), first);
    let other = imported.score("out", &[&table], zero).expect_status(2);
    assert!(other.stderr.contains("--overwrite"), "{}", other.stderr);
    assert_eq!(std::fs::read(imported.path("out/run.json")).expect("run.json"), first);
    imported.score("out", &[&table], &[zero, &["--overwrite"]].concat()).expect_status(0);
    assert_ne!(std::fs::read(imported.path("out/run.json")).expect("run.json"), first);
}
