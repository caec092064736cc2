//! Level 1 of a quantitative trait.

use nalgebra::{DMatrix, DVector};
use rayon::prelude::*;
use steppe_stats::linear_algebra::{Cholesky, gram, multiply, symmetric_eigen};

use super::left_out::parts_without_each;
use super::{Level1Fit, Predictors, best, score};
use crate::ridge::design::Design;
use crate::ridge::options::RidgeOptions;
use crate::ridge::traits::{PreparedTrait, TraitProblem};

/// Each fold's rows are predicted by the model of the other folds' rows.
pub(super) fn folds(
    design: &Design,
    of: &PreparedTrait,
    predictors: &Predictors,
    penalties: &[f64],
    options: &RidgeOptions,
) -> Result<Level1Fit, TraitProblem> {
    let sums: Vec<(DMatrix<f64>, DVector<f64>)> = design
        .ranges
        .par_iter()
        .map(|rows| {
            let part = predictors.columns.rows(rows.start, rows.len()).into_owned();
            let right = part.tr_mul(&of.residual.rows(rows.start, rows.len()));
            (gram(&part), right)
        })
        .collect();
    let size = predictors.columns.ncols();
    let zero = (DMatrix::zeros(size, size), DVector::zeros(size));
    let (total, right) = sums.iter().fold(zero, |(m, v), (part, of_part)| (m + part, v + of_part));
    let models: Result<Vec<Vec<DVector<f64>>>, TraitProblem> = sums
        .par_iter()
        .map(|(part, of_part)| {
            let (rest, of_rest) = (&total - part, &right - of_part);
            penalties.iter().map(|penalty| solve(&rest, &of_rest, *penalty)).collect()
        })
        .collect();
    let models = models?;
    let scores: Vec<_> = penalties
        .iter()
        .enumerate()
        .map(|(at, penalty)| {
            let pairs: Vec<(f64, f64)> = design
                .ranges
                .iter()
                .zip(&models)
                .flat_map(|(rows, of_fold)| {
                    let predicted = predictors.columns.rows(rows.start, rows.len()) * &of_fold[at];
                    rows.clone()
                        .map(|row| (predicted[row - rows.start], of.residual[row]))
                        .collect::<Vec<_>>()
                })
                .collect();
            score(options.level1_shares[at], *penalty, &pairs, false)
        })
        .collect();
    let chosen = best(&scores);
    let coefficients: Vec<DVector<f64>> =
        models.into_iter().map(|mut of_fold| of_fold.swap_remove(chosen)).collect();
    Ok(Level1Fit::of_folds(design, predictors, scores, chosen, coefficients))
}

/// Each row is predicted by the model of all other rows.
pub(super) fn leave_one_out(
    of: &PreparedTrait,
    predictors: &Predictors,
    penalties: &[f64],
    options: &RidgeOptions,
) -> Result<Level1Fit, TraitProblem> {
    let columns = &predictors.columns;
    let products = gram(columns);
    let eigen = symmetric_eigen(&products)?;
    let rotated = multiply(columns, &eigen.vectors);
    let squared = rotated.component_mul(&rotated);
    let along = rotated.tr_mul(&of.residual);
    let scores: Vec<_> = penalties
        .iter()
        .zip(&options.level1_shares)
        .map(|(penalty, share)| {
            let inverse = eigen.values.map(|value| 1.0 / (value.max(0.0) + penalty));
            let (fitted, leverage) = (&rotated * along.component_mul(&inverse), &squared * inverse);
            let pairs: Vec<(f64, f64)> = (0..columns.nrows())
                .map(|row| {
                    let own = leverage[row] * of.residual[row];
                    ((fitted[row] - own) / (1.0 - leverage[row]), of.residual[row])
                })
                .collect();
            score(*share, *penalty, &pairs, false)
        })
        .collect();
    let chosen = best(&scores);
    let factor = penalised(&products, penalties[chosen])?;
    let coefficients = solve(&products, &columns.tr_mul(&of.residual), penalties[chosen])?;
    let left = &of.residual - columns * &coefficients;
    let weights = DVector::from_element(columns.nrows(), 1.0);
    let parts = parts_without_each(predictors, &factor, &coefficients, &left, &weights)?;
    Ok(Level1Fit { scores, chosen, coefficients: vec![coefficients], parts })
}

fn penalised(products: &DMatrix<f64>, penalty: f64) -> Result<Cholesky, TraitProblem> {
    let mut matrix = products.clone();
    for at in 0..matrix.nrows() {
        matrix[(at, at)] += penalty;
    }
    Ok(Cholesky::new(matrix)?)
}

fn solve(products: &DMatrix<f64>, right: &DVector<f64>, penalty: f64) -> Result<DVector<f64>, TraitProblem> {
    let right = DMatrix::from_column_slice(right.len(), 1, right.as_slice());
    let solution = penalised(products, penalty)?.solve(&right)?;
    Ok(solution.column(0).into_owned())
}
