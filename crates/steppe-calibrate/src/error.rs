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
    /// Nothing was given to evaluate.
    #[error("no predictions to evaluate; give at least one score or risk")]
    NoPredictions,
    /// Two predictions have one name.
    #[error("two predictions are named {name}; give each its own name")]
    DuplicatePrediction {
        /// The name.
        name: String,
    },
    /// An option names a prediction that is not there.
    #[error("no prediction is named {name}; name one of those that are evaluated")]
    UnknownPrediction {
        /// The name.
        name: String,
    },
    /// An option is out of its range.
    #[error("{what}: {found} given; give {needed}")]
    Option {
        /// The option.
        what: &'static str,
        /// What was given.
        found: String,
        /// What would do.
        needed: &'static str,
    },
}
