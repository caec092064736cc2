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
    /// A decomposition of a dense matrix failed.
    #[error(transparent)]
    Decomposition(#[from] steppe_stats::linear_algebra::DecompositionError),
    /// Positions that go back within a chromosome, or a chromosome in two pieces.
    #[error("variant {index} of the matrix is out of order; sort the cohort by chromosome and position")]
    VariantOrder {
        /// Place of the variant in the matrix.
        index: usize,
    },
    /// Too few variants or people are left for principal components.
    #[error(
        "{components} principal components need at least {components} people and variants that vary; {people} people \
         and {variants} variants are left; ask for fewer components or relax the filters"
    )]
    Rank {
        /// Components asked for.
        components: usize,
        /// People of the reference.
        people: usize,
        /// Variants that take part.
        variants: usize,
    },
    /// The target shares too few variants with the principal components.
    #[error(
        "only {shared} of {of} variants of the principal components are in the target, {needed} are needed; compute the \
         components on variants that both have, and check the genome build"
    )]
    SharedVariants {
        /// Variants that both have.
        shared: usize,
        /// Variants of the components.
        of: usize,
        /// The least that is accepted.
        needed: usize,
    },
    /// Shared variants that are not of the model or the matrix, or do not ascend.
    #[error(
        "the shared variants do not ascend within the model's {model} and the matrix' {matrix}; sort them"
    )]
    SharedOrder {
        /// Variants of the components.
        model: usize,
        /// Variants of the target.
        matrix: usize,
    },
    /// Nobody of the reference has a population.
    #[error("none of the {people} people of the reference has a population; give their labels")]
    Unlabelled {
        /// People of the reference.
        people: usize,
    },
    /// Fewer populations than a method compares.
    #[error(
        "populations in the reference: {populations}, and at least {needed} are needed; label people of more"
    )]
    Populations {
        /// Populations that have people.
        populations: usize,
        /// The least that is needed.
        needed: usize,
    },
    /// Populations whose frequencies do not tell their mixtures apart.
    #[error(
        "{populations} populations can not all be sources of a mixture: the allele frequencies of some are mixtures of the others'; leave admixed populations out of the reference"
    )]
    MixedSources {
        /// How many populations there are.
        populations: usize,
    },
    /// More components are asked for than were computed.
    #[error("{wanted} components are asked for where {there} were computed; ask for fewer or compute more")]
    Components {
        /// Asked for.
        wanted: usize,
        /// Computed.
        there: usize,
    },
    /// Too few people for a cross-fit.
    #[error("{people} people are too few for {folds} folds; use a larger reference or fewer folds")]
    Folds {
        /// People of the reference.
        people: usize,
        /// Folds asked for.
        folds: usize,
    },
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
    /// A value outside its range.
    #[error("{what} is {found}; it must be {needed}")]
    Range {
        /// What it is.
        what: &'static str,
        /// The value.
        found: String,
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

impl CalibrateError {
    /// A value outside its range.
    pub(crate) fn range(what: &'static str, found: impl std::fmt::Display, needed: &'static str) -> Self {
        Self::Range { what, found: found.to_string(), needed }
    }
}
