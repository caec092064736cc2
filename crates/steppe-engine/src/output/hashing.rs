use std::{
    fs::File,
    io::{self, BufWriter, Write},
    path::Path,
};

use super::OutputRecord;
use crate::EngineError;

/// Bytes that are gathered before they go to the file.
const BUFFER: usize = 1 << 20;

/// A new file that is hashed while it is written.
#[derive(Debug)]
pub struct HashingFile {
    name: String,
    file: BufWriter<File>,
    hasher: blake3::Hasher,
    bytes: u64,
}

impl HashingFile {
    /// Creates `folder/name`.
    ///
    /// # Errors
    /// The file can not be made.
    pub fn create(folder: &Path, name: &str) -> Result<Self, EngineError> {
        let path = folder.join(name);
        let file = File::create(&path).map_err(EngineError::write(path.display().to_string()))?;
        Ok(Self {
            name: name.to_owned(),
            file: BufWriter::with_capacity(BUFFER, file),
            hasher: blake3::Hasher::new(),
            bytes: 0,
        })
    }

    /// Flushes the file and says what is in it.
    ///
    /// # Errors
    /// The last bytes can not be written.
    pub fn finish(mut self) -> Result<OutputRecord, EngineError> {
        self.file.flush().map_err(EngineError::write(self.name.clone()))?;
        Ok(OutputRecord {
            name: self.name,
            bytes: self.bytes,
            blake3: self.hasher.finalize().to_hex().to_string(),
        })
    }
}

impl Write for HashingFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.file.write(bytes)?;
        self.hasher.update(&bytes[..written]);
        self.bytes += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

/// Size and BLAKE3 of a file's content.
///
/// # Errors
/// It can not be read.
pub fn hash_file(path: &Path) -> io::Result<(u64, String)> {
    let mut hasher = blake3::Hasher::new();
    let bytes = io::copy(&mut File::open(path)?, &mut hasher)?;
    Ok((bytes, hasher.finalize().to_hex().to_string()))
}
