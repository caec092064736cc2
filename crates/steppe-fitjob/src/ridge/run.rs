//! Around the solver: finished blocks kept and found again, progress to the caller.

use std::sync::{
    Mutex, PoisonError,
    atomic::{AtomicBool, Ordering},
};

use steppe_fit::{
    StorageError,
    ridge::{FittedBlock, RidgeCheckpoint, RidgeProgress},
};

use super::super::{
    StepObserver,
    checkpoint_file::{CheckpointFolder, Resuming},
};

/// The job's observer and storage as the solver sees them.
pub(super) struct Bridge<'a> {
    state: Mutex<State<'a>>,
    checkpoints: &'a CheckpointFolder,
    /// The caller wants to stop.
    pub(super) stop: AtomicBool,
}

struct State<'a> {
    observer: &'a mut dyn StepObserver,
    stage: &'static str,
    resuming: Resuming,
}

impl<'a> Bridge<'a> {
    pub(super) fn new(observer: &'a mut dyn StepObserver, checkpoints: &'a CheckpointFolder) -> Self {
        let state = Mutex::new(State { observer, stage: "", resuming: Resuming::default() });
        Self { state, checkpoints, stop: AtomicBool::new(false) }
    }

    /// Hands progress on, and asks whether to stop.
    pub(super) fn report(&self, progress: RidgeProgress) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        match progress {
            RidgeProgress::Products | RidgeProgress::Prediction => {}
            RidgeProgress::Level0 { done, blocks } => state.step("fitting blocks", done, blocks),
            RidgeProgress::Level1 { done, traits } => state.step("stacking traits", done, traits),
        }
        if state.observer.cancelled() {
            self.stop.store(true, Ordering::Relaxed);
        }
    }

    fn file(block: usize) -> String {
        format!("block.{block}.cbor")
    }
}

impl State<'_> {
    fn step(&mut self, stage: &'static str, done: usize, all: usize) {
        if self.stage != stage {
            self.stage = stage;
            self.observer.stage(stage, all as u64);
        }
        self.observer.done(done as u64);
    }
}

impl RidgeCheckpoint for Bridge<'_> {
    fn load(&self, block: usize) -> Result<Option<FittedBlock>, StorageError> {
        let name = Self::file(block);
        let found = self.checkpoints.read_part(&name)?;
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let State { observer, resuming, .. } = &mut *state;
        Ok(resuming.take(&name, found, &mut **observer))
    }

    fn save(&self, block: usize, fitted: &FittedBlock) -> Result<(), StorageError> {
        self.checkpoints.write_part(&Self::file(block), fitted)
    }
}
