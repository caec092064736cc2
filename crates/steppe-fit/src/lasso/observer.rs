//! What a caller sees of a running fit, and how it stops one.

use super::{checkpoint::Checkpoint, metrics::MetricKind};
use crate::error::StorageError;

/// One accepted lambda.
#[derive(Clone, Debug, PartialEq)]
pub struct Progress<'a> {
    /// The trait's name.
    pub name: &'a str,
    /// Lambdas accepted so far, this one included.
    pub accepted: usize,
    /// Lambdas of the whole path.
    pub planned: usize,
    /// This lambda.
    pub lambda: f64,
    /// Variants in the model.
    pub active: usize,
    /// Size of the strong set.
    pub strong: usize,
    /// Features outside the strong set that violated the optimality conditions in this batch and made it end early.
    pub violations: usize,
    /// Validation metric.
    pub validation: Option<(MetricKind, f64)>,
}

/// Follows a fit. All methods have defaults; `()` follows nothing.
pub trait Observer: Sync {
    /// A lambda was accepted.
    fn progress(&mut self, progress: &Progress<'_>) {
        let _ = progress;
    }

    /// A batch was accepted: what a later run goes on from.
    ///
    /// # Errors
    /// An error ends the fit with [`FitError::CheckpointSink`](crate::FitError::CheckpointSink).
    fn checkpoint(&mut self, checkpoint: &Checkpoint) -> Result<(), StorageError> {
        let _ = checkpoint;
        Ok(())
    }

    /// Whether to stop; asked between steps.
    fn cancelled(&self) -> bool {
        false
    }
}

impl Observer for () {}
