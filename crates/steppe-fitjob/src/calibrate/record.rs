use serde::{Deserialize, Serialize};

use super::super::record::JobRecord;

/// The content of `run.json` of a calibration.
pub type CalibrationRecord = JobRecord<ScoreModelRecord>;

/// What was fitted for a score.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct ScoreModelRecord {
    /// The score's name.
    pub name: String,
    /// Reference people with a score.
    pub reference: u64,
    /// People of the own cohort whose scores taught the adjustment.
    pub own_cohort: u64,
    /// People whose phenotypes taught risk or interval.
    pub phenotyped: u64,
    /// Cases among them; `null` of a quantitative trait.
    pub cases: Option<u64>,
    /// Its weight in the stacked score; `null` without one.
    pub stacked_weight: Option<f64>,
    /// Risk by population.
    pub populations: Vec<PopulationCalibration>,
    /// Parts that could not be fitted, with the reasons.
    pub left_out: Vec<(String, String)>,
}

/// The calibration of risks in a population.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PopulationCalibration {
    /// The population.
    pub population: String,
    /// Phenotyped people.
    pub people: u64,
    /// Cases among them.
    pub cases: u64,
    /// Intercept on the log-odds scale; 0 leaves the risk as it was.
    pub intercept: f64,
    /// Its standard error.
    pub intercept_error: f64,
    /// Slope; 1 leaves the risk as it was.
    pub slope: f64,
    /// Its standard error.
    pub slope_error: f64,
    /// `calibrated`, `uncalibrated` (cross-validation found it no worse) or `unchecked` (too few cases for a check).
    pub kept: String,
    /// Cross-validated log loss of the uncalibrated and the calibrated model.
    pub log_loss: Option<[f64; 2]>,
    /// The prevalence that the intercept was set to.
    pub known_prevalence: Option<f64>,
}
