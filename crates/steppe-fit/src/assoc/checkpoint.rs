//! Finished runs of variants, kept by the caller so that an association that was cut off goes on.

use std::ops::Range;

use super::result::AssocResult;
use crate::error::{FitError, StorageError};

/// Keeps finished runs of variants. It belongs to one association: same matrix, traits, covariates and options; the
/// caller sees to that.
pub trait AssocCheckpoint {
    /// The rows of a batch of traits from a variant on, if they were kept: for each variant a result of each trait.
    fn load(&self, batch: usize, first_variant: usize)
    -> Result<Option<Vec<Vec<AssocResult>>>, StorageError>;

    /// Keeps such rows.
    fn save(&self, batch: usize, first_variant: usize, rows: &[Vec<AssocResult>])
    -> Result<(), StorageError>;
}

/// The rows of a run of variants, if they were kept; those of another shape are of another association.
pub(super) fn load(
    checkpoint: Option<&dyn AssocCheckpoint>,
    batch: usize,
    run: &Range<usize>,
    traits: usize,
) -> Result<Option<Vec<Vec<AssocResult>>>, FitError> {
    let Some(checkpoint) = checkpoint else { return Ok(None) };
    let rows = checkpoint.load(batch, run.start).map_err(failed(run))?;
    match rows {
        Some(rows) if rows.len() != run.len() || rows.iter().any(|row| row.len() != traits) => {
            Err(FitError::CheckpointOfAnotherFit { block: run.start })
        }
        rows => Ok(rows),
    }
}

/// Keeps the rows of a run of variants.
pub(super) fn save(
    checkpoint: Option<&dyn AssocCheckpoint>,
    batch: usize,
    run: &Range<usize>,
    rows: &[Vec<AssocResult>],
) -> Result<(), FitError> {
    match checkpoint {
        Some(checkpoint) => checkpoint.save(batch, run.start, rows).map_err(failed(run)),
        None => Ok(()),
    }
}

fn failed(run: &Range<usize>) -> impl FnOnce(StorageError) -> FitError {
    let block = run.start;
    move |source| FitError::Checkpoint { block, source }
}
