//! The cohorts that jobs have made or scored: one small object each, in the coordinator's store.

use serde::{Deserialize, Serialize};
use steppe_store::Location;

use crate::ServerError;

/// See the module.
#[derive(Debug, Clone)]
pub(crate) struct Catalog(Location);

/// A cohort.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct CatalogEntry {
    /// Its URL.
    pub(crate) location: String,
    /// The hash of its manifest when it was last used.
    pub(crate) digest: String,
}

impl Catalog {
    pub(crate) fn new(store: &Location) -> Self {
        Self(store.child("cohorts"))
    }

    /// Notes that a cohort is there. Blocks.
    pub(crate) fn note(&self, location: &str, digest: &str) -> Result<(), ServerError> {
        let entry = CatalogEntry { location: location.to_owned(), digest: digest.to_owned() };
        let name = format!("{}.json", &blake3::hash(location.as_bytes()).to_hex()[..32]);
        let json = serde_json::to_vec(&entry)
            .map_err(|_| ServerError::Unavailable { problem: "can not write a cohort's entry" })?;
        Ok(self.0.child(&name).put(json.into())?)
    }

    /// All cohorts, by location. What can not be read as an entry is left out, with a warning. Blocks.
    pub(crate) fn list(&self) -> Result<Vec<CatalogEntry>, ServerError> {
        let mut entries = Vec::new();
        for name in self.0.list()? {
            match serde_json::from_slice(&self.0.child(&name).read()?) {
                Ok(entry) => entries.push(entry),
                Err(error) => tracing::warn!(name, %error, "no entry of a cohort"),
            }
        }
        entries.sort_unstable_by(|one: &CatalogEntry, other| one.location.cmp(&other.location));
        Ok(entries)
    }
}
