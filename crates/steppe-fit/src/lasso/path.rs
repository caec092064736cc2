//! What a fit gives.

use super::{certificate::Certificate, metrics::MetricKind};

/// One variant's effect, not 0.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Coefficient {
    /// The variant's place in the matrix.
    pub variant: u32,
    /// The population whose own part this is; `None` for the effect that all share.
    pub population: Option<u32>,
    /// Change of the linear predictor per copy of the counted allele.
    pub effect: f64,
}

/// The model at one lambda.
#[derive(Clone, Debug, PartialEq)]
pub struct PathPoint {
    /// Lambda.
    pub lambda: f64,
    /// Effects that are not 0, ascending by variant, the shared part first.
    pub coefficients: Vec<Coefficient>,
    /// Intercept; 0 for Cox.
    pub intercept: f64,
    /// Effect of each covariate as it was given; 0 for those that were dropped.
    pub covariates: Vec<f64>,
    /// How near to the optimum this is.
    pub certificate: Certificate,
    /// Share of the null deviance (that of covariates alone) that the model explains.
    pub deviance_explained: f64,
    /// The metric over the training samples.
    pub training: Option<f64>,
    /// The metric over the validation samples.
    pub validation: Option<f64>,
}

/// The path of one trait.
#[derive(Clone, Debug, PartialEq)]
pub struct LassoPath {
    /// The trait's name.
    pub name: String,
    /// All lambdas that were planned; those fitted are the first of them.
    pub lambdas: Vec<f64>,
    /// The models, by falling lambda.
    pub points: Vec<PathPoint>,
    /// Whether the validation metric ended the path.
    pub stopped_early: bool,
    /// The point with the best validation metric.
    pub best: Option<usize>,
    /// What the metrics are.
    pub metric: MetricKind,
    /// Samples of weight above 0 that trained.
    pub training_samples: usize,
    /// Samples that validated.
    pub validation_samples: usize,
    /// Covariates that are linear combinations of the intercept and earlier ones, which were left out.
    pub dropped_covariates: Vec<usize>,
    /// Loss of the model of covariates (and unpenalised variants) alone, less that of a saturated model: half the null
    /// deviance per unit of weight.
    pub null_deviance: f64,
}
