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
}

impl AncestryJobOptions {
    /// Everybody, by the defaults.
    pub fn new(reference: Location) -> Self {
        Self { reference, keep: None, remove: None, method: AncestryMethod::default() }
    }
}
