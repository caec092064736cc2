//! What a score means in a population: principal components, ancestry, adjustment, calibrated risk, evaluation. Written
//! over `GenotypeMatrix` and plain vectors: nothing here reads a file or knows where the genotypes lie.

pub mod ancestry;
mod error;
pub mod evaluate;
pub mod pca;
pub mod projection;

pub use error::CalibrateError;
