//! Eigenvalues and eigenvectors of symmetric matrices.

use faer::Par;
use faer::diag::DiagMut;
use faer::dyn_stack::{MemBuffer, MemStack};
use faer::linalg::evd::{ComputeEigenvectors, self_adjoint_evd, self_adjoint_evd_scratch};
use nalgebra::{DMatrix, DVector};

use super::DecompositionError;
use super::products::{view, view_mut};

/// `A = V·diag(values)·Vᵀ` of a symmetric matrix.
#[derive(Clone, Debug)]
pub struct SymmetricEigen {
    /// Eigenvalues, ascending.
    pub values: DVector<f64>,
    /// Eigenvectors, a column each, in the order of the values.
    pub vectors: DMatrix<f64>,
}

/// Eigenvalues and eigenvectors of a symmetric matrix. Only the lower triangle is read.
///
/// # Errors
/// When the matrix is not square, or holds values that are not finite.
pub fn symmetric_eigen(matrix: &DMatrix<f64>) -> Result<SymmetricEigen, DecompositionError> {
    let (rows, columns) = matrix.shape();
    if rows != columns {
        return Err(DecompositionError::Shape { rows, columns, needed: "a square matrix" });
    }
    if matrix.iter().any(|value| !value.is_finite()) {
        return Err(DecompositionError::NoConvergence);
    }
    if rows == 0 {
        // faer 0.24 can not say how much memory this takes.
        return Ok(SymmetricEigen { values: DVector::zeros(0), vectors: DMatrix::zeros(0, 0) });
    }
    let mut values = DVector::zeros(rows);
    let mut vectors = DMatrix::zeros(rows, rows);
    let scratch =
        self_adjoint_evd_scratch::<f64>(rows, ComputeEigenvectors::Yes, Par::Seq, Default::default());
    let mut memory = MemBuffer::new(scratch);
    self_adjoint_evd(
        view(matrix),
        DiagMut::from_slice_mut(values.as_mut_slice()),
        Some(view_mut(&mut vectors)),
        Par::Seq,
        MemStack::new(&mut memory),
        Default::default(),
    )
    .map_err(|_| DecompositionError::NoConvergence)?;
    Ok(SymmetricEigen { values, vectors })
}
