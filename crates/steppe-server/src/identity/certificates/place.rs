//! Puts new files into a folder, all of them or none.

use std::{
    fs::{self, File, OpenOptions},
    io::{ErrorKind, Write},
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::{Path, PathBuf},
};

use crate::ServerError;

pub(super) struct NewFile {
    name: String,
    content: String,
    mode: u32,
}

impl NewFile {
    pub(super) fn public(name: impl Into<String>, content: String) -> Self {
        Self { name: name.into(), content, mode: 0o644 }
    }

    pub(super) fn secret(name: impl Into<String>, content: String) -> Self {
        Self { name: name.into(), content, mode: 0o600 }
    }
}

/// Writes all files beside their places, then moves them there. What a failure had replaced comes back.
pub(super) fn place(folder: &Path, files: &[NewFile], replace: bool) -> Result<(), ServerError> {
    fs::create_dir_all(folder).map_err(ServerError::file(folder, "make the folder"))?;
    if !replace {
        refuse_existing(folder, files)?;
    }
    let stage = Stage::new(folder)?;
    for file in files {
        let path = stage.0.join(&file.name);
        let write = || {
            let mut options = OpenOptions::new();
            let mut new = options.write(true).create_new(true).mode(file.mode).open(&path)?;
            new.write_all(file.content.as_bytes())?;
            new.sync_all()
        };
        write().map_err(ServerError::file(&path, "write"))?;
    }
    for (done, file) in files.iter().enumerate() {
        if let Err(error) = stage.move_out(folder, &file.name, replace) {
            for file in &files[..done] {
                stage.undo(folder, &file.name);
            }
            return Err(error);
        }
    }
    let sync = File::open(folder).and_then(|folder| folder.sync_all());
    sync.map_err(ServerError::file(folder, "write"))
}

fn refuse_existing(folder: &Path, files: &[NewFile]) -> Result<(), ServerError> {
    for file in files {
        let path = folder.join(&file.name);
        match fs::symlink_metadata(&path) {
            Ok(_) => return Err(ServerError::CertificateExists { path }),
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            Err(error) => return Err(ServerError::file(&path, "look at it")(error)),
        }
    }
    Ok(())
}

/// A folder of our own for the new files, and for those that they replace; gone in the end.
struct Stage(PathBuf);

impl Stage {
    fn new(folder: &Path) -> Result<Self, ServerError> {
        let path = folder.join(format!(".steppe-certificates-{}", std::process::id()));
        fs::DirBuilder::new().mode(0o700).create(&path).map_err(ServerError::file(&path, "make it"))?;
        Ok(Self(path))
    }

    fn old(&self, name: &str) -> PathBuf {
        self.0.join(format!("old-{name}"))
    }

    fn move_out(&self, folder: &Path, name: &str, replace: bool) -> Result<(), ServerError> {
        let (new, place) = (self.0.join(name), folder.join(name));
        if !replace {
            // Unlike a rename, a link never replaces what somebody else put there meanwhile.
            return fs::hard_link(&new, &place).map_err(|error| match error.kind() {
                ErrorKind::AlreadyExists => ServerError::CertificateExists { path: place },
                _ => ServerError::file(&place, "write")(error),
            });
        }
        match fs::hard_link(&place, self.old(name)) {
            Err(error) if error.kind() != ErrorKind::NotFound => {
                return Err(ServerError::file(&place, "replace")(error));
            }
            _ => {}
        }
        fs::rename(&new, &place).map_err(ServerError::file(&place, "replace"))
    }

    /// As far as it goes: the failure that led here is the one that is reported.
    fn undo(&self, folder: &Path, name: &str) {
        let place = folder.join(name);
        if fs::rename(self.old(name), &place).is_err() {
            let _ = fs::remove_file(&place);
        }
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}
