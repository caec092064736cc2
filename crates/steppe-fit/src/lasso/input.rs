//! What a fit is given.

use nalgebra::DMatrix;

use super::path::LassoPath;
use crate::matrix::GenotypeMatrix;

/// What a sample is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub enum Role {
    /// Its phenotype trains the model.
    Train,
    /// The validation metric is computed on it.
    Validate,
    /// Neither.
    #[default]
    Ignore,
}

/// A response with one value per sample of the matrix; NaN where it is missing.
#[derive(Clone, Debug)]
pub enum Response {
    /// A quantitative trait.
    Gaussian(Vec<f64>),
    /// A binary trait: 0 or 1.
    Binomial(Vec<f64>),
    /// A time to an event or to the end of observation.
    Cox {
        /// Time, above 0 or not; only the order counts.
        time: Vec<f64>,
        /// Whether the event happened at that time.
        event: Vec<bool>,
    },
}

impl Response {
    /// Samples.
    pub fn len(&self) -> usize {
        self.values().len()
    }

    /// Whether there are no samples.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The trait's values, or the times.
    pub(crate) fn values(&self) -> &[f64] {
        match self {
            Self::Gaussian(y) | Self::Binomial(y) => y,
            Self::Cox { time, .. } => time,
        }
    }
}

/// One trait to fit. Every vector has a value per sample of the matrix.
#[derive(Clone, Debug)]
pub struct Trait {
    /// For messages.
    pub name: String,
    /// The response.
    pub response: Response,
    /// Weights, 0 or more; empty for 1 each.
    pub weights: Vec<f64>,
    /// What each sample is for. A sample whose response or a covariate is missing is ignored.
    pub roles: Vec<Role>,
    /// Samples x covariates, without an intercept; it may have no column.
    pub covariates: DMatrix<f64>,
    /// This trait's own lambdas, falling, in place of the options' path.
    pub lambdas: Option<Vec<f64>>,
}

impl Trait {
    /// The trait to fit again once a point of its path is chosen: those that validated train too, nobody validates, and
    /// the path ends at the chosen lambda. The matrix's means should then be over both.
    pub fn for_refit(mut self, path: &LassoPath, point: usize) -> Self {
        for role in &mut self.roles {
            if *role == Role::Validate {
                *role = Role::Train;
            }
        }
        self.lambdas = Some(path.lambdas.iter().copied().take(point + 1).collect());
        self
    }
}

/// Populations whose effects may differ: each effect is a shared part plus a penalised part of the population's own.
#[derive(Clone, Copy, Debug)]
pub struct Populations<'a> {
    /// Each sample's population, below `count`; any other number is no population, with shared effects alone.
    pub of: &'a [u32],
    /// Populations.
    pub count: u32,
    /// Penalty factor of the populations' own parts, relative to the shared part's.
    pub factor: f64,
}

/// The genotypes and what is the same for all traits.
#[derive(Clone, Copy)]
pub struct LassoProblem<'a> {
    /// The genotypes.
    pub matrix: &'a dyn GenotypeMatrix,
    /// Penalty factor of each variant: 0 is unpenalised, infinite leaves the variant out. `None` for 1 each.
    pub penalty_factors: Option<&'a [f64]>,
    /// Populations with effects of their own.
    pub populations: Option<Populations<'a>>,
    /// The samples that the matrix's counts are over, if known: saves a pass where they are the training samples.
    pub reference: Option<&'a [bool]>,
}

impl<'a> LassoProblem<'a> {
    /// Genotypes alone: every variant penalised alike, one population.
    pub fn new(matrix: &'a dyn GenotypeMatrix) -> Self {
        Self { matrix, penalty_factors: None, populations: None, reference: None }
    }
}
