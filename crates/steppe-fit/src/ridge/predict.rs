//! A block's packed codes by fold, and predictions of level 0 for the training samples from them.
//!
//! A block's codes are a 32nd of its floats, and a sample needs the model of its own fold only. So the block is selected
//! once, its samples are brought together by fold, and each tile of them is unpacked and multiplied; a forward pass would
//! compute every fold's model for every sample.

use std::ops::Range;

use nalgebra::DMatrix;
use rayon::prelude::*;
use steppe_kernels::{KernelError, Level, count_codes};
use steppe_stats::linear_algebra::{multiply, subtract_product};

use super::design::Design;
use crate::matrix::{GramSums, PackedColumns};

/// Samples unpacked at once: 128 x 1000 floats fit in a core's own cache.
const TILE: usize = 128;

/// The genotypes of a byte's four samples; a missing call is no number.
static GENOTYPES: [[f64; 4]; 256] = genotypes();

const fn genotypes() -> [[f64; 4]; 256] {
    let mut genotypes = [[0.0; 4]; 256];
    let mut at = 0;
    while at < 4 * 256 {
        let (byte, field) = (at / 4, at % 4);
        genotypes[byte][field] = [0.0, 1.0, 2.0, f64::NAN][byte >> (2 * field) & 3];
        at += 1;
    }
    genotypes
}

/// Packed codes of a block by fold.
pub(super) struct BlockCodes {
    folds: Vec<PackedColumns>,
    level: Level,
}

impl BlockCodes {
    pub(super) fn new(design: &Design, packed: &PackedColumns, level: Level) -> Result<Self, KernelError> {
        let of_fold = |range: &Range<usize>| packed.gather(&design.order[range.clone()], level);
        Ok(Self { folds: design.ranges.par_iter().map(of_fold).collect::<Result<_, _>>()?, level })
    }

    /// Counts of codes 0, 1, 2, missing of each variant in each fold.
    pub(super) fn counts(&self) -> Vec<Vec<[u64; 4]>> {
        let count = |fold: &PackedColumns| {
            let columns = (0..fold.len()).map(|variant| fold.column(variant));
            columns.map(|column| count_codes(self.level, column, fold.samples())).collect()
        };
        self.folds.iter().map(count).collect()
    }

    /// Keeps some variants, ascending places.
    pub(super) fn keep(&mut self, variants: &[usize]) {
        self.folds.iter_mut().for_each(|fold| fold.keep(variants));
    }

    /// The gram sums of each fold.
    pub(super) fn grams(&self) -> Result<Vec<GramSums>, KernelError> {
        self.folds.par_iter().map(|fold| fold.products(self.level)).collect()
    }

    /// Genotypes of some samples, samples x variants, by their places in a fold; the first place is a multiple of four.
    /// A missing call is the variant's mean.
    pub(super) fn unpack(&self, fold: usize, samples: Range<usize>, means: &[f64]) -> DMatrix<f64> {
        let mut genotypes = DMatrix::zeros(samples.len(), means.len());
        for (variant, mean) in means.iter().enumerate() {
            let packed = &self.folds[fold].column(variant)[samples.start / 4..samples.end.div_ceil(4)];
            let column =
                &mut genotypes.as_mut_slice()[variant * samples.len()..(variant + 1) * samples.len()];
            let (fours, rest) = column.as_chunks_mut::<4>();
            fours.iter_mut().zip(packed).for_each(|(four, byte)| *four = GENOTYPES[usize::from(*byte)]);
            if let Some(last) = packed.get(fours.len()) {
                rest.copy_from_slice(&GENOTYPES[usize::from(*last)][..rest.len()]);
            }
            if packed.iter().any(|byte| byte & byte >> 1 & 0b0101_0101 != 0) {
                column.iter_mut().filter(|value| value.is_nan()).for_each(|value| *value = *mean);
            }
        }
        genotypes
    }
}

/// Runs of at most [`TILE`] samples of a group: the group, and their places in it.
pub(super) fn tiles(design: &Design) -> Vec<(usize, Range<usize>)> {
    let cut = |(group, range): (usize, &Range<usize>)| {
        let count = range.len();
        (0..count).step_by(TILE).map(move |start| (group, start..(start + TILE).min(count)))
    };
    design.ranges.iter().enumerate().flat_map(cut).collect()
}

/// Puts the tiles' rows under each other.
pub(super) fn stack(tiles: &[DMatrix<f64>], rows: usize, columns: usize) -> DMatrix<f64> {
    let mut all = DMatrix::zeros(rows, columns);
    let mut start = 0;
    for tile in tiles {
        all.rows_mut(start, tile.nrows()).copy_from(tile);
        start += tile.nrows();
    }
    all
}

/// Predictions of each row by the weights of the model that was trained without its fold, and what covariates take out of
/// them, rows x (trait, ridge).
pub(super) fn out_of_fold(
    design: &Design,
    codes: &BlockCodes,
    means: &[f64],
    (weights, along_basis): (&[DMatrix<f64>], &[DMatrix<f64>]),
) -> DMatrix<f64> {
    let parts: Vec<DMatrix<f64>> = tiles(design)
        .into_par_iter()
        .map(|(fold, samples)| {
            let genotypes = codes.unpack(fold, samples.clone(), means);
            let mut predicted = multiply(&genotypes, &weights[fold]);
            let first = design.ranges[fold].start + samples.start;
            let basis = design.basis.q.rows(first, samples.len()).into_owned();
            subtract_product(&mut predicted, &basis, &along_basis[fold].transpose());
            predicted
        })
        .collect();
    stack(&parts, design.rows(), weights.first().map_or(0, DMatrix::ncols))
}

/// Brings each column to mean 0 and variance 1 over the rows that count for its trait, 0 elsewhere; gives the means and
/// deviations that the columns had.
pub(super) fn standardise(predictions: &mut DMatrix<f64>, design: &Design, ridges: usize) -> Vec<(f64, f64)> {
    let mut moments = Vec::with_capacity(predictions.ncols());
    for (number, mut column) in predictions.column_iter_mut().enumerate() {
        let counted = &design.traits[number / ridges].counted;
        let count = counted.iter().filter(|counts| **counts).count() as f64;
        let over = |value: &dyn Fn(f64) -> f64| -> f64 {
            column.iter().zip(counted).filter(|(_, counts)| **counts).map(|(v, _)| value(*v)).sum()
        };
        let mean = over(&|value| value) / count;
        let deviation = (over(&|value| (value - mean).powi(2)) / (count - 1.0)).sqrt();
        // What is left of a column of equal values is rounding.
        let varies = deviation > 1e-12 * mean.abs().max(f64::MIN_POSITIVE);
        for (value, counts) in column.iter_mut().zip(counted) {
            *value = if varies && *counts { (*value - mean) / deviation } else { 0.0 };
        }
        moments.push((mean, if varies { deviation } else { 0.0 }));
    }
    moments
}
