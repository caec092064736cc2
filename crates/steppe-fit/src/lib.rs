//! Penalised regression and association, written over [`GenotypeMatrix`]: no method here reads a file or knows where
//! the genotypes lie.

pub mod assoc;
mod error;
pub mod lasso;
mod loss;
pub mod matrix;
pub mod ridge;
mod runs;
mod solver;

pub use error::{FitError, MatrixError, StorageError, TraitProblem};
pub use matrix::{
    CodeTable, GenotypeMatrix, GramSums, MemoryMatrix, PackedColumns, Products, ResidualPrecision,
    VariantSubset,
};
pub use runs::{RunTask, decode_runs};
