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

/// What went wrong in a caller's storage of checkpoints.
pub type StorageError = Box<dyn std::error::Error + Send + Sync>;

/// Why a fit can not be done.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FitError {
    /// A pass over the genotypes failed.
    #[error(transparent)]
    Matrix(#[from] MatrixError),
    /// A trait or covariate does not have a value for each sample of the matrix.
    #[error(
        "{name} has {found} values where the genotype matrix has {expected} samples; give one for each, NaN where it is missing"
    )]
    ValueCount {
        /// The trait or covariate.
        name: String,
        /// Its values.
        found: usize,
        /// The matrix's samples.
        expected: usize,
    },
    /// A vector has another length than the matrix asks for.
    #[error("{what}: {found} given, {expected} needed; give one for each")]
    Length {
        /// What the vector is.
        what: &'static str,
        /// Length needed.
        expected: usize,
        /// Length given.
        found: usize,
    },
    /// Variants that are no part of a matrix.
    #[error(
        "the chosen variants do not ascend within the matrix's {variants}; sort them and remove duplicates"
    )]
    VariantSubset {
        /// Variants of the matrix.
        variants: usize,
    },
    /// Work on runs of variants, or its result, that is not what was written.
    #[error("work on runs of variants: {problem}; run coordinator and workers of one version")]
    Runs {
        /// What is wrong.
        problem: String,
    },
    /// Blocks without variants.
    #[error("the block size is 0; give at least 1, usually 1000")]
    BlockSize,
    /// A share of variance that has no penalty.
    #[error(
        "level {level}: {share} is no share of variance explained; give values above 0 and below 1, at least one"
    )]
    ExplainedShare {
        /// Level of the ridge.
        level: u8,
        /// The share.
        share: f64,
    },
    /// Variants of a chromosome in two places.
    #[error("chromosome {chromosome} comes again at variant {variant}; sort the variants by chromosome")]
    ChromosomeAgain {
        /// The chromosome.
        chromosome: u32,
        /// Index of the variant.
        variant: usize,
    },
    /// Folds that can not be used.
    #[error("cross-validation over {folds} folds: {problem}")]
    Folds {
        /// Folds.
        folds: usize,
        /// What is wrong.
        problem: &'static str,
    },
    /// Too few samples to train.
    #[error(
        "{samples} training samples for {covariates} covariates and the intercept are too few; use fewer covariates"
    )]
    TooFewSamples {
        /// Training samples.
        samples: usize,
        /// Covariates.
        covariates: usize,
    },
    /// A covariate that a training sample lacks.
    #[error(
        "covariate {covariate} is not a finite number for {samples} training samples; leave these samples out"
    )]
    CovariateNotFinite {
        /// Index of the covariate.
        covariate: usize,
        /// Training samples that lack it.
        samples: usize,
    },
    /// A matrix that can not be decomposed.
    #[error("block ridge, {what}")]
    Decomposition {
        /// What was being solved.
        what: String,
        /// Why.
        #[source]
        source: steppe_stats::linear_algebra::DecompositionError,
    },
    /// The caller's storage of finished blocks failed.
    #[error("the checkpoint of block {block} failed")]
    Checkpoint {
        /// Index of the block.
        block: usize,
        /// The error of the storage.
        #[source]
        source: StorageError,
    },
    /// A checkpoint that does not belong to this fit.
    #[error("the checkpoint of block {block} is of another fit; remove it and run again")]
    CheckpointOfAnotherFit {
        /// Index of the block.
        block: usize,
    },
    /// More coefficients than 32-bit numbers count.
    #[error(
        "{variants} variants with {parts} effects each are too many; leave variants out or fit fewer populations"
    )]
    TooManyFeatures {
        /// Variants.
        variants: usize,
        /// Effects of each.
        parts: u32,
    },
    /// A penalty factor is NaN or negative.
    #[error(
        "a penalty factor is negative or not a number (a population's factor: not above 0); give 0 or more"
    )]
    PenaltyFactor,
    /// An option is out of its range.
    #[error("option {option} is out of range; {remedy}")]
    Option {
        /// The option.
        option: &'static str,
        /// What to give.
        remedy: &'static str,
    },
    /// A trait can not be fitted.
    #[error("trait '{name}': {problem}")]
    Trait {
        /// The trait.
        name: String,
        /// What is wrong with it.
        problem: TraitProblem,
    },
    /// The solver did not get to its tolerance.
    #[error(
        "trait '{name}' does not converge at lambda {lambda:e}: violation {violation:e} of lambda; \
         raise the tolerance or end the path earlier"
    )]
    NotConverged {
        /// The trait.
        name: String,
        /// The lambda.
        lambda: f64,
        /// Largest violation of the optimality conditions, relative to lambda.
        violation: f64,
    },
    /// The checkpoint belongs to another fit.
    #[error("the checkpoint is of another fit ({what}); remove it to start anew")]
    CheckpointMismatch {
        /// What differs.
        what: &'static str,
    },
    /// The caller could not keep a checkpoint.
    #[error("the checkpoint could not be kept")]
    CheckpointSink(#[source] StorageError),
    /// The caller stopped the fit.
    #[error("the fit was cancelled")]
    Cancelled,
}

/// What is wrong with a trait.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TraitProblem {
    /// Nobody trains.
    #[error(
        "no training sample has a phenotype, all covariates and a weight above 0; check sample ids and missing codes"
    )]
    NoTrainingSamples,
    /// The phenotype is the same for all.
    #[error("constant over its {samples} training samples; leave it out")]
    Constant {
        /// Training samples.
        samples: usize,
    },
    /// Covariates explain the phenotype exactly.
    #[error("covariates explain it exactly over its {samples} training samples; leave some covariates out")]
    ExplainedByCovariates {
        /// Training samples.
        samples: usize,
    },
    /// A binary trait has other values than 0 and 1.
    #[error("has values other than 0 and 1; recode it or fit it as gaussian")]
    NotBinary,
    /// No event is observed.
    #[error("no event among its {samples} training samples; leave it out")]
    NoEvent {
        /// Training samples.
        samples: usize,
    },
    /// More covariates than samples.
    #[error(
        "has {samples} training samples, too few for {covariates} covariates and an intercept; use fewer covariates"
    )]
    TooFewSamples {
        /// Training samples.
        samples: usize,
        /// Covariates that are not linear combinations of others.
        covariates: usize,
    },
    /// A weight is negative or not finite.
    #[error("has a sample weight that is negative or not finite; give 0 or more")]
    Weight,
    /// A phenotype or covariate is infinite.
    #[error("has an infinite value; give missing values as NaN")]
    Infinite,
    /// Lambdas that do not fall.
    #[error("its lambdas do not fall or are not above 0; sort them and remove duplicates")]
    Lambdas,
    /// No variant can enter the model.
    #[error(
        "no penalised variant correlates with it: lambda has no largest value; give lambdas or check the variants"
    )]
    NothingToFit,
}
