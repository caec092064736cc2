//! The folder of what a gateway remembers. One process has it at a time: two would each know half of what users were told.

use std::{
    fs::{self, File, OpenOptions, TryLockError},
    io::{Read, Write},
    os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt},
    path::{Path, PathBuf},
};

use crate::ServerError;

/// The key of pseudonyms and masks: 64 hexadecimal digits.
const KEY: &str = "pseudonyms.key";
/// Held by the process that has the folder.
const LOCK: &str = "lock";

/// The folder, for as long as it is held.
pub(in crate::gateway) struct State {
    secret: [u8; 32],
    _lock: File,
}

impl State {
    /// Takes the folder; where there is none it is made, with a new key.
    ///
    /// # Errors
    /// A folder that another process has or that can not be used; a key that others can read, or that is none.
    pub(super) fn open(folder: &Path) -> Result<Self, ServerError> {
        fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(folder)
            .map_err(ServerError::file(folder, "make the folder of gateway.state"))?;
        let lock = locked(&folder.join(LOCK))?;
        let path = folder.join(KEY);
        if !path.exists() {
            make_key(folder, &path)?;
        }
        Ok(Self { secret: read_key(path)?, _lock: lock })
    }

    /// The key of pseudonyms and masks.
    pub(super) fn secret(&self) -> &[u8; 32] {
        &self.secret
    }
}

fn locked(path: &Path) -> Result<File, ServerError> {
    let failed = || ServerError::file(path, "take the folder of gateway.state");
    let file = OpenOptions::new()
        .create(true)
        .truncate(false)
        .write(true)
        .mode(0o600)
        .open(path)
        .map_err(failed())?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::Error(error)) => Err(failed()(error)),
        Err(TryLockError::WouldBlock) => Err(ServerError::StateInUse { path: path.to_owned() }),
    }
}

/// Writes a new key under another name first: half a key would be taken for one.
fn make_key(folder: &Path, path: &Path) -> Result<(), ServerError> {
    let failed = || ServerError::file(path, "write the key of pseudonyms");
    let digits: String = rand::random::<[u8; 32]>().iter().map(|byte| format!("{byte:02x}")).collect();
    let mut file = tempfile::Builder::new().tempfile_in(folder).map_err(failed())?;
    file.write_all(digits.as_bytes()).and_then(|()| file.as_file().sync_all()).map_err(failed())?;
    file.persist_noclobber(path).map_err(|error| failed()(error.error))?;
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(failed())
}

fn read_key(path: PathBuf) -> Result<[u8; 32], ServerError> {
    let failed = || ServerError::file(&path, "read the key of pseudonyms");
    let mut file = File::open(&path).map_err(failed())?;
    let mode = file.metadata().map_err(failed())?.permissions().mode() & 0o777;
    if mode & 0o077 != 0 {
        return Err(ServerError::TlsKeyExposed { path, mode });
    }
    let mut text = String::new();
    file.read_to_string(&mut text).map_err(failed())?;
    let digits = text.trim();
    let byte = |at: usize| u8::from_str_radix(digits.get(at..at + 2)?, 16).ok();
    let bytes: Option<Vec<u8>> = (0..64).step_by(2).map(byte).collect();
    match bytes.and_then(|bytes| <[u8; 32]>::try_from(bytes).ok()) {
        Some(secret) if digits.len() == 64 => Ok(secret),
        _ => Err(ServerError::PseudonymKey { path }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_made_once_and_kept() {
        let folder = tempfile::tempdir().expect("a folder");
        let state = folder.path().join("state");
        let first = *State::open(&state).expect("a state").secret();
        assert_eq!(*State::open(&state).expect("a state").secret(), first);
        let other = *State::open(&folder.path().join("other")).expect("a state").secret();
        assert_ne!(first, other);
        let mode = |path: &Path| fs::metadata(path).expect("there").permissions().mode() & 0o777;
        assert_eq!((mode(&state), mode(&state.join(KEY))), (0o700, 0o600));
    }

    #[test]
    fn a_state_is_one_process_s_and_its_key_is_its_own() {
        let folder = tempfile::tempdir().expect("a folder");
        let held = State::open(folder.path()).expect("a state");
        assert!(matches!(State::open(folder.path()), Err(ServerError::StateInUse { .. })));
        drop(held);
        let key = folder.path().join(KEY);
        fs::set_permissions(&key, fs::Permissions::from_mode(0o640)).expect("a file");
        assert!(matches!(State::open(folder.path()), Err(ServerError::TlsKeyExposed { .. })));
        fs::set_permissions(&key, fs::Permissions::from_mode(0o600)).expect("a file");
        for bad in ["", "00", &"g".repeat(64), &"0".repeat(66), &"é".repeat(32)] {
            fs::write(&key, bad).expect("a file");
            assert!(matches!(State::open(folder.path()), Err(ServerError::PseudonymKey { .. })), "{bad}");
        }
    }
}
