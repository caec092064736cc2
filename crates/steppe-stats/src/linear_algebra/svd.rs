//! Singular values and vectors.

use faer::Par;
use faer::diag::DiagMut;
use faer::dyn_stack::{MemBuffer, MemStack};
use faer::linalg::svd::{ComputeSvdVectors, svd, svd_scratch};
use nalgebra::{DMatrix, DVector};

use super::DecompositionError;
use super::products::{view, view_mut};

/// `A = left·diag(values)·rightᵀ`, thin: as many columns as the smaller side of A.
#[derive(Clone, Debug)]
pub struct SingularValues {
    /// Left singular vectors, a column each, orthonormal also where values are zero.
    pub left: DMatrix<f64>,
    /// Singular values, descending.
    pub values: DVector<f64>,
    /// Right singular vectors, a column each.
    pub right: DMatrix<f64>,
}

/// Singular values and vectors of a matrix.
///
/// # Errors
/// When the matrix holds values that are not finite.
pub fn singular_values(matrix: &DMatrix<f64>) -> Result<SingularValues, DecompositionError> {
    let (rows, columns) = matrix.shape();
    let size = rows.min(columns);
    if matrix.iter().any(|value| !value.is_finite()) {
        return Err(DecompositionError::NoConvergence);
    }
    let mut values = DVector::zeros(size);
    let mut left = DMatrix::zeros(rows, size);
    let mut right = DMatrix::zeros(columns, size);
    if size > 0 {
        let thin = ComputeSvdVectors::Thin;
        let scratch = svd_scratch::<f64>(rows, columns, thin, thin, Par::Seq, Default::default());
        let mut memory = MemBuffer::new(scratch);
        svd(
            view(matrix),
            DiagMut::from_slice_mut(values.as_mut_slice()),
            Some(view_mut(&mut left)),
            Some(view_mut(&mut right)),
            Par::Seq,
            MemStack::new(&mut memory),
            Default::default(),
        )
        .map_err(|_| DecompositionError::NoConvergence)?;
    }
    Ok(SingularValues { left, values, right })
}
