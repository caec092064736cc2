//! What a score means in a population: principal components, ancestry, adjustment, calibrated risk, evaluation. Written
//! over `GenotypeMatrix` and plain vectors: nothing here reads a file or knows where the genotypes lie.

pub mod adjust;
pub mod ancestry;
pub mod combine;
mod error;
pub mod evaluate;
mod gaussian;
mod heteroscedastic;
pub mod model;
pub mod pca;
mod portable;
pub mod projection;
pub mod risk;

pub use error::CalibrateError;
