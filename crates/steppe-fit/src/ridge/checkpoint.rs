//! Finished blocks of level 0, kept by the caller so that a fit that was cut off goes on.

use nalgebra::DMatrix;
use serde::{Deserialize, Serialize};

use super::blocks::Block;
use super::level0::BlockModels;
use crate::error::{FitError, StorageError};

/// All that level 1 needs of one block. Serialisable in any format that keeps every bit of a float.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FittedBlock {
    /// The models of each fold.
    pub models: BlockModels,
    /// Out-of-fold predictions, training samples x (trait, ridge) with the ridges of a trait side by side. The samples
    /// are ordered by fold, then by their place in the matrix. Each column has mean 0 and variance 1 over the samples
    /// that have the trait, and 0 for the others.
    pub predictions: DMatrix<f64>,
    /// The mean and the standard deviation of each column before it was standardised; a column that did not vary has
    /// predictions of 0 and deviation 0.
    pub moments: Vec<(f64, f64)>,
}

/// Keeps finished blocks. It belongs to one fit: same matrix, data and options; the caller sees to that.
pub trait RidgeCheckpoint: Sync {
    /// The block, if it was kept.
    fn load(&self, block: usize) -> Result<Option<FittedBlock>, StorageError>;

    /// Keeps a block.
    fn save(&self, block: usize, fitted: &FittedBlock) -> Result<(), StorageError>;
}

impl FittedBlock {
    /// A loaded block whose shape is not this fit's would be of another fit.
    pub(super) fn check(
        &self,
        number: usize,
        block: &Block,
        rows: usize,
        columns: usize,
    ) -> Result<(), FitError> {
        let fits = self.predictions.shape() == (rows, columns)
            && self.moments.len() == columns
            && self.models.variants() == block.variants.len()
            && self.models.columns() == columns;
        if fits { Ok(()) } else { Err(FitError::CheckpointOfAnotherFit { block: number }) }
    }
}
