//! What a worker tells of its tasks, to whoever counts and traces.

use std::time::Duration;

use steppe_engine::ErrorKind;
use tracing::Span;

/// A task that has ended.
#[derive(Debug, Clone, Copy)]
pub struct TaskReport {
    /// How long it took.
    pub took: Duration,
    /// Why it failed; `None` when its sums are committed.
    pub failure: Option<ErrorKind>,
}

/// Watches a worker's tasks.
pub trait TaskObserver: Send + Sync {
    /// A task begins: the folder that its sums go to, and its partitions. The span is entered while it runs.
    fn began(&self, folder: &str, partitions: &[usize]) -> Span;

    /// It has ended.
    fn ended(&self, report: TaskReport);
}
