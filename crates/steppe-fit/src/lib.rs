//! Penalised regression and association, written over [`GenotypeMatrix`]: no method here reads a file or knows where
//! the genotypes lie.

mod error;
pub mod matrix;

pub use error::{FitError, MatrixError};
pub use matrix::{GenotypeMatrix, GramSums, MemoryMatrix, PackedColumns, Products, ResidualPrecision};
