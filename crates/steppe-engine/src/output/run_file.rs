//! `run.json` as bytes: JSON that carries the hash of all that follows its second line, so that no number in it changes
//! unseen.

use steppe_store::StoreError;

use super::RunRecord;

const BEGIN: &[u8] = b"{\n  \"blake3\": \"";
const END: &[u8] = b"\",\n";
/// What a record's own JSON begins with.
const OPEN: &[u8] = b"{\n";
const DIGITS: usize = 64;

impl RunRecord {
    /// The content of `run.json`.
    ///
    /// # Errors
    /// A number that JSON has no form for.
    pub fn to_bytes(&self) -> Result<Vec<u8>, serde_json::Error> {
        let mut json = serde_json::to_vec_pretty(self)?;
        json.push(b'\n');
        let rest = json.strip_prefix(OPEN).unwrap_or(&json);
        let hash = blake3::hash(rest).to_hex();
        Ok([BEGIN, hash.as_bytes(), END, rest].concat())
    }

    /// Reads what [`Self::to_bytes`] wrote; `file` is its name, for messages.
    ///
    /// # Errors
    /// Bytes that are not as they were written.
    pub fn from_bytes(file: &str, bytes: &[u8]) -> Result<Self, StoreError> {
        let form = |found: String| StoreError::corrupt(file, "its form", "a run's record", found);
        let sealed = bytes.strip_prefix(BEGIN).and_then(|rest| rest.split_at_checked(DIGITS));
        let Some((stated, Some(rest))) = sealed.map(|(hash, rest)| (hash, rest.strip_prefix(END))) else {
            return Err(form("another beginning".to_owned()));
        };
        let found = blake3::hash(rest).to_hex();
        if found.as_bytes() != stated {
            let stated = String::from_utf8_lossy(stated).into_owned();
            return Err(StoreError::corrupt(file, "its content", stated, found));
        }
        serde_json::from_slice(bytes).map_err(|error| form(error.to_string()))
    }
}
