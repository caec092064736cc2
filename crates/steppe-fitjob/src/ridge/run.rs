//! Around the solver: finished blocks kept and found again, progress to the caller.

use std::{
    io,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};

use serde::{Deserialize, Serialize};
use steppe_fit::ridge::{FittedBlock, RidgeCheckpoint, RidgeProgress, StorageError};

use super::super::{StepObserver, checkpoint_file::CheckpointFolder};

/// Bytes of a hash.
const HASH: usize = 32;

/// What a checkpoint file holds, behind its hash. CBOR, since JSON does not give every bit of a float back.
#[derive(Serialize, Deserialize)]
struct Content<F> {
    job: String,
    block: u64,
    fitted: F,
}

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
    resumed: bool,
}

impl<'a> Bridge<'a> {
    pub(super) fn new(observer: &'a mut dyn StepObserver, checkpoints: &'a CheckpointFolder) -> Self {
        let state = Mutex::new(State { observer, stage: "", resumed: false });
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

    /// A block that an earlier run of the same job left, or why what it left can not be used.
    fn read(&self, block: usize) -> Option<Result<FittedBlock, String>> {
        let bytes = match self.checkpoints.read_file(&Self::file(block)) {
            Ok(bytes) => bytes?,
            Err(error) => return Some(Err(error.to_string())),
        };
        let content = match bytes.split_at_checked(HASH) {
            Some((hash, content)) if blake3::hash(content).as_bytes() == hash => content,
            _ => return Some(Err("its hash is not that of its content".to_owned())),
        };
        Some(match ciborium::from_reader::<Content<FittedBlock>, _>(content) {
            Ok(of) if of.job == self.checkpoints.job() && of.block == block as u64 => Ok(of.fitted),
            Ok(_) => Err("it is of another fit".to_owned()),
            Err(_) => Err("its content is not of this version".to_owned()),
        })
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
        let found = self.read(block);
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        match found {
            None => Ok(None),
            Some(Err(why)) => {
                state.observer.notice(&format!("a checkpoint is ignored: {}: {why}", Self::file(block)));
                Ok(None)
            }
            Some(Ok(fitted)) => {
                if !state.resumed {
                    state.resumed = true;
                    state.observer.notice("going on from the checkpoint of an earlier run");
                }
                Ok(Some(fitted))
            }
        }
    }

    fn save(&self, block: usize, fitted: &FittedBlock) -> Result<(), StorageError> {
        let content = Content { job: self.checkpoints.job().to_owned(), block: block as u64, fitted };
        let mut bytes = vec![0; HASH];
        ciborium::into_writer(&content, &mut bytes).map_err(io::Error::other)?;
        let hash = blake3::hash(&bytes[HASH..]);
        bytes[..HASH].copy_from_slice(hash.as_bytes());
        Ok(self.checkpoints.write_file(&Self::file(block), bytes)?)
    }
}
