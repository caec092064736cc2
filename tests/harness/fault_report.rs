//! The same count for faults whose tests judge for themselves: with words beside the figures.

use std::time::{Duration, Instant};

use crate::{
    fault_row::{Row, say},
    fault_tier::fault_seed,
};

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
    pub fn begin(fault: &str) -> Self {
        let seed = fault_seed();
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
        let figures = [self.cases, self.fired, self.passed];
        let (fault, notes) = (std::mem::take(&mut self.fault), std::mem::take(&mut self.notes));
        Row { fault, figures, seed: self.seed, took: self.began.elapsed(), notes }.publish();
    }
}
