//! What a score means in a population: principal components, ancestry, adjustment, calibrated risk, evaluation. Written
//! over `GenotypeMatrix` and plain vectors: nothing here reads a file or knows where the genotypes lie.

mod error;
pub mod evaluate;

pub use error::CalibrateError;
