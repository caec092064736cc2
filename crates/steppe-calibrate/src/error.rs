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
    /// A matrix of the model can not be decomposed.
    #[error(transparent)]
    Decomposition(#[from] steppe_stats::linear_algebra::DecompositionError),
    /// A matrix that must be positive definite is not.
    #[error("{what} is not positive definite; drop collinear columns")]
    NotPositiveDefinite {
        /// What the matrix is.
        what: &'static str,
    },
    /// A value is NaN or infinite.
    #[error("{what}: {count} values are not finite; leave those people out")]
    NotFinite {
        /// What the values are.
        what: &'static str,
        /// How many.
        count: usize,
    },
    /// A column is the same for everybody.
    #[error("{what} is the same for all {people} people; nothing can be adjusted or calibrated on it")]
    Constant {
        /// What does not vary.
        what: &'static str,
        /// How many people there are.
        people: usize,
    },
    /// Fewer than the method needs.
    #[error("{what}: {found} are too few; at least {needed} are needed")]
    TooFew {
        /// What there is too little of.
        what: &'static str,
        /// How many there are.
        found: usize,
        /// How many are needed.
        needed: usize,
    },
    /// An index of a population, component or column that the model does not have.
    #[error("{what} {found} is not in the model, which has {known}; fit it with that one, or name another")]
    Unknown {
        /// What is meant.
        what: &'static str,
        /// Its index.
        found: usize,
        /// How many the model has.
        known: usize,
    },
    /// A number outside its range.
    #[error("{what} is {found}; it must be {needed}")]
    Range {
        /// What the number is.
        what: &'static str,
        /// The number.
        found: f64,
        /// Its range, in words.
        needed: &'static str,
    },
    /// An iteration did not end.
    #[error("{what} was not found in {steps} steps; use fewer principal components or more people")]
    NotConverged {
        /// What was sought.
        what: &'static str,
        /// Steps that were made.
        steps: usize,
    },
}
