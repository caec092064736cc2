//! The job behind `steppe fit ridge`: regenie's stacked block ridge, with predictions for its second step and weights for
//! everybody.

mod job;
mod options;
mod outputs;
mod plan;
mod record;
mod run;

pub use job::{RIDGE_SEMANTICS, RidgeJob, RidgeReport};
pub use options::{RidgeJobOptions, RidgeValidation};
pub use plan::RidgePlan;
pub use record::{RidgeRecord, RidgeTraitRecord};
