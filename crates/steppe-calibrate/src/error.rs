//! Errors of this crate.

/// Why something about ancestry, calibration or evaluation can not be computed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CalibrateError {
    /// A pass over the genotypes failed.
    #[error(transparent)]
    Matrix(#[from] steppe_fit::MatrixError),
    /// A vector has another length than the others.
    #[error("{what}: {found} given, {expected} needed; give one for each")]
    Length {
        /// What the vector is.
        what: &'static str,
        /// Length needed.
        expected: usize,
        /// Length given.
        found: usize,
    },
}
