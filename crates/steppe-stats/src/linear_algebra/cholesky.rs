//! Cholesky factors of symmetric positive definite matrices.

use faer::dyn_stack::{MemBuffer, MemStack};
use faer::linalg::cholesky::llt::factor::{LltError, cholesky_in_place, cholesky_in_place_scratch};
use faer::linalg::triangular_solve::{solve_lower_triangular_in_place, solve_upper_triangular_in_place};
use faer::{MatRef, Par};
use nalgebra::DMatrix;

use super::DecompositionError;
use super::products::{view, view_mut};

/// `A = L·Lᵀ` of a symmetric positive definite matrix.
#[derive(Clone, Debug)]
pub struct Cholesky {
    factor: DMatrix<f64>,
}

impl Cholesky {
    /// Factors a matrix in its own memory. Only the lower triangle is read.
    ///
    /// # Errors
    /// When the matrix is not square or not positive definite.
    pub fn new(matrix: DMatrix<f64>) -> Result<Self, DecompositionError> {
        let (rows, columns) = matrix.shape();
        if rows != columns {
            return Err(DecompositionError::Shape { rows, columns, needed: "a square matrix" });
        }
        let mut factor = matrix;
        let mut memory = MemBuffer::new(cholesky_in_place_scratch::<f64>(rows, Par::Seq, Default::default()));
        cholesky_in_place(
            view_mut(&mut factor),
            Default::default(),
            Par::Seq,
            MemStack::new(&mut memory),
            Default::default(),
        )
        .map_err(|LltError::NonPositivePivot { index }| DecompositionError::NotPositiveDefinite {
            pivot: index,
        })?;
        Ok(Self { factor })
    }

    /// Rows of the matrix.
    pub fn size(&self) -> usize {
        self.factor.nrows()
    }

    /// Solves `A·X = right`, in place, for all columns.
    ///
    /// # Errors
    /// When `right` has another number of rows.
    pub fn solve_in_place(&self, right: &mut DMatrix<f64>) -> Result<(), DecompositionError> {
        self.check(right)?;
        solve_lower_triangular_in_place(self.lower(), view_mut(right), Par::Seq);
        solve_upper_triangular_in_place(self.lower().transpose(), view_mut(right), Par::Seq);
        Ok(())
    }

    /// Solves `A·X = right`.
    ///
    /// # Errors
    /// As [`Cholesky::solve_in_place`].
    pub fn solve(&self, right: &DMatrix<f64>) -> Result<DMatrix<f64>, DecompositionError> {
        let mut solution = right.clone();
        self.solve_in_place(&mut solution)?;
        Ok(solution)
    }

    /// The memory of the factor, to be used again: its content is unspecified.
    pub fn into_memory(self) -> DMatrix<f64> {
        self.factor
    }

    fn lower(&self) -> MatRef<'_, f64> {
        view(&self.factor)
    }

    fn check(&self, right: &DMatrix<f64>) -> Result<(), DecompositionError> {
        let (rows, columns) = right.shape();
        if rows == self.size() {
            return Ok(());
        }
        Err(DecompositionError::Shape { rows, columns, needed: "as many rows as the factor has" })
    }
}
