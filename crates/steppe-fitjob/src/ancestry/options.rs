use std::path::PathBuf;

use steppe_store::Location;

use super::AncestryMethod;

/// The ancestry of a cohort's people.
#[derive(Debug, Clone)]
pub struct AncestryJobOptions {
    /// The folder that `steppe pca` wrote.
    pub reference: Location,
    /// Only these samples.
    pub keep: Option<PathBuf>,
    /// Not these samples.
    pub remove: Option<PathBuf>,
    /// How they are placed.
    pub method: AncestryMethod,
    /// Files are copies that came with the job: the record names them by their own names.
    pub copied_inputs: bool,
}

impl AncestryJobOptions {
    /// Everybody, by the defaults.
    pub fn new(reference: Location) -> Self {
        Self { reference, keep: None, remove: None, method: AncestryMethod::default(), copied_inputs: false }
    }
}
