//! Decompositions and products of dense matrices: nalgebra's types outside, faer inside.
//!
//! Everything here runs on the calling thread and in one fixed order, so the same input gives the same bits however many
//! threads call it. Parallel work is the caller's: over blocks, folds or penalties.

mod arrowhead;
mod basis;
mod cholesky;
mod eigen;
mod polar;
mod products;
mod small;
mod svd;

pub use arrowhead::largest_arrowhead_eigenpairs;
pub use basis::{ColumnBasis, least_squares};
pub use cholesky::Cholesky;
pub use eigen::{SymmetricEigen, symmetric_eigen};
pub use polar::orthogonal_factor;
pub use products::{gram, multiply, subtract_product, subtract_product_below, transposed_multiply};
pub use small::{SmallCholesky, dot};
pub use svd::{SingularValues, singular_values};

/// Why a matrix can not be decomposed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DecompositionError {
    /// Not square, or another length than the operation needs.
    #[error("a matrix of {rows} x {columns} does not fit: {needed} is needed")]
    Shape {
        /// Rows given.
        rows: usize,
        /// Columns given.
        columns: usize,
        /// What would fit.
        needed: &'static str,
    },
    /// A pivot is zero, negative or not a number.
    #[error(
        "the matrix is not positive definite at pivot {pivot}: raise the penalty or drop collinear columns"
    )]
    NotPositiveDefinite {
        /// Position of the pivot.
        pivot: usize,
    },
    /// Infinite or NaN entries, or an iteration that did not end.
    #[error("eigenvalues were not found: the matrix holds values that are not finite")]
    NoConvergence,
}
