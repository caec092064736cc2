//! How well predictions meet what was observed. Each takes plain slices of equal length, one value per sample, and gives
//! `None` where the measure is not defined for the data.
//!
//! Where there are `weights`, they say how often each sample counts: 1 for each gives the measure itself, the counts of a
//! bootstrap resample its value there, without a copy or another sort.

mod brier;
mod calibration;
mod concordance;
mod delong;
mod determination;
mod nested;
mod odds;
mod ranks;
mod reclassification;
mod reliability;
mod sorted;
mod threshold;

pub use brier::{brier, scaled_brier};
pub use calibration::{
    calibration_intercept, calibration_slope, expected_over_observed, ln_expected_over_observed_error, logit,
};
pub use concordance::c_index;
pub use delong::{AucDifference, Delong};
pub use determination::{explained_variance, liability_r2, nagelkerke_r2, r_squared};
pub use nested::{ExplainedVariance, NestedModels};
pub use odds::{GroupTable, LogOdds, odds_ratio_per_sd, sd_of};
pub use ranks::auc;
pub use reclassification::{Reclassification, net_reclassification};
pub use reliability::{ReliabilityBin, expected_calibration_error, reliability_bins, wilson};
pub use sorted::SortedScores;
pub use threshold::ThresholdTable;
