//! Predictions of level 0 for the training samples, from a block's packed codes.
//!
//! A block's codes are a 32nd of its floats, and a sample needs the model of its own fold only. So the block is selected
//! once, and each tile of samples of one fold is unpacked and multiplied; a forward pass would compute every fold's model
//! for every sample.

use std::ops::Range;

use nalgebra::DMatrix;
use rayon::prelude::*;
use steppe_stats::linear_algebra::{multiply, subtract_product};

use super::design::Design;
use super::level0::BlockModels;
use crate::matrix::PackedColumns;

/// Samples unpacked at once: 128 x 1000 floats fit in a core's own cache.
const TILE: usize = 128;

/// Packed codes of a block, and what a missing call counts.
pub(super) struct BlockCodes<'a> {
    pub packed: &'a PackedColumns,
    pub means: &'a [f64],
}

impl BlockCodes<'_> {
    /// Genotypes of some samples, samples x variants.
    pub(super) fn unpack(&self, samples: &[u32]) -> DMatrix<f64> {
        let places: Vec<(usize, u32)> =
            samples.iter().map(|sample| (*sample as usize / 4, 2 * (sample % 4))).collect();
        let mut genotypes = DMatrix::zeros(samples.len(), self.means.len());
        for (variant, mean) in self.means.iter().enumerate() {
            let row = self.packed.column(variant);
            let values = [0.0, 1.0, 2.0, *mean];
            let column =
                &mut genotypes.as_mut_slice()[variant * samples.len()..(variant + 1) * samples.len()];
            for (value, (byte, shift)) in column.iter_mut().zip(&places) {
                *value = values[usize::from(row[*byte] >> shift & 3)];
            }
        }
        genotypes
    }
}

/// Runs of rows, each within one group and of at most [`TILE`] rows, with their group.
pub(super) fn tiles(design: &Design) -> Vec<(usize, Range<usize>)> {
    let cut = |(group, range): (usize, &Range<usize>)| {
        let end = range.end;
        range
            .clone()
            .step_by(TILE)
            .map(move |start| (group, start..(start + TILE).min(end)))
            .collect::<Vec<_>>()
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

/// Predictions of each row by the models that were trained without its fold, rows x (trait, ridge).
pub(super) fn out_of_fold(design: &Design, codes: &BlockCodes<'_>, models: &BlockModels) -> DMatrix<f64> {
    let parts: Vec<DMatrix<f64>> = tiles(design)
        .into_par_iter()
        .map(|(fold, rows)| {
            let genotypes = codes.unpack(&design.order[rows.clone()]);
            let mut predicted = multiply(&genotypes, &models.weights[fold]);
            let basis = design.basis.q.rows(rows.start, rows.len()).into_owned();
            subtract_product(&mut predicted, &basis, &models.along_basis[fold].transpose());
            predicted
        })
        .collect();
    stack(&parts, design.rows(), models.columns())
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
