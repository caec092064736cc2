//! Walks a whole log. Changes nothing, and may run while the log is written.

use std::{
    fs::File,
    io::{self, BufRead, BufReader, Read},
    path::Path,
};

use super::{AuditFault, Entry, Head, entry::LONGEST_LINE};
use crate::ServerError;

/// What a walk found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// Lines that are as they were written, from the first.
    pub entries: u64,
    /// The number and hash of the last of them, to be compared with a head that was kept elsewhere.
    pub last: Head,
    /// Lines after the one that the head names: a crash leaves one at most, a log that is being written more.
    pub beyond_head: u64,
    /// The first thing that is wrong.
    pub broken: Option<Broken>,
}

/// The first thing that is wrong with a log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Broken {
    /// The line, from 1; after the last one where lines are missing at the end.
    pub line: u64,
    /// What is wrong with it.
    pub fault: AuditFault,
}

/// Verifies every line of a log against the one before, and its end against its head.
///
/// # Errors
/// The log can not be read. What is wrong with its content is in the report.
pub fn verify(path: &Path) -> Result<Report, ServerError> {
    let io = || ServerError::file(path, "read the audit log");
    // The head first: a log that is being written is then at least as long.
    let head = Head::read(path).map_err(io())?;
    let file = File::open(path).map_err(io())?;
    let length = file.metadata().map_err(io())?.len();
    let mut lines = Lines::new(BufReader::new(file.take(length)));
    let mut last = Head::beginning();
    let mut broken = None;
    while let Some(line) = lines.next_line().map_err(io())? {
        match check(line, &last, head.as_ref()) {
            Ok(entry) => last = Head::of(&entry),
            Err(fault) => {
                broken = Some(Broken { line: last.seq + 1, fault });
                break;
            }
        }
    }
    let end = end_fault(&last, head.as_ref());
    let broken = broken.or(end.map(|fault| Broken { line: last.seq + 1, fault }));
    let beyond_head = head.map_or(0, |head| last.seq.saturating_sub(head.seq));
    Ok(Report { entries: last.seq, last, beyond_head, broken })
}

fn check(line: &[u8], last: &Head, head: Option<&Head>) -> Result<Entry, AuditFault> {
    let entry = Entry::read(line)?;
    entry.follows(last)?;
    if let Some(head) = head {
        check_head(head, &Head::of(&entry))?;
    }
    Ok(entry)
}

fn end_fault(last: &Head, head: Option<&Head>) -> Option<AuditFault> {
    match head {
        None => Some(AuditFault::NoHead),
        Some(head) if head.seq > last.seq => Some(AuditFault::Missing { head: head.seq }),
        Some(_) => None,
    }
}

/// Whether a line is the one that the head names, if it has the head's number.
pub(super) fn check_head(head: &Head, line: &Head) -> Result<(), AuditFault> {
    if line.seq == head.seq && line.hash != head.hash { Err(AuditFault::NotTheHead) } else { Ok(()) }
}

/// Lines with their newlines, none longer than any of ours.
pub(super) struct Lines<R> {
    reader: R,
    line: Vec<u8>,
}

impl<R: BufRead> Lines<R> {
    pub(super) fn new(reader: R) -> Self {
        Self { reader, line: Vec::new() }
    }

    /// The next line; the last may lack its newline, and one that is too long comes cut off and thus lacks it too.
    pub(super) fn next_line(&mut self) -> io::Result<Option<&[u8]>> {
        self.line.clear();
        let limit = LONGEST_LINE as u64;
        self.reader.by_ref().take(limit).read_until(b'\n', &mut self.line)?;
        Ok(if self.line.is_empty() { None } else { Some(&self.line) })
    }

    /// Goes on after the next newline.
    pub(super) fn skip_partial(&mut self) -> io::Result<()> {
        self.reader.skip_until(b'\n').map(drop)
    }
}
