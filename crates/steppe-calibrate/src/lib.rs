//! What a score means in a population: principal components, ancestry, adjustment, calibrated risk, evaluation. Written
//! over `GenotypeMatrix` and plain vectors: nothing here reads a file or knows where the genotypes lie.

pub mod adjust;
pub mod combine;
mod error;
mod gaussian;
mod heteroscedastic;
pub mod model;
mod portable;
pub mod risk;

pub use error::CalibrateError;
