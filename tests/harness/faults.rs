//! How disturbances are counted: so many cases a fault, each drawn from a seed, and none counts in which the fault did
//! not fire.

use std::{
    fmt::Write as _,
    fs::OpenOptions,
    io::Write as _,
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Instant, SystemTime, UNIX_EPOCH},
};

use rand::SeedableRng;
use rand_xoshiro::Xoshiro256PlusPlus;
use serde_json::json;

/// The seed of a run that is to be repeated.
const SEED: &str = "STEPPE_FAULT_SEED";
/// `smoke`, `ci` or `release`, or a number of cases.
const TIER: &str = "STEPPE_FAULT_TIER";
/// A file that a line of JSON is added to per fault.
const REPORT: &str = "STEPPE_FAULT_REPORT";
/// Only so many failures are looked for.
const MOST_FAILURES: u32 = 3;

/// How many cases a fault has in each tier.
#[derive(Debug, Clone, Copy)]
pub struct Counts {
    /// While the test itself is worked on.
    pub smoke: u32,
    /// At every change.
    pub ci: u32,
    /// Before a release.
    pub release: u32,
}

/// How a case ended that did not fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Case {
    /// The fault fired, and what had to hold held.
    Passed,
    /// The fault came too late, or hit nothing.
    NotFired,
}

/// The cases of one fault.
#[derive(Debug)]
pub struct Tally {
    fault: &'static str,
    wanted: u32,
    seed: u64,
    began: Instant,
    cases: u32,
    fired: u32,
    passed: u32,
    failures: Vec<String>,
    finished: bool,
    /// Where all random choices come from.
    pub random: Xoshiro256PlusPlus,
}

impl Tally {
    /// Begins to count. The seed is the run's, or new.
    pub fn begin(fault: &'static str, counts: Counts) -> Self {
        let wanted = match std::env::var(TIER).as_deref() {
            Ok("smoke") => counts.smoke,
            Ok("release") => counts.release,
            Ok(number) => number.parse().unwrap_or(counts.ci),
            Err(_) => counts.ci,
        };
        let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
        let seed = std::env::var(SEED).ok().and_then(|text| text.parse().ok()).unwrap_or(now);
        // Faults of one run draw differently, and each draws the same alone.
        let mixed = blake3::hash(format!("{seed} {fault}").as_bytes());
        let random = Xoshiro256PlusPlus::from_seed(*mixed.as_bytes());
        let (began, failures) = (Instant::now(), Vec::new());
        Self { fault, wanted, seed, began, cases: 0, fired: 0, passed: 0, failures, finished: false, random }
    }

    /// How many cases must fire.
    pub fn wanted(&self) -> u32 {
        self.wanted
    }

    /// The number of the next case.
    pub fn next(&self) -> u32 {
        self.cases
    }

    /// Whether another case is due. A fault that does not fire is tried again, but not for ever.
    pub fn is_due(&self) -> bool {
        let failed = self.failures.len() >= MOST_FAILURES as usize;
        self.fired < self.wanted && self.cases < 2 * self.wanted + 3 && !failed
    }

    /// Counts a case.
    pub fn add(&mut self, case: Result<Case, String>) {
        self.cases += 1;
        match case {
            Ok(Case::Passed) => (self.fired, self.passed) = (self.fired + 1, self.passed + 1),
            Ok(Case::NotFired) => {}
            Err(failure) => {
                self.fired += 1;
                say(&format!("{}: case {} failed: {failure}", self.fault, self.cases));
                self.failures.push(failure);
            }
        }
    }

    /// Ends the counting, and shows what was counted.
    pub fn stop(&mut self) {
        if !self.finished {
            self.report();
        }
    }

    /// Ends the counting and fails the test unless all cases that were wanted fired and passed.
    ///
    /// # Panics
    /// That is how a test fails.
    pub fn finish(mut self) {
        self.stop();
        let (fired, wanted) = (self.fired, self.wanted);
        assert!(self.failures.is_empty(), "seed {}: {}", self.seed, self.failures.join("\n"));
        assert!(fired >= wanted, "seed {}: it fired {fired} times of {wanted}", self.seed);
    }

    fn report(&mut self) {
        self.finished = true;
        let seconds = self.began.elapsed().as_secs_f64();
        let row = Row {
            fault: self.fault,
            figures: [self.cases, self.fired, self.passed],
            seed: self.seed,
            seconds,
        };
        if let Ok(path) = std::env::var(REPORT) {
            let [cases, fired, passed] = row.figures;
            let line = json!({
                "fault": row.fault, "cases": cases, "fired": fired, "passed": passed, "seed": row.seed,
                "seconds": (seconds * 10.0).round() / 10.0,
            });
            let file = OpenOptions::new().create(true).append(true).open(&path);
            if let Err(error) = file.and_then(|mut file| writeln!(file, "{line}")) {
                say(&format!("{path}: {error}"));
            }
        }
        show(row);
    }
}

impl Drop for Tally {
    /// A case that panicked is reported too.
    fn drop(&mut self) {
        self.stop();
    }
}

struct Row {
    fault: &'static str,
    figures: [u32; 3],
    seed: u64,
    seconds: f64,
}

/// Shows the table of what has run so far.
fn show(row: Row) {
    static ROWS: Mutex<Vec<Row>> = Mutex::new(Vec::new());
    let mut rows = ROWS.lock().unwrap_or_else(PoisonError::into_inner);
    rows.push(row);
    let mut table = format!(
        "{:<44} {:>5} {:>5} {:>6}  {:>10} {:>7}",
        "fault", "cases", "fired", "passed", "seed", "seconds"
    );
    for Row { fault, figures: [cases, fired, passed], seed, seconds } in rows.iter() {
        let _ = write!(table, "\n{fault:<44} {cases:>5} {fired:>5} {passed:>6}  {seed:>10} {seconds:>7.1}");
    }
    say(&table);
}

/// Says something past the test runner, which keeps what passing tests print.
fn say(text: &str) {
    let _ = writeln!(std::io::stderr().lock(), "{text}");
}

/// Lets one test at a time disturb its cluster: two cores are not enough for two.
pub fn turn() -> MutexGuard<'static, ()> {
    static TURN: Mutex<()> = Mutex::new(());
    TURN.lock().unwrap_or_else(PoisonError::into_inner)
}
