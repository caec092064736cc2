//! Options of a fit.

/// Which lambdas are fitted.
#[derive(Clone, Debug, PartialEq)]
pub enum LambdaPath {
    /// From the smallest lambda at which no penalised variant is in the model, downwards, evenly in the logarithm.
    Auto {
        /// Lambdas.
        count: usize,
        /// Last lambda over the first; by default 0.01 where there are fewer training samples than variants, 0.0001
        /// otherwise.
        ratio: Option<f64>,
    },
    /// These, falling.
    Given(Vec<f64>),
}

/// How a path is fitted.
#[derive(Clone, Debug, PartialEq)]
pub struct LassoOptions {
    /// 1 is the lasso, 0 is ridge, between them the elastic net.
    pub alpha: f64,
    /// The lambdas.
    pub lambdas: LambdaPath,
    /// Penalises coefficients on the scale of standardised genotypes (weighted standard deviation over the training
    /// samples, divisor Σw, as glmnet). Coefficients that come out are per copy of the counted allele in any case.
    pub standardize: bool,
    /// Rescales penalty factors to a mean of 1 (a variant that is left out counts 1), as glmnet does.
    pub rescale_penalty_factors: bool,
    /// Variants with the highest gradients that join those ever active in the strong set, at first.
    pub strong_size: usize,
    /// Lambdas that one adjoint pass checks, at most.
    pub batch: usize,
    /// Largest violation of the optimality conditions over all variants, relative to lambda.
    pub tolerance: f64,
    /// Stops once the best validation metric of the last so many lambdas is clearly (by a hundredth) below the best
    /// before them. Where few variants are in the model it wavers: a small number ends paths that have hardly begun.
    pub stopping_lag: Option<usize>,
    /// Largest working set that is solved on its Gram matrix, of four bytes for each ordered pair (1 GiB for 16,384);
    /// larger ones are solved on their columns, which takes many times as long.
    pub gram_limit: usize,
    /// Members up to which a Gram matrix keeps those that left the working set: they often come back.
    pub gram_kept: usize,
}

impl Default for LassoOptions {
    fn default() -> Self {
        Self {
            alpha: 1.0,
            lambdas: LambdaPath::Auto { count: 100, ratio: None },
            standardize: false,
            rescale_penalty_factors: true,
            strong_size: 1000,
            batch: 10,
            tolerance: 1e-3,
            stopping_lag: Some(10),
            gram_limit: 16_384,
            gram_kept: 6000,
        }
    }
}
