//! Input files as the record names them.

use std::path::Path;
use steppe_engine::{
    EngineError,
    output::{InputRecord, hash_file},
};

use steppe_formats::{FileNote, FormatError};

/// The input files of a job, each under what it is.
#[derive(Debug, Clone, Default)]
pub(super) struct Inputs(Vec<InputRecord>);

impl Inputs {
    /// Hashes a file; called before it is read.
    pub(super) fn add(&mut self, role: &str, path: &Path) -> Result<(), EngineError> {
        let (bytes, blake3) =
            hash_file(path).map_err(|source| FormatError::io(path, "can not open", source))?;
        let path = path.display().to_string();
        self.0.push(InputRecord { path, role: role.to_owned(), blake3, bytes, notes: Vec::new() });
        Ok(())
    }

    /// Adds a file that is hashed already.
    pub(super) fn push(&mut self, input: InputRecord) {
        self.0.push(input);
    }

    /// Notes what is odd about the file that was added last.
    pub(super) fn note(&mut self, notes: &[FileNote]) {
        if let Some(input) = self.0.last_mut() {
            input.notes.extend(notes.iter().map(Into::into));
        }
    }

    /// The files, by their own names where they are copies that came with the job.
    pub(super) fn into_records(mut self, copied: bool) -> Vec<InputRecord> {
        for input in self.0.iter_mut().filter(|_| copied) {
            if let Some(name) = Path::new(&input.path).file_name() {
                input.path = name.to_string_lossy().into_owned();
            }
        }
        self.0
    }

    /// Hashes a file that is there by option.
    pub(super) fn add_if(&mut self, role: &str, path: Option<&Path>) -> Result<(), EngineError> {
        path.map_or(Ok(()), |path| self.add(role, path))
    }
}
