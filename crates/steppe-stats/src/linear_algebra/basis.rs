//! An orthonormal basis of a few columns (covariates), and least squares on it.

use nalgebra::{DMatrix, DVector};
use serde::{Deserialize, Serialize};

use super::products::{multiply, transposed_multiply};

/// The thin QR factors of those columns that do not depend on earlier ones: `columns[kept] = q · r`.
///
/// Made by Gram-Schmidt with every column orthogonalised twice, which is as orthogonal as Householder's (Giraud et al.
/// 2005), and which, other than column pivoting, drops the later one of two collinear columns.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ColumnBasis {
    /// Orthonormal columns, rows x kept columns.
    pub q: DMatrix<f64>,
    /// Upper triangular, kept x kept.
    pub r: DMatrix<f64>,
    /// The columns that were kept, ascending.
    pub kept: Vec<usize>,
}

impl ColumnBasis {
    /// The basis of a matrix' columns. A column is dropped when less than `tolerance` of its length is left after the
    /// columns before it are taken out.
    pub fn new(columns: &DMatrix<f64>, tolerance: f64) -> Self {
        let mut q: Vec<DVector<f64>> = Vec::new();
        let mut upper: Vec<Vec<f64>> = Vec::new();
        let mut kept = Vec::new();
        for (index, column) in columns.column_iter().enumerate() {
            let mut rest: DVector<f64> = column.into_owned();
            let length = rest.norm();
            let mut coefficients = vec![0.0; q.len()];
            for _ in 0..2 {
                for (direction, coefficient) in q.iter().zip(&mut coefficients) {
                    let along = direction.dot(&rest);
                    rest.axpy(-along, direction, 1.0);
                    *coefficient += along;
                }
            }
            let left = rest.norm();
            if length > 0.0 && left > tolerance * length {
                rest /= left;
                coefficients.push(left);
                q.push(rest);
                upper.push(coefficients);
                kept.push(index);
            }
        }
        let r = DMatrix::from_fn(kept.len(), kept.len(), |row, column| {
            upper[column].get(row).copied().unwrap_or(0.0)
        });
        let rows = columns.nrows();
        let q = DMatrix::from_fn(rows, kept.len(), |row, column| q[column][row]);
        Self { q, r, kept }
    }

    /// Independent columns.
    pub fn rank(&self) -> usize {
        self.kept.len()
    }

    /// Coefficients of the kept columns from coordinates on the basis: `r⁻¹ · coordinates`.
    pub fn coefficients(&self, coordinates: &DVector<f64>) -> DVector<f64> {
        let mut solution = coordinates.clone();
        for row in (0..self.rank()).rev() {
            let known: f64 =
                (row + 1..self.rank()).map(|column| self.r[(row, column)] * solution[column]).sum();
            solution[row] = (solution[row] - known) / self.r[(row, row)];
        }
        solution
    }

    /// Columns less their projection on the basis.
    pub fn residuals(&self, columns: &DMatrix<f64>) -> DMatrix<f64> {
        columns - multiply(&self.q, &transposed_multiply(&self.q, columns))
    }
}

/// Least squares of one response on some columns: a coefficient for each column, 0 for a column that depends on earlier
/// ones (see [`ColumnBasis::new`]).
pub fn least_squares(columns: &DMatrix<f64>, response: &DVector<f64>, tolerance: f64) -> DVector<f64> {
    let basis = ColumnBasis::new(columns, tolerance);
    let of_kept = basis.coefficients(&basis.q.tr_mul(response));
    let mut coefficients = DVector::zeros(columns.ncols());
    for (position, index) in basis.kept.iter().enumerate() {
        coefficients[*index] = of_kept[position];
    }
    coefficients
}
