//! Distributions, decompositions and metrics of prediction. Knows nothing of genotypes and files.

pub mod distributions;
pub mod linear_algebra;
pub mod metrics;
