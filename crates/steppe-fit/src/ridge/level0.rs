//! Level 0: the ridges of one block, from sums alone.
//!
//! A block's models are a pure function of sums over samples: the genotypes' products with each other, with the
//! covariates' basis and with the traits, for each fold. So any worker that has the sums can fit a block, and the bits do
//! not depend on which one does.
//!
//! With X the genotypes (a missing call is the variant's mean), Q the orthonormal basis of intercept and covariates, and
//! Γ = XᵀQ over all training samples, the residual genotypes are X − QΓᵀ. Over a fold S their products are
//! XₛᵀXₛ − XₛᵀQₛΓᵀ − ΓQₛᵀXₛ + ΓQₛᵀQₛΓᵀ, and those of all other folds are the total less these. The model of a fold solves
//! the other folds' products plus a penalty; one Cholesky factor serves all traits. (Measured for 1000 variants on one
//! thread: five factors take 25 ms and one eigendecomposition, which would serve all penalties, 175 ms.)

use std::sync::Mutex;

use nalgebra::DMatrix;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use steppe_stats::linear_algebra::{Cholesky, transposed_multiply};

use super::residual_sums::ResidualSums;
use super::taking_part::TakingPart;
use crate::error::FitError;
use crate::matrix::GramSums;

/// Products of the covariates' basis over one fold.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct FoldSums {
    /// QᵀQ, rank x rank.
    pub basis: DMatrix<f64>,
    /// Qᵀy, rank x traits, y the traits' residuals of variance 1.
    pub traits: DMatrix<f64>,
}

/// What the models of every block share.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Level0 {
    /// Penalties of the ridges.
    pub penalties: Vec<f64>,
    /// Training samples.
    pub samples: usize,
    /// A variant of a smaller standard deviation, covariates taken out, takes no part.
    pub smallest_deviation: f64,
    /// Products of each fold; one for leave-one-out.
    pub folds: Vec<FoldSums>,
}

/// Sums over the genotypes of the variants of one block that take part.
#[derive(Clone, Debug)]
pub(super) struct BlockSums {
    /// The gram sums of each fold.
    pub grams: Vec<GramSums>,
    /// What a missing call of each variant counts.
    pub means: Vec<f64>,
    /// XᵀQ of each fold, variants x rank.
    pub with_basis: Vec<DMatrix<f64>>,
    /// Xᵀy of each fold, variants x traits.
    pub with_traits: Vec<DMatrix<f64>>,
}

/// Why a variant takes no part.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum DropReason {
    /// No training sample has a call.
    NoCalls,
    /// All calls of the training samples are the same.
    Monomorphic,
    /// Nothing is left once covariates are taken out.
    LowVariance,
}

/// The models of one block.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct BlockModels {
    /// Variants that take no part, as places in the block, ascending; their weights are 0.
    pub dropped: Vec<(u32, DropReason)>,
    /// Weights per copy of the counted allele of each model, variants x (trait, ridge), ridges of a trait side by side.
    pub weights: Vec<DMatrix<f64>>,
    /// Γᵀ · weights of each model, rank x (trait, ridge): what covariates take out of a prediction.
    pub along_basis: Vec<DMatrix<f64>>,
}

impl BlockModels {
    /// From the weights of the variants that take part, and their Γ.
    pub(super) fn new(taking: TakingPart, gamma: &DMatrix<f64>, weights: &[DMatrix<f64>]) -> Self {
        let in_block = |weights: &DMatrix<f64>| {
            let mut all = DMatrix::zeros(taking.variants, weights.ncols());
            for (row, &variant) in taking.kept.iter().enumerate() {
                all.set_row(variant, &weights.row(row));
            }
            all
        };
        Self {
            weights: weights.iter().map(in_block).collect(),
            along_basis: weights.iter().map(|weights| transposed_multiply(gamma, weights)).collect(),
            dropped: taking.dropped,
        }
    }

    /// Variants of the block.
    pub fn variants(&self) -> usize {
        self.weights.first().map_or(0, DMatrix::nrows)
    }

    /// Columns of a model: traits x ridges.
    pub fn columns(&self) -> usize {
        self.weights.first().map_or(0, DMatrix::ncols)
    }
}

impl Level0 {
    /// The weights of all ridges of a block for all traits, once without each fold, as [`BlockModels::new`] takes them.
    ///
    /// # Errors
    /// When sums hold values that are not finite, so that no penalty makes them positive definite.
    pub(super) fn fit(
        &self,
        sums: &BlockSums,
        taking: &TakingPart,
        memory: &Memory,
    ) -> Result<Vec<DMatrix<f64>>, FitError> {
        let residual = ResidualSums::new(self, sums, taking);
        let without = |fold| self.without_fold(&residual, fold, memory);
        (0..self.folds.len()).into_par_iter().map(without).collect()
    }

    fn without_fold(
        &self,
        residual: &ResidualSums<'_>,
        fold: usize,
        memory: &Memory,
    ) -> Result<DMatrix<f64>, FitError> {
        let size = residual.size();
        let mut products = memory.take(size);
        residual.fill_without(Some(fold), &mut products);
        let right = residual.right_without(Some(fold));
        let solve = |penalty: &f64| {
            let mut work = memory.take(size);
            penalised(&products, *penalty, &mut work);
            let factor = Cholesky::new(work).map_err(failed)?;
            let solution = factor.solve(&right).map_err(failed)?;
            memory.give(factor.into_memory());
            Ok(solution)
        };
        let solutions: Result<Vec<DMatrix<f64>>, FitError> = self.penalties.par_iter().map(solve).collect();
        memory.give(products);
        Ok(residual.per_copy(&solutions?))
    }
}

/// Square matrices that are used again, from block to block: to get their memory from the system takes longer than to fill
/// it.
#[derive(Debug, Default)]
pub(super) struct Memory(Mutex<Vec<Vec<f64>>>);

impl Memory {
    /// A matrix of any content.
    fn take(&self, size: usize) -> DMatrix<f64> {
        let mut values = self.0.lock().ok().and_then(|mut kept| kept.pop()).unwrap_or_default();
        values.resize(size * size, 0.0);
        DMatrix::from_vec(size, size, values)
    }

    fn give(&self, matrix: DMatrix<f64>) {
        if let Ok(mut kept) = self.0.lock() {
            kept.push(matrix.data.into());
        }
    }
}

pub(super) fn failed(source: steppe_stats::linear_algebra::DecompositionError) -> FitError {
    FitError::Decomposition { what: "level 0".into(), source }
}

/// Copies a lower triangle and adds the penalty to its diagonal. The upper triangle keeps what was there.
fn penalised(products: &DMatrix<f64>, penalty: f64, work: &mut DMatrix<f64>) {
    let size = products.nrows();
    let (from, into) = (products.as_slice(), work.as_mut_slice());
    for column in 0..size {
        let lower = column * size + column..(column + 1) * size;
        into[lower.clone()].copy_from_slice(&from[lower]);
        into[column * size + column] += penalty;
    }
}
