//! The job behind `steppe assoc`: every variant against every trait, in plink2's tables.

mod job;
mod options;
mod plan;
mod record;
mod run;
mod tables;

pub use job::{ASSOCIATION_SEMANTICS, AssociationJob, AssociationReport};
pub use options::AssociationOptions;
pub use plan::AssociationPlan;
pub use record::{AssociationRecord, AssociationTraitRecord, DroppedCovariateRecord};
