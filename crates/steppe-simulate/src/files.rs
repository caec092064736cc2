use std::{
    fs,
    path::{Path, PathBuf},
};

use crate::SimulateError;

/// Refuses to go on when one of the files to be written exists.
pub(crate) fn refuse_existing(paths: &[&Path], overwrite: bool) -> Result<(), SimulateError> {
    match paths.iter().find(|path| !overwrite && path.exists()) {
        Some(path) => Err(SimulateError::Exists { path: path.to_path_buf() }),
        None => Ok(()),
    }
}

/// Makes the folder that the files of a prefix go to.
pub(crate) fn create_parent(prefix: &Path) -> Result<(), SimulateError> {
    match prefix.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        Some(folder) => create_folder(folder),
        None => Ok(()),
    }
}

pub(crate) fn create_folder(folder: &Path) -> Result<(), SimulateError> {
    fs::create_dir_all(folder).map_err(|source| SimulateError::Write { path: folder.to_owned(), source })
}

pub(crate) fn write_text(path: &Path, text: &str) -> Result<(), SimulateError> {
    fs::write(path, text).map_err(|source| SimulateError::Write { path: path.to_owned(), source })
}

/// `PREFIX.SUFFIX`, also where the prefix has a dot in it.
pub(crate) fn with_suffix(prefix: &Path, suffix: &str) -> PathBuf {
    let mut name = prefix.as_os_str().to_owned();
    name.push(".");
    name.push(suffix);
    name.into()
}
