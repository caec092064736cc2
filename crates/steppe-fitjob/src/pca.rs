//! Principal components of a reference cohort: which variants and people make them, the components, and everything that
//! projecting others takes, as one folder.

mod extract;
mod job;
mod options;
mod people;
mod record;
mod reference;
mod tables;
mod variants;

pub use job::{CohortPca, PCA_SEMANTICS, PcaReport, pca_cohort};
pub use options::PcaJobOptions;
pub use record::{ComponentRecord, PcaRecord};
pub use reference::FILE as REFERENCE_FILE;
pub(super) use reference::Reference;
pub(super) use tables::component_name;
