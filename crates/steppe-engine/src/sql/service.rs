use std::sync::{Arc, Mutex, PoisonError};

/// Sentences for the reader of an answer, such as how many groups were suppressed. A physical plan finds those of its
/// statement among the extensions of its session's configuration.
#[derive(Debug, Clone, Default)]
pub struct Notices(Arc<Mutex<Vec<String>>>);

impl Notices {
    /// Adds a sentence.
    pub fn push(&self, notice: impl Into<String>) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(notice.into());
    }

    /// Takes what there is so far.
    pub fn take(&self) -> Vec<String> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
