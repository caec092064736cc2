use std::sync::{Mutex, PoisonError};

use indicatif::ProgressBar;

use crate::console::Console;

/// The place of one bar after another, which several draw on.
pub(super) struct Slot {
    pub(super) console: Console,
    current: Mutex<Option<ProgressBar>>,
}

impl Slot {
    /// A place without a bar.
    pub(super) fn new(console: Console) -> Self {
        Self { console, current: Mutex::new(None) }
    }

    /// Takes the bar off the screen and puts another there.
    pub(super) fn replace(&self, next: Option<ProgressBar>) {
        let mut current = self.current.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(previous) = current.take() {
            previous.finish_and_clear();
        }
        *current = next;
    }

    /// Draws on the bar, if there is one.
    pub(super) fn with(&self, act: impl FnOnce(&ProgressBar)) {
        if let Some(bar) = &*self.current.lock().unwrap_or_else(PoisonError::into_inner) {
            act(bar);
        }
    }

    /// Says something above the bar.
    pub(super) fn note(&self, text: &str) {
        self.with(|bar| bar.suspend(|| ()));
        self.console.note(text);
    }
}
