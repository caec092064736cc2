//! `run.json` as bytes: sealed, so that no number in it changes unseen.

use steppe_store::StoreError;

use super::{
    RunRecord,
    sealed::{seal, unseal},
};

impl RunRecord {
    /// The content of `run.json`.
    ///
    /// # Errors
    /// A number that JSON has no form for.
    pub fn to_bytes(&self) -> Result<Vec<u8>, serde_json::Error> {
        seal(self)
    }

    /// Reads what [`Self::to_bytes`] wrote; `file` is its name, for messages.
    ///
    /// # Errors
    /// Bytes that are not as they were written.
    pub fn from_bytes(file: &str, bytes: &[u8]) -> Result<Self, StoreError> {
        unseal(bytes).map_err(|found| StoreError::corrupt(file, "its content", "a run's record", found))
    }
}
