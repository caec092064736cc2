//! Distributions, decompositions, logistic regression, resampling and metrics of prediction. Knows nothing of genotypes and files.

pub mod distributions;
pub mod linear_algebra;
pub mod metrics;
pub mod regression;
pub mod resampling;
