//! Scores that mean something in a population: a model from a reference, an own cohort and, where there are any,
//! phenotypes; and what it says of the cohort's people. No genotype is read: ancestry and scores have been computed.

mod distance;
mod fit;
mod job;
mod options;
mod people;
mod rates;
mod record;
mod report;
mod tables;
mod tested;

pub use job::{CalibrationReport, calibrate_scores};
pub use options::CalibrateOptions;
pub use record::{CalibrationRecord, PopulationCalibration, ScoreModelRecord};
