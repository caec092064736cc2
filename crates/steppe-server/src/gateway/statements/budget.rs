use std::{
    future::Future,
    time::{Duration, Instant},
};

use tokio_util::sync::CancellationToken;

use crate::ServerError;

/// The time that a statement has, from its text to its last row, unless it is cancelled before. Only time in which
/// somebody waits for it is spent.
#[derive(Debug, Clone)]
pub(in crate::gateway) struct Budget {
    all: Duration,
    left: Duration,
    cancel: CancellationToken,
}

impl Budget {
    pub(super) fn new(all: Duration, cancel: CancellationToken) -> Self {
        Self { all, left: all, cancel }
    }

    /// What is left of it, for somebody else to cancel.
    pub(super) fn cancelled_by(self, cancel: CancellationToken) -> Self {
        Self { cancel, ..self }
    }

    /// The same, but no more than some time.
    pub(in crate::gateway) fn at_most(&self, less: Option<Duration>) -> Self {
        let less = less.unwrap_or(self.all);
        Self { all: self.all.min(less), left: self.left.min(less), cancel: self.cancel.clone() }
    }

    /// Waits for something within what is left.
    ///
    /// # Errors
    /// It is cancelled, or takes longer.
    pub(super) async fn spend<T>(&mut self, work: impl Future<Output = T>) -> Result<T, ServerError> {
        let began = Instant::now();
        let done = tokio::select! {
            biased;
            () = self.cancel.cancelled() => return Err(ServerError::StatementCancelled),
            done = tokio::time::timeout(self.left, work) => done,
        };
        self.left = self.left.saturating_sub(began.elapsed());
        let milliseconds = u64::try_from(self.all.as_millis()).unwrap_or(u64::MAX);
        done.map_err(|_| ServerError::StatementTimeout { milliseconds })
    }
}
