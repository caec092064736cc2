//! Errors of this crate.

/// Why a pass over the genotypes failed. What lies behind the matrix (files, a cluster) keeps its own error as source.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub struct MatrixError {
    /// What was being done.
    pub message: String,
    /// The error of what lies behind the matrix.
    #[source]
    pub source: Option<Box<dyn std::error::Error + Send + Sync>>,
}

/// Why a fit can not be done.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FitError {
    /// A pass over the genotypes failed.
    #[error(transparent)]
    Matrix(#[from] MatrixError),
}
