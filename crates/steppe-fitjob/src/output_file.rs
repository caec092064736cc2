//! Files of a result that are written in one piece.

use std::{io::Write as _, path::Path};

use steppe_engine::{
    EngineError,
    output::{HashingFile, OutputRecord},
};

/// Writes a file of a result.
pub(super) fn write_file(folder: &Path, name: &str, content: &[u8]) -> Result<OutputRecord, EngineError> {
    let mut file = HashingFile::create(folder, name)?;
    file.write_all(content).map_err(EngineError::write(name))?;
    file.finish()
}

/// Writes a value as CBOR, which keeps every bit of its numbers.
pub(super) fn write_cbor<T: serde::Serialize>(
    folder: &Path,
    name: &str,
    value: &T,
) -> Result<OutputRecord, EngineError> {
    let mut bytes = Vec::new();
    ciborium::into_writer(value, &mut bytes)
        .map_err(|error| EngineError::write(name)(std::io::Error::other(error.to_string())))?;
    write_file(folder, name, &bytes)
}
