//! Opening a log: its lock, its end, and what a crash left there.

use std::{
    fs::{File, OpenOptions, TryLockError},
    io::{self, BufReader, ErrorKind, Read, Seek, SeekFrom, Write},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
};

use super::{
    AuditFault, Entry, Head,
    entry::LONGEST_LINE,
    head::sync_folder,
    verify::{Lines, check_head},
};
use crate::ServerError;

/// How much of the end is verified, in bytes: at least the last two lines.
const TAIL: u64 = 4 * LONGEST_LINE as u64;

pub(super) struct Tail {
    pub(super) head: Head,
    pub(super) torn: Option<Torn>,
}

/// An unfinished line, and where it is now.
pub(super) struct Torn {
    pub(super) place: PathBuf,
    pub(super) bytes: u64,
}

/// The file, open for appending, and nobody else's.
pub(super) fn locked(path: &Path) -> Result<File, ServerError> {
    if Head::path(path) == path {
        let taken = io::Error::new(ErrorKind::InvalidInput, "the ending .head is that of the head file");
        return Err(ServerError::file(path, "use it as an audit log")(taken));
    }
    let mut options = OpenOptions::new();
    let file = options.read(true).append(true).create(true).mode(0o600).open(path);
    let file = file.map_err(ServerError::file(path, "open the audit log"))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(ServerError::AuditLocked { path: path.to_owned() }),
        Err(TryLockError::Error(error)) => Err(ServerError::file(path, "lock the audit log")(error)),
    }
}

/// Verifies the end, cuts off what is unfinished, and brings the head up to date.
pub(super) fn tail(path: &Path, file: &File) -> Result<Tail, ServerError> {
    let io = || ServerError::file(path, "read the audit log");
    let length = file.metadata().map_err(io())?.len();
    let head = match Head::read(path).map_err(io())? {
        Some(head) => head,
        // A crash can come between the first log file and its head.
        None if length == 0 => Head::beginning(),
        None => return Err(broken(path, 1, AuditFault::NoHead)),
    };
    let end = complete_end(file, length).map_err(io())?;
    let last = last_complete(path, file, end, &head)?;
    // Only now: if the head says that the unfinished line was finished, this is no crash, and nothing may be cut.
    let torn = if end < length { Some(cut(path, file, end, length)?) } else { None };
    last.write(path).map_err(ServerError::file(path, "write the audit log's head"))?;
    Ok(Tail { head: last, torn })
}

/// Where the last complete line ends.
fn complete_end(mut file: &File, length: u64) -> io::Result<u64> {
    let from = length.saturating_sub(TAIL);
    let mut bytes = Vec::new();
    file.seek(SeekFrom::Start(from))?;
    file.take(length - from).read_to_end(&mut bytes)?;
    let newline = bytes.iter().rposition(|byte| *byte == b'\n');
    // Without a newline in that much, this is no line of ours: it shows as malformed.
    Ok(newline.map_or(from, |at| from + at as u64 + 1))
}

/// Verifies the lines before `end` that the tail holds, against each other and the head.
fn last_complete(path: &Path, mut file: &File, end: u64, head: &Head) -> Result<Head, ServerError> {
    let io = || ServerError::file(path, "read the audit log");
    let from = end.saturating_sub(TAIL);
    file.seek(SeekFrom::Start(from)).map_err(io())?;
    let mut lines = Lines::new(BufReader::new(file.take(end - from)));
    if from > 0 {
        lines.skip_partial().map_err(io())?;
    }
    let mut last = (from == 0).then(Head::beginning);
    while let Some(line) = lines.next_line().map_err(io())? {
        let number = last.as_ref().map_or(head.seq, |last| last.seq + 1);
        let fail = |fault| broken(path, number, fault);
        let entry = Entry::read(line).map_err(fail)?;
        if let Some(last) = &last {
            entry.follows(last).map_err(fail)?;
        }
        let this = Head::of(&entry);
        check_head(head, &this).map_err(fail)?;
        last = Some(this);
    }
    let last = last.ok_or_else(|| broken(path, head.seq, AuditFault::Malformed))?;
    if last.seq < head.seq {
        return Err(broken(path, last.seq + 1, AuditFault::Missing { head: head.seq }));
    }
    Ok(last)
}

/// Moves the bytes after `end` into a file of their own.
fn cut(path: &Path, mut file: &File, end: u64, length: u64) -> Result<Torn, ServerError> {
    let mut bytes = Vec::new();
    let read = file.seek(SeekFrom::Start(end)).and_then(|_| file.take(length - end).read_to_end(&mut bytes));
    read.map_err(ServerError::file(path, "read the audit log"))?;
    let place = keep(path, &bytes).map_err(ServerError::file(path, "keep an unfinished line beside it"))?;
    let cut = file.set_len(end).and_then(|()| file.sync_all());
    cut.map_err(ServerError::file(path, "cut off an unfinished line"))?;
    Ok(Torn { place, bytes: length - end })
}

fn keep(path: &Path, bytes: &[u8]) -> io::Result<PathBuf> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    for number in 1_u32.. {
        let place = path.with_file_name(format!("{name}.torn-{number}"));
        match OpenOptions::new().write(true).create_new(true).mode(0o600).open(&place) {
            Ok(mut file) => {
                file.write_all(bytes)?;
                file.sync_all()?;
                sync_folder(&place)?;
                return Ok(place);
            }
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
            Err(error) => return Err(error),
        }
    }
    Err(io::Error::other("there are too many unfinished lines"))
}

fn broken(path: &Path, line: u64, fault: AuditFault) -> ServerError {
    ServerError::AuditBroken { path: path.to_owned(), line, fault }
}
