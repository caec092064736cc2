//! The file beside the log that says how far it goes.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, ErrorKind, Read, Write},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};

use super::Entry;

/// More can not be in a head file, in bytes.
const LONGEST: u64 = 256;

/// The last line's number and hash.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Head {
    /// The number; 0 before the first line.
    pub seq: u64,
    /// The hash in hexadecimal; zeros before the first line.
    pub hash: String,
}

impl Head {
    /// Before the first line.
    pub(super) fn beginning() -> Self {
        Self { seq: 0, hash: "0".repeat(2 * blake3::OUT_LEN) }
    }

    pub(super) fn of(entry: &Entry) -> Self {
        Self { seq: entry.seq, hash: entry.hash.clone() }
    }

    /// `audit.log` has `audit.head`.
    pub(super) fn path(log: &Path) -> PathBuf {
        log.with_extension("head")
    }

    fn line(&self) -> io::Result<Vec<u8>> {
        let mut line = serde_json::to_vec(self)?;
        line.push(b'\n');
        Ok(line)
    }

    /// The head beside a log; `Ok(None)` where none is or where it is not as we write it.
    pub(super) fn read(log: &Path) -> io::Result<Option<Self>> {
        let mut content = Vec::new();
        match File::open(Self::path(log)) {
            Ok(file) => file.take(LONGEST).read_to_end(&mut content)?,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error),
        };
        let Ok(head) = serde_json::from_slice::<Self>(&content) else { return Ok(None) };
        let sound = head.line()? == content && (head.seq > 0 || head == Self::beginning());
        Ok(sound.then_some(head))
    }

    /// Replaces the head in one step that a crash does not undo.
    pub(super) fn write(&self, log: &Path) -> io::Result<()> {
        let place = Self::path(log);
        let new = log.with_extension("head.new");
        // The writer holds the log's lock, so nobody else uses this name.
        let mut options = OpenOptions::new();
        let mut file = options.write(true).create(true).truncate(true).mode(0o600).open(&new)?;
        file.write_all(&self.line()?)?;
        file.sync_data()?;
        fs::rename(&new, &place)?;
        sync_folder(&place)
    }
}

/// Makes the names in a file's folder durable.
pub(super) fn sync_folder(path: &Path) -> io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    File::open(folder.unwrap_or(Path::new(".")))?.sync_all()
}
