use std::{
    io::Read,
    sync::{Arc, Mutex, PoisonError},
};

use bytes::Bytes;
use parquet::{
    errors::ParquetError,
    file::reader::{ChunkReader, Length},
};

use crate::{FileEntry, Location, StoreError};

/// Bytes that are read at once.
const WINDOW: u64 = 8 << 20;

/// A file of a cohort whose size and hash are what the manifest says, read a window at a time: however large it is,
/// only one window of it is in memory.
#[derive(Debug, Clone)]
pub(crate) struct CheckedFile(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    location: Location,
    size: u64,
    window: Mutex<Window>,
    failure: Mutex<Option<StoreError>>,
}

#[derive(Debug, Default, Clone)]
struct Window {
    start: u64,
    bytes: Bytes,
}

impl CheckedFile {
    /// Reads a file of a cohort once, from end to end, to check it.
    pub(crate) fn open(cohort: &Location, entry: &FileEntry) -> Result<Self, StoreError> {
        let location = cohort.child(&entry.path);
        let size = match location.size()? {
            Some(size) => size,
            // Nothing is there: reading it says so in the store's words.
            None => location.read()?.len() as u64,
        };
        if size != entry.bytes {
            return Err(StoreError::corrupt(&entry.path, "its size", entry.bytes, size));
        }
        let inner = Inner { location, size, window: Mutex::default(), failure: Mutex::default() };
        let (mut hasher, mut at) = (blake3::Hasher::new(), 0);
        while at < size {
            let piece = inner.slice(at, WINDOW.min(size - at))?;
            hasher.update(&piece);
            at += piece.len() as u64;
        }
        let found = hasher.finalize().to_hex();
        if found.as_str() != entry.blake3 {
            return Err(StoreError::corrupt(&entry.path, "its content", &entry.blake3, found));
        }
        Ok(Self(Arc::new(inner)))
    }

    /// What made a read fail, rather than what was read.
    pub(crate) fn failure(&self) -> Option<StoreError> {
        self.0.failure.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    fn slice(&self, start: u64, length: u64) -> Result<Bytes, ParquetError> {
        if start.checked_add(length).is_none_or(|end| end > self.0.size) {
            return Err(ParquetError::EOF(format!("{length} bytes at {start} of {}", self.0.size)));
        }
        self.0.slice(start, length).map_err(|error| {
            let text = error.to_string();
            self.0.failure.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(error);
            ParquetError::General(text)
        })
    }
}

impl Inner {
    /// Bytes that lie within the file, through the window.
    fn slice(&self, start: u64, length: u64) -> Result<Bytes, StoreError> {
        let mut window = self.window.lock().unwrap_or_else(PoisonError::into_inner);
        let held = window.start..window.start + window.bytes.len() as u64;
        if start < held.start || start + length > held.end {
            let most = WINDOW.max(length).min(self.size - start);
            let bytes = self.location.read_range(start, most as usize)?;
            *window = Window { start, bytes };
        }
        let from = (start - window.start) as usize;
        Ok(window.bytes.slice(from..from + length as usize))
    }
}

impl Length for CheckedFile {
    fn len(&self) -> u64 {
        self.0.size
    }
}

impl ChunkReader for CheckedFile {
    type T = Reader;

    fn get_read(&self, start: u64) -> Result<Reader, ParquetError> {
        Ok(Reader { file: self.clone(), at: start })
    }

    fn get_bytes(&self, start: u64, length: usize) -> Result<Bytes, ParquetError> {
        self.slice(start, length as u64)
    }
}

/// Reads on from a place of a file.
#[derive(Debug)]
pub(crate) struct Reader {
    file: CheckedFile,
    at: u64,
}

impl Read for Reader {
    fn read(&mut self, into: &mut [u8]) -> std::io::Result<usize> {
        let length = (into.len() as u64).min(self.file.0.size.saturating_sub(self.at));
        if length == 0 {
            return Ok(0);
        }
        let bytes = self.file.slice(self.at, length).map_err(std::io::Error::other)?;
        into[..bytes.len()].copy_from_slice(&bytes);
        self.at += length;
        Ok(bytes.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(content: &[u8]) -> FileEntry {
        FileEntry {
            path: "a.parquet".to_owned(),
            bytes: content.len() as u64,
            blake3: crate::hash::blake3_hex(content),
        }
    }

    #[test]
    fn what_is_read_is_what_lies_there_in_any_order() {
        let content: Vec<u8> = (0..3 * WINDOW + 5).map(|at| (at % 251) as u8).collect();
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::write(folder.path().join("a.parquet"), &content).expect("written");
        let file = CheckedFile::open(&Location::local(folder.path()), &entry(&content)).expect("sound");
        let whole = content.len();
        for (start, length) in
            [(0, 10), (whole - 5, 5), (whole / 2, WINDOW as usize + 7), (3, whole - 3), (whole, 0)]
        {
            let found = file.get_bytes(start as u64, length).expect("bytes");
            assert_eq!(found, content[start..start + length]);
        }
        assert!(file.get_bytes(whole as u64 - 1, 2).is_err());
        let mut rest = Vec::new();
        file.get_read(7).expect("a reader").read_to_end(&mut rest).expect("read");
        assert_eq!(rest, content[7..]);
    }

    #[test]
    fn another_size_or_content_is_corrupt() {
        let folder = tempfile::tempdir().expect("a folder");
        let (place, path) = (Location::local(folder.path()), folder.path().join("a.parquet"));
        for (there, word) in [(&b"abcdef"[..], "its content"), (b"abc", "its size")] {
            std::fs::write(&path, there).expect("written");
            let error = CheckedFile::open(&place, &entry(b"abcdeX")).expect_err("corrupt").to_string();
            assert!(error.contains(word), "{error}");
        }
        std::fs::remove_file(path).expect("removed");
        assert!(CheckedFile::open(&place, &entry(b"abcdef")).is_err());
    }

    #[test]
    fn a_failure_of_the_store_is_told_as_such() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("a.parquet");
        let content = vec![7; 2 * WINDOW as usize];
        std::fs::write(&path, &content).expect("written");
        let file = CheckedFile::open(&Location::local(folder.path()), &entry(&content)).expect("sound");
        std::fs::remove_file(&path).expect("removed");
        assert!(file.get_bytes(0, 5).is_err());
        assert!(matches!(file.failure(), Some(StoreError::Io { .. })));
        assert!(file.failure().is_none());
    }
}
