//! Products of dense matrices on one thread.

use faer::linalg::matmul::{
    matmul,
    triangular::{self, BlockStructure},
};
use faer::{Accum, MatMut, MatRef, Par};
use nalgebra::DMatrix;

pub(super) fn view(matrix: &DMatrix<f64>) -> MatRef<'_, f64> {
    MatRef::from_column_major_slice(matrix.as_slice(), matrix.nrows(), matrix.ncols())
}

pub(super) fn view_mut(matrix: &mut DMatrix<f64>) -> MatMut<'_, f64> {
    let (rows, columns) = matrix.shape();
    MatMut::from_column_major_slice_mut(matrix.as_mut_slice(), rows, columns)
}

/// `left · right`.
///
/// # Panics
/// As nalgebra's own product: when the inner sizes differ.
pub fn multiply(left: &DMatrix<f64>, right: &DMatrix<f64>) -> DMatrix<f64> {
    let mut product = DMatrix::zeros(left.nrows(), right.ncols());
    matmul(view_mut(&mut product), Accum::Replace, view(left), view(right), 1.0, Par::Seq);
    product
}

/// `leftᵀ · right`.
///
/// # Panics
/// When the numbers of rows differ.
pub fn transposed_multiply(left: &DMatrix<f64>, right: &DMatrix<f64>) -> DMatrix<f64> {
    let mut product = DMatrix::zeros(left.ncols(), right.ncols());
    matmul(view_mut(&mut product), Accum::Replace, view(left).transpose(), view(right), 1.0, Par::Seq);
    product
}

/// `target − left · rightᵀ`, in place.
///
/// # Panics
/// When the shapes do not fit.
pub fn subtract_product(target: &mut DMatrix<f64>, left: &DMatrix<f64>, right: &DMatrix<f64>) {
    matmul(view_mut(target), Accum::Add, view(left), view(right).transpose(), -1.0, Par::Seq);
}

/// `target − left · rightᵀ` on and below the diagonal, in place.
///
/// # Panics
/// When the shapes do not fit.
pub fn subtract_product_below(target: &mut DMatrix<f64>, left: &DMatrix<f64>, right: &DMatrix<f64>) {
    triangular::matmul(
        view_mut(target),
        BlockStructure::TriangularLower,
        Accum::Add,
        view(left),
        BlockStructure::Rectangular,
        view(right).transpose(),
        BlockStructure::Rectangular,
        -1.0,
        Par::Seq,
    );
}

/// `matrixᵀ · matrix`.
pub fn gram(matrix: &DMatrix<f64>) -> DMatrix<f64> {
    transposed_multiply(matrix, matrix)
}
