//! From a score to a risk that holds in this population.
//!
//! - [`Recalibration`]: intercept and slope of a logistic model for each population, which borrow strength from
//!   populations near by; a known prevalence; cross-validation that keeps the uncalibrated model where it is better.
//! - [`PredictionInterval`]: 90 % intervals of a quantitative trait or liability whose width depends on ancestry.
//! - [`AbsoluteRisk`]: risk by age from incidence and competing mortality.
//! - [`AccuracyByDistance`]: what share of a trait's variance a score explains, by genetic distance.

mod absolute;
mod accuracy;
mod base;
mod hierarchy;
mod interval;
pub(crate) mod laplace;
mod recalibration;
mod validation;

pub use absolute::{AbsoluteRisk, RateTable, RiskByAge};
pub use accuracy::{Accuracy, AccuracyByDistance, DistanceBin, genetic_distance};
pub use base::BaseRisk;
pub use interval::{Interval, IntervalData, IntervalOptions, PredictionInterval};
pub use recalibration::{Kept, KnownPrevalence, PopulationRisk, Recalibration, Risk, RiskData};
pub use validation::Validation;
