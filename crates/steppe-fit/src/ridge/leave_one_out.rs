//! Level 0 with each sample left out alone.
//!
//! The prediction for sample i without i is (ŷᵢ − hᵢyᵢ) / (1 − hᵢ), hᵢ its leverage: no model but that of all samples is
//! needed. One eigendecomposition of the block's products gives leverages for all penalties.

use nalgebra::{DMatrix, DVector};
use rayon::prelude::*;
use steppe_stats::linear_algebra::{
    SymmetricEigen, multiply, subtract_product, symmetric_eigen, transposed_multiply,
};

use super::design::Design;
use super::level0::{BlockSums, Level0, failed};
use super::predict::{BlockCodes, stack, tiles};
use super::residual_sums::ResidualSums;
use super::taking_part::TakingPart;
use crate::error::FitError;

/// The weights of all samples' model, and the predictions for each sample without it.
pub(super) fn leave_one_out(
    design: &Design,
    level0: &Level0,
    (sums, taking): (&BlockSums, &TakingPart),
    codes: &BlockCodes,
) -> Result<(Vec<DMatrix<f64>>, DMatrix<f64>), FitError> {
    let residual = ResidualSums::new(level0, sums, taking);
    let eigen = symmetric_eigen(&residual.without(None)).map_err(failed)?;
    let along = transposed_multiply(&eigen.vectors, &residual.right_without(None));
    let shrunk: Vec<DMatrix<f64>> = level0
        .penalties
        .iter()
        .map(|penalty| {
            DMatrix::from_fn(along.nrows(), along.ncols(), |row, column| {
                along[(row, column)] / (eigen.values[row] + penalty)
            })
        })
        .collect();
    let solutions: Vec<DMatrix<f64>> = shrunk.iter().map(|along| multiply(&eigen.vectors, along)).collect();
    let weights = residual.per_copy(&solutions);
    let parts: Vec<DMatrix<f64>> = tiles(design)
        .into_par_iter()
        .map(|(group, rows)| {
            let mut genotypes = codes.unpack(group, rows.clone(), &sums.means);
            let basis = design.basis.q.rows(rows.start, rows.len()).into_owned();
            subtract_product(&mut genotypes, &basis, &residual.gamma);
            for (mut column, scale) in genotypes.column_iter_mut().zip(&taking.inverse_deviation) {
                column *= *scale;
            }
            let rotated = multiply(&genotypes, &eigen.vectors);
            without_each(design, rows.start, &rotated, &eigen, &level0.penalties, &shrunk)
        })
        .collect();
    let predictions = stack(&parts, design.rows(), design.columns(level0.penalties.len()));
    Ok((vec![weights], predictions))
}

fn without_each(
    design: &Design,
    start: usize,
    rotated: &DMatrix<f64>,
    eigen: &SymmetricEigen,
    penalties: &[f64],
    shrunk: &[DMatrix<f64>],
) -> DMatrix<f64> {
    let ridges = penalties.len();
    let squared = rotated.component_mul(rotated);
    let mut predictions = DMatrix::zeros(rotated.nrows(), design.columns(ridges));
    for (ridge, penalty) in penalties.iter().enumerate() {
        let inverse: DVector<f64> = eigen.values.map(|value| 1.0 / (value + penalty));
        let leverage = &squared * inverse;
        let fitted = multiply(rotated, &shrunk[ridge]);
        for (of, given) in design.traits.iter().enumerate() {
            for row in 0..rotated.nrows() {
                let own = leverage[row] * given.residual[start + row];
                predictions[(row, of * ridges + ridge)] = (fitted[(row, of)] - own) / (1.0 - leverage[row]);
            }
        }
    }
    predictions
}
