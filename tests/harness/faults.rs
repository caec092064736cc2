//! How disturbances are counted: so many cases a fault, each drawn from a seed, and none counts in which the fault did
//! not fire.

use std::time::Instant;

use rand::SeedableRng;
use rand_xoshiro::Xoshiro256PlusPlus;

use crate::{
    fault_row::{Row, say},
    fault_tier::{Counts, Tier, fault_seed},
};

/// Only so many failures are looked for.
const MOST_FAILURES: usize = 3;

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
    wanted: usize,
    seed: u64,
    began: Instant,
    cases: usize,
    fired: usize,
    passed: usize,
    failures: Vec<String>,
    finished: bool,
    /// Where all random choices come from.
    pub random: Xoshiro256PlusPlus,
}

impl Tally {
    /// Begins to count. The seed is the run's, or new.
    pub fn begin(fault: &'static str, counts: Counts) -> Self {
        let (wanted, seed) = (Tier::of_environment().cases(counts), fault_seed());
        // Faults of one run draw differently, and each draws the same alone.
        let mixed = blake3::hash(format!("{seed} {fault}").as_bytes());
        let random = Xoshiro256PlusPlus::from_seed(*mixed.as_bytes());
        let (began, failures) = (Instant::now(), Vec::new());
        Self { fault, wanted, seed, began, cases: 0, fired: 0, passed: 0, failures, finished: false, random }
    }

    /// How many cases must fire.
    pub fn wanted(&self) -> usize {
        self.wanted
    }

    /// The number of the next case.
    pub fn next(&self) -> usize {
        self.cases
    }

    /// Whether another case is due. A fault that does not fire is tried again, but not for ever.
    pub fn is_due(&self) -> bool {
        let failed = self.failures.len() >= MOST_FAILURES;
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
        let figures = [self.cases, self.fired, self.passed];
        let (fault, took) = (self.fault.to_owned(), self.began.elapsed());
        Row { fault, figures, seed: self.seed, took, notes: Vec::new() }.publish();
    }
}

impl Drop for Tally {
    /// A case that panicked is reported too.
    fn drop(&mut self) {
        self.stop();
    }
}
