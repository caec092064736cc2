//! What outlives a statement: what users were told, what they spent, and what left.

use std::{
    collections::HashMap,
    fmt,
    sync::{Arc, Mutex, PoisonError},
};

use serde::{Serialize, de::DeserializeOwned};
use steppe_privacy::{export::Exports, ledger::Ledger, noise::Budget};
use steppe_store::Location;
use tokio::sync::{Mutex as AsyncMutex, OwnedMutexGuard};

use crate::{EngineError, sql::session::off_runtime};

/// The ledgers and budgets of users, and the exports of cohorts. A folder keeps them beyond the process.
#[derive(Debug)]
pub struct Remembered {
    pub(super) ledgers: Kept<Ledger>,
    pub(super) budgets: Kept<Budget>,
    pub(super) exports: Kept<Exports>,
}

impl Remembered {
    /// Keeps everything in a folder, which one process writes. Without one it ends with the process.
    pub fn new(folder: Option<&Location>) -> Self {
        Self {
            ledgers: Kept::new(folder, "ledger"),
            budgets: Kept::new(folder, "budget"),
            exports: Kept::new(folder, "exports"),
        }
    }
}

type Slot<T> = Arc<AsyncMutex<Option<T>>>;

/// Things of one kind, by key.
pub(super) struct Kept<T> {
    folder: Option<Location>,
    kind: &'static str,
    open: Mutex<HashMap<String, Slot<T>>>,
}

impl<T> fmt::Debug for Kept<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Kept").field("folder", &self.folder).field("kind", &self.kind).finish_non_exhaustive()
    }
}

/// A thing that one statement has for itself until it is dropped.
pub(super) struct Open<T> {
    slot: OwnedMutexGuard<Option<T>>,
    file: Option<Location>,
}

impl<T: Serialize + DeserializeOwned + Send + 'static> Kept<T> {
    fn new(folder: Option<&Location>, kind: &'static str) -> Self {
        Self { folder: folder.cloned(), kind, open: Mutex::default() }
    }

    /// The thing of a key, which may be of several parts: read from its file, or made anew where there is none.
    ///
    /// # Errors
    /// A file that can not be read; then there is nothing new in its place.
    pub(super) async fn open(
        &self,
        key: &[&str],
        new: impl FnOnce() -> Result<T, EngineError> + Send + 'static,
    ) -> Result<Open<T>, EngineError> {
        let mut hasher = blake3::Hasher::new();
        for part in key {
            hasher.update(&(part.len() as u64).to_le_bytes()).update(part.as_bytes());
        }
        let name = format!("{}.{}", &hasher.finalize().to_hex()[..32], self.kind);
        let file = self.folder.as_ref().map(|folder| folder.child(&name));
        let slot = {
            let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(open.entry(name).or_default())
        };
        let mut slot = slot.lock_owned().await;
        off_runtime(move || {
            if slot.is_none() {
                *slot = match &file {
                    Some(file) if file.exists()? => Some(read(file)?),
                    _ => Some(new()?),
                };
            }
            Ok(Open { slot, file })
        })
        .await
    }
}

fn read<T: DeserializeOwned>(file: &Location) -> Result<T, EngineError> {
    ciborium::from_reader(&*file.read()?).map_err(|error| {
        EngineError::refused(
            format!("{file}: what people were told can not be read ({error})"),
            "bring back a copy of the file; without it nothing is answered",
        )
    })
}

impl<T: Serialize> Open<T> {
    /// The thing.
    pub(super) fn get(&mut self) -> Result<&mut T, EngineError> {
        self.slot.as_mut().ok_or(EngineError::Internal("something to remember that is not open"))
    }

    /// Writes its file, before an answer leaves. Waits for storage.
    pub(super) fn save(&self) -> Result<(), EngineError> {
        let (Some(file), Some(thing)) = (&self.file, &*self.slot) else { return Ok(()) };
        let mut bytes = Vec::new();
        ciborium::into_writer(thing, &mut bytes)
            .map_err(|_| EngineError::Internal("something to remember that can not be written"))?;
        Ok(file.put(bytes.into())?)
    }
}
