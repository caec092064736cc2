//! The ancestry of a cohort's people: their places on the components of a reference, the populations that they are most
//! similar to, in which proportions they descend from these, and whether they lie outside all of them.

mod job;
mod method;
mod options;
mod people;
mod record;
mod shared;
mod tables;

pub use job::{ANCESTRY_SEMANTICS, AncestryReport, CohortAncestry, ancestry_cohort};
pub use method::{AncestryMethod, SimilarityMethod};
pub use options::AncestryJobOptions;
pub(super) use people::Found;
pub use record::{AncestryRecord, PopulationRecord};
pub(super) use shared::Shared;
