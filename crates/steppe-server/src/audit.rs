//! The record of every decision: one JSON object a line, each with the hash of the one before.
//!
//! A decision is acted on after [`AuditLog::append`] has returned: by then its line is on the disk, and beside the log
//! the file `audit.head` names its number and hash. An edited, removed or moved line breaks the chain; a shortened log
//! no longer reaches its head. The hashes need no secret, so whoever can write both files can write another history:
//! copy the head elsewhere ([`AuditLog::head`]) to notice that too.
//!
//! Records hold ids of jobs and subjects of tokens; never tokens, keys, sample ids or genotypes.

mod entry;
mod fault;
mod head;
mod open;
mod verify;
mod writer;

use std::{
    path::Path,
    sync::{Arc, Mutex, PoisonError},
};

use crate::ServerError;
pub use entry::{Entry, Outcome, Record};
pub use fault::AuditFault;
pub use head::Head;
pub use verify::{Broken, Report, verify};
use writer::Writer;

/// An audit log that this process writes, and no other. Clones write the same log.
#[derive(Debug, Clone)]
pub struct AuditLog {
    path: Arc<Path>,
    writer: Arc<Mutex<Writer>>,
}

impl AuditLog {
    /// Opens a log, or begins one. A last line that a crash left unfinished is moved to `<log>.torn-<n>`, and a record
    /// says so. Only the end of the log is verified; [`verify`] reads all of it. `now` is in Unix milliseconds.
    ///
    /// # Errors
    /// Another process has it open; its end is not as it was written; it can not be read or written.
    pub fn open(path: &Path, now: u64) -> Result<Self, ServerError> {
        let writer = Writer::open(path, now)?;
        Ok(Self { path: path.into(), writer: Arc::new(Mutex::new(writer)) })
    }

    /// Writes a record, and returns once it can no longer be lost. Also if the caller stops waiting, the record is
    /// written whole or not at all.
    ///
    /// # Errors
    /// The record is too long, or the disk fails; then the decision must not be acted on. The next call looks what the
    /// failure left behind, and goes on from there.
    pub async fn append(&self, record: Record) -> Result<Entry, ServerError> {
        let writer = Arc::clone(&self.writer);
        let write = move || writer.lock().unwrap_or_else(PoisonError::into_inner).append(record);
        match tokio::task::spawn_blocking(write).await {
            Ok(written) => written,
            Err(lost) => {
                Err(ServerError::file(&self.path, "write the audit log")(std::io::Error::other(lost)))
            }
        }
    }

    /// As [`Self::append`], for a thread that may wait.
    ///
    /// # Errors
    /// As [`Self::append`].
    pub fn append_blocking(&self, record: Record) -> Result<Entry, ServerError> {
        self.writer.lock().unwrap_or_else(PoisonError::into_inner).append(record)
    }

    /// Its file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The last line's number and hash, to be kept somewhere else. Waits for a write that is under way.
    pub fn head(&self) -> Head {
        self.writer.lock().unwrap_or_else(PoisonError::into_inner).head()
    }
}
