//! Predictions of level 1 for each row by the model of all other rows, by chromosome.

use nalgebra::{DMatrix, DVector};
use rayon::prelude::*;
use steppe_stats::linear_algebra::{Cholesky, DecompositionError};

use super::{Predictors, parts_by_chromosome};

/// Rows solved for at once.
const TILE: usize = 256;

/// Without row i the coefficients are α − H⁻¹wᵢ·rᵢ / (1 − vᵢhᵢ), to first order of Newton's method where the model is not
/// linear: H the penalised products, rᵢ the row's residual, vᵢ its weight in H, hᵢ = wᵢᵀH⁻¹wᵢ.
pub(super) fn parts_without_each(
    predictors: &Predictors,
    factor: &Cholesky,
    coefficients: &DVector<f64>,
    residual: &DVector<f64>,
    weight: &DVector<f64>,
) -> Result<DMatrix<f64>, DecompositionError> {
    let rows = predictors.columns.nrows();
    let mut parts = DMatrix::zeros(rows, predictors.of_chromosome.len());
    parts_by_chromosome(predictors, &(0..rows), coefficients, &mut parts);
    let starts: Vec<usize> = (0..rows).step_by(TILE).collect();
    let corrections: Result<Vec<DMatrix<f64>>, DecompositionError> = starts
        .par_iter()
        .map(|start| {
            let count = TILE.min(rows - start);
            let own = predictors.columns.rows(*start, count).transpose();
            let solved = factor.solve(&own)?;
            let products = own.component_mul(&solved);
            Ok(DMatrix::from_fn(count, predictors.of_chromosome.len(), |row, chromosome| {
                let columns = &predictors.of_chromosome[chromosome];
                let share = products.view((columns.start, row), (columns.len(), 1)).sum();
                let leverage = products.column(row).sum() * weight[start + row];
                share * residual[start + row] / (1.0 - leverage)
            }))
        })
        .collect();
    for (start, correction) in starts.iter().zip(corrections?) {
        let mut rows = parts.rows_mut(*start, correction.nrows());
        rows -= correction;
    }
    Ok(parts)
}
