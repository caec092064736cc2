use std::{
    fs::{self, File},
    io::{self, Write},
    path::PathBuf,
    sync::Arc,
};

use crate::{
    FileEntry, Location, StoreError,
    location::{MultipartSink, temporary_sibling},
};

/// A file or object of a cohort while it is written: hashed on the way, and not there before it is whole.
pub(crate) struct FileWriter {
    name: String,
    destination: Destination,
    blake3: blake3::Hasher,
    bytes: u64,
}

enum Destination {
    Local(LocalFile),
    Remote(MultipartSink),
}

struct LocalFile {
    file: Arc<File>,
    temporary: PathBuf,
    target: PathBuf,
}

impl FileWriter {
    /// Starts a file of the cohort at `cohort`.
    pub(crate) fn create(cohort: &Location, name: &str) -> Result<Self, StoreError> {
        let location = cohort.child(name);
        let destination = match (location.local_path(), location.remote()) {
            (Some(path), _) => {
                if let Some(folder) = path.parent() {
                    fs::create_dir_all(folder).map_err(StoreError::io(folder, "can not make the folder"))?;
                }
                let temporary = temporary_sibling(path);
                let file = File::create(&temporary).map_err(StoreError::io(&temporary, "can not write"))?;
                Destination::Local(LocalFile { file: Arc::new(file), temporary, target: path.to_owned() })
            }
            (None, Some(remote)) => Destination::Remote(remote.upload()),
            (None, None) => return Err(StoreError::Internal("a location that is nowhere")),
        };
        Ok(Self { name: name.to_owned(), destination, blake3: blake3::Hasher::new(), bytes: 0 })
    }

    /// The file's name, relative to the cohort.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// How many bytes have been written.
    pub(crate) fn position(&self) -> u64 {
        self.bytes
    }

    /// The file, where it is local: another thread may bring its bytes to the disk already.
    pub(crate) fn local_file(&self) -> Option<Arc<File>> {
        match &self.destination {
            Destination::Local(local) => Some(Arc::clone(&local.file)),
            Destination::Remote(_) => None,
        }
    }

    /// Appends bytes.
    pub(crate) fn append(&mut self, bytes: &[u8]) -> Result<(), StoreError> {
        match &mut self.destination {
            Destination::Local(local) => {
                (&*local.file).write_all(bytes).map_err(StoreError::io(&local.target, "can not write"))?;
            }
            Destination::Remote(upload) => upload.write(bytes)?,
        }
        self.blake3.update(bytes);
        self.bytes += bytes.len() as u64;
        Ok(())
    }

    /// Makes the file visible under its name.
    pub(crate) fn finish(self) -> Result<FileEntry, StoreError> {
        match self.destination {
            Destination::Local(local) => {
                local.file.sync_data().map_err(StoreError::io(&local.target, "can not write"))?;
                fs::rename(&local.temporary, &local.target)
                    .map_err(StoreError::io(&local.target, "can not write"))?;
            }
            Destination::Remote(upload) => upload.finish()?,
        }
        let blake3 = self.blake3.finalize().to_hex().to_string();
        Ok(FileEntry { path: self.name, bytes: self.bytes, blake3 })
    }
}

impl Write for FileWriter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.append(bytes).map_err(io::Error::other)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Drop for LocalFile {
    /// A file that was not finished is removed; after it has been renamed there is nothing to remove.
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.temporary);
    }
}
