//! Scores that mean something in a population: a model from a reference, an own cohort and, where there are any,
//! phenotypes; what it says of the cohort's people; and the same model applied to others when they are scored. A calibration
//! reads no genotype but to count allele frequencies in the reference: ancestry and scores have been computed.

mod apply;
mod distance;
mod fit;
mod job;
mod known;
mod one;
mod options;
mod people;
mod rates;
mod record;
mod report;
mod sources;
mod stored;
mod tables;
mod tested;

pub use apply::{APPLICATION_SEMANTICS, score_calibrated};
pub use job::{CALIBRATION_SEMANTICS, CalibrationReport, calibrate_scores};
pub use known::ApplyOptions;
pub(super) use one::OnePerson;
pub use options::CalibrateOptions;
pub use record::{CalibrationRecord, PopulationCalibration, ScoreModelRecord};
pub use sources::SourceOptions;
pub use stored::FILE as CALIBRATION_FILE;
