//! How many cases of each fault run, and what is said about them.

use std::{
    fs::OpenOptions,
    io::Write,
    time::{Duration, Instant},
};

use serde_json::json;

/// How thorough the fault tests are; `STEPPE_FAULT_TIER` says it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tier {
    /// One or two cases of each fault.
    Smoke,
    /// The counts of every change.
    Ci,
    /// The counts of a release.
    Release,
}

impl Tier {
    /// What the environment asks for.
    ///
    /// # Panics
    /// When it asks for a tier that there is none of.
    pub fn of_environment() -> Self {
        match std::env::var("STEPPE_FAULT_TIER").as_deref() {
            Err(_) | Ok("ci" | "") => Self::Ci,
            Ok("smoke") => Self::Smoke,
            Ok("release") => Self::Release,
            Ok(other) => unreachable!("STEPPE_FAULT_TIER={other}: give smoke, ci or release"),
        }
    }

    /// The number of cases: per tier.
    pub fn cases(self, smoke: usize, ci: usize, release: usize) -> usize {
        match self {
            Self::Smoke => smoke,
            Self::Ci => ci,
            Self::Release => release,
        }
    }
}

/// The seed of random choices: `STEPPE_FAULT_SEED`, else the time.
pub fn fault_seed() -> u64 {
    let given = std::env::var("STEPPE_FAULT_SEED").ok().and_then(|seed| seed.parse().ok());
    given.unwrap_or_else(|| {
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
        now.map_or(1, |now| now.as_millis() as u64)
    })
}

/// What came of the cases of one fault. Says so when it is dropped, also when the test fails.
#[derive(Debug)]
pub struct FaultReport {
    fault: String,
    seed: u64,
    began: Instant,
    /// Cases that were tried.
    pub cases: usize,
    /// Cases in which the fault was seen to happen.
    pub fired: usize,
    /// Cases that ended as they should.
    pub passed: usize,
    /// What else is worth a word.
    pub notes: Vec<String>,
}

impl FaultReport {
    /// Starts the cases of a fault, and says the seed at once: a test that hangs has then said it.
    pub fn begin(fault: &str, seed: u64) -> Self {
        say(&format!("{fault}: STEPPE_FAULT_SEED={seed}"));
        let fault = fault.to_owned();
        Self { fault, seed, began: Instant::now(), cases: 0, fired: 0, passed: 0, notes: Vec::new() }
    }

    /// A case in which the fault happened and that ended well.
    pub fn pass(&mut self) {
        self.cases += 1;
        self.fired += 1;
        self.passed += 1;
    }

    /// A case in which the fault did not happen: it counts for nothing.
    pub fn missed(&mut self) {
        self.cases += 1;
    }

    /// Since the first case.
    pub fn elapsed(&self) -> Duration {
        self.began.elapsed()
    }

    /// Adds a word.
    pub fn note(&mut self, note: impl Into<String>) {
        self.notes.push(note.into());
    }
}

impl Drop for FaultReport {
    fn drop(&mut self) {
        let seconds = self.began.elapsed().as_secs_f64();
        let Self { fault, seed, cases, fired, passed, notes, .. } = self;
        say(&format!(
            "| {fault} | cases {cases} | fired {fired} | passed {passed} | seed {seed} | {seconds:.1} s | {} |",
            notes.join("; ")
        ));
        let Some(path) = std::env::var_os("STEPPE_FAULT_REPORT") else { return };
        let line = json!({
            "fault": fault, "cases": cases, "fired": fired, "passed": passed, "seed": seed,
            "seconds": (seconds * 10.0).round() / 10.0, "notes": notes,
        });
        let written = OpenOptions::new()
            .create(true)
            .append(true)
            .open(&path)
            .and_then(|mut file| writeln!(file, "{line}"));
        if let Err(error) = written {
            say(&format!("{}: {error}", path.display()));
        }
    }
}

/// Says something on the test's output.
#[allow(clippy::print_stderr, reason = "the report is what these tests are for")]
fn say(text: &str) {
    eprintln!("{text}");
}
