//! Files of a result that are written in one piece.

use std::{
    io::{BufWriter, Error, Write as _},
    path::Path,
};

use steppe_engine::{
    EngineError,
    output::{HashingFile, OutputRecord},
};

/// Bytes of a value that are hashed at once.
const PIECE: usize = 1 << 16;

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
    // The file gathers and hashes: what is small goes there in pieces that are worth hashing.
    let mut file = BufWriter::with_capacity(PIECE, HashingFile::create(folder, name)?);
    ciborium::into_writer(value, &mut file)
        .map_err(|error| EngineError::write(name)(Error::other(error.to_string())))?;
    file.into_inner().map_err(|error| EngineError::write(name)(error.into_error()))?.finish()
}
