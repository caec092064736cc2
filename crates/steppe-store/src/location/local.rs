//! Files: every write goes to a temporary sibling first, and becomes visible in one step.

use std::{
    fs::{self, File},
    io::{self, ErrorKind, Write},
    os::unix::fs::FileExt,
    path::{Path, PathBuf},
    sync::atomic::{AtomicU64, Ordering},
};

use bytes::Bytes;

use crate::{Location, StoreError};

/// How temporary files end; lists leave them out.
const TEMPORARY: &str = ".steppe-tmp";

/// A name beside `path` that no other writer uses.
pub(crate) fn temporary_sibling(path: &Path) -> PathBuf {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    path.with_file_name(format!(".{name}.{}-{number}{TEMPORARY}", std::process::id()))
}

pub(super) fn read_range(path: &Path, offset: u64, length: usize) -> Result<Bytes, StoreError> {
    let mut bytes = vec![0; length];
    let file = File::open(path).map_err(StoreError::io(path, "can not open"))?;
    file.read_exact_at(&mut bytes, offset).map_err(StoreError::io(path, "can not read"))?;
    Ok(bytes.into())
}

pub(super) fn size(path: &Path) -> Result<Option<u64>, StoreError> {
    match fs::metadata(path) {
        Ok(metadata) => Ok(metadata.is_file().then_some(metadata.len())),
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => Ok(None),
        Err(error) => Err(StoreError::io(path, "can not look at it")(error)),
    }
}

pub(super) fn put(path: &Path, content: &[u8]) -> Result<(), StoreError> {
    let temporary = write_temporary(path, &mut |file| file.write_all(content), true)?;
    fs::rename(&temporary, path).map_err(StoreError::io(path, "can not write"))
}

/// Writes a copy of another file.
pub(super) fn put_file(path: &Path, from: &Path) -> Result<(), StoreError> {
    let mut from = File::open(from).map_err(StoreError::io(from, "can not read"))?;
    let temporary = write_temporary(path, &mut |file| io::copy(&mut from, file).map(drop), true)?;
    fs::rename(&temporary, path).map_err(StoreError::io(path, "can not write"))
}

pub(super) fn put_if_absent(path: &Path, content: &[u8], sync: bool) -> Result<bool, StoreError> {
    let temporary = write_temporary(path, &mut |file| file.write_all(content), sync)?;
    let linked = fs::hard_link(&temporary, path);
    fs::remove_file(&temporary).map_err(StoreError::io(&temporary, "can not remove"))?;
    match linked {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(false),
        Err(error) => Err(StoreError::io(path, "can not write")(error)),
    }
}

fn write_temporary(
    path: &Path,
    content: &mut dyn FnMut(&mut File) -> io::Result<()>,
    sync: bool,
) -> Result<PathBuf, StoreError> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).map_err(StoreError::io(folder, "can not make the folder"))?;
    }
    let temporary = temporary_sibling(path);
    let mut write = || {
        let mut file = File::create(&temporary)?;
        content(&mut file)?;
        if sync { file.sync_all() } else { Ok(()) }
    };
    write().map_err(StoreError::io(path, "can not write"))?;
    Ok(temporary)
}

pub(super) fn list(path: &Path) -> Result<Vec<String>, StoreError> {
    let mut names = Vec::new();
    walk(path, "", &mut names)?;
    names.sort_unstable();
    Ok(names)
}

fn walk(folder: &Path, prefix: &str, names: &mut Vec<String>) -> Result<(), StoreError> {
    let fail = || StoreError::io(folder, "can not list");
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => return Ok(()),
        Err(error) => return Err(fail()(error)),
    };
    for entry in entries {
        let entry = entry.map_err(fail())?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if entry.file_type().map_err(fail())?.is_dir() {
            walk(&entry.path(), &format!("{prefix}{name}/"), names)?;
        } else if !name.ends_with(TEMPORARY) {
            names.push(format!("{prefix}{name}"));
        }
    }
    Ok(())
}

pub(super) fn delete(path: &Path) -> Result<(), StoreError> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => {
            Err(StoreError::io(path, "can not remove")(error))
        }
        _ => Ok(()),
    }
}

/// Removes what killed writers left below a local place.
pub(crate) fn remove_temporaries(place: &Location) -> Result<(), StoreError> {
    let Some(folder) = place.local_path() else { return Ok(()) };
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).map_err(StoreError::io(&folder, "can not list"))?.flatten() {
            if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                folders.push(entry.path());
            } else if entry.file_name().to_string_lossy().ends_with(TEMPORARY) {
                delete(&entry.path())?;
            }
        }
    }
    Ok(())
}
