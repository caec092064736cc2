//! The one writer of a log. It blocks.

use std::{
    fs::File,
    io::{self, Write},
    path::{Path, PathBuf},
};

use super::{Entry, Head, Outcome, Record, open};
use crate::ServerError;

#[derive(Debug)]
pub(super) struct Writer {
    path: PathBuf,
    /// Appends; holds the lock for as long as it is open.
    file: File,
    head: Head,
    /// A write has failed: nobody knows what is in the files.
    in_doubt: bool,
}

impl Writer {
    pub(super) fn open(path: &Path, now: u64) -> Result<Self, ServerError> {
        let file = open::locked(path)?;
        let found = open::tail(path, &file)?;
        let mut writer = Self { path: path.to_owned(), file, head: found.head, in_doubt: false };
        writer.record_torn(found.torn, now)?;
        Ok(writer)
    }

    pub(super) fn head(&self) -> Head {
        self.head.clone()
    }

    pub(super) fn append(&mut self, record: Record) -> Result<Entry, ServerError> {
        if self.in_doubt {
            let found = open::tail(&self.path, &self.file)?;
            self.head = found.head;
            self.in_doubt = false;
            self.record_torn(found.torn, record.time)?;
        }
        self.write(record)
    }

    fn write(&mut self, record: Record) -> Result<Entry, ServerError> {
        let entry = Entry::after(&self.head, record)?;
        let head = Head::of(&entry);
        let line = entry.line().map_err(|fault| ServerError::AuditBroken {
            path: self.path.clone(),
            line: entry.seq,
            fault,
        })?;
        // Stays so if this thread dies on the way.
        self.in_doubt = true;
        let write = || -> io::Result<()> {
            (&self.file).write_all(&line)?;
            self.file.sync_data()?;
            head.write(&self.path)
        };
        write().map_err(ServerError::file(&self.path, "write the audit log"))?;
        self.head = head;
        self.in_doubt = false;
        Ok(entry)
    }

    fn record_torn(&mut self, torn: Option<open::Torn>, now: u64) -> Result<(), ServerError> {
        let Some(torn) = torn else { return Ok(()) };
        let name = torn.place.file_name().unwrap_or_default().to_string_lossy().into_owned();
        self.write(Record {
            time: now,
            actor: "-".to_owned(),
            action: "audit_recover".to_owned(),
            object: name,
            decision: Outcome::Note,
            reason: format!("an unfinished last line of {} bytes was moved there", torn.bytes),
        })?;
        Ok(())
    }
}
