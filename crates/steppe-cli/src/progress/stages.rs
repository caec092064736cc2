use std::sync::{Arc, Mutex, PoisonError};

use indicatif::ProgressBar;
use steppe_engine::PassProgress;

use super::{Unit, bar};
use crate::console::Console;

/// One bar for the stages of a job, each in place of the one before.
pub(crate) struct StageBar {
    console: Console,
    unit: Unit,
    current: Mutex<Option<ProgressBar>>,
}

impl StageBar {
    /// A bar that counts genotypes.
    pub(crate) fn genotypes(console: Console) -> Arc<Self> {
        Arc::new(Self { console, unit: Unit::Counted("genotypes"), current: Mutex::new(None) })
    }

    /// A bar that counts bytes.
    pub(crate) fn bytes(console: Console) -> Arc<Self> {
        Arc::new(Self { console, unit: Unit::Bytes, current: Mutex::new(None) })
    }

    /// Takes the bar off the screen.
    pub(crate) fn clear(&self) {
        self.replace(None);
    }

    fn replace(&self, next: Option<ProgressBar>) {
        let mut current = self.current.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(previous) = current.take() {
            previous.finish_and_clear();
        }
        *current = next;
    }
}

impl PassProgress for StageBar {
    fn stage(&self, name: &str, total: u64) {
        self.replace(Some(bar(self.console, total, self.unit, name.to_owned())));
    }

    fn advance(&self, units: u64) {
        if let Some(bar) = &*self.current.lock().unwrap_or_else(PoisonError::into_inner) {
            bar.inc(units);
        }
    }
}

impl Drop for StageBar {
    fn drop(&mut self) {
        self.clear();
    }
}
