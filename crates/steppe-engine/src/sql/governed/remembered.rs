//! What outlives a statement: what users were told, what they spent, and what left.

use std::{
    collections::HashMap,
    fmt,
    sync::{Arc, Mutex, PoisonError, Weak},
};

use serde::{Serialize, de::DeserializeOwned};
use steppe_privacy::{export::Exports, ledger::Ledger, noise::Budget};
use steppe_store::Location;
use tokio::sync::{Mutex as AsyncMutex, OwnedMutexGuard};

use super::room::{Keeper, Room};
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

    /// With a limit on what is in memory. What the folder has is read again when it is needed.
    pub(super) fn within(mut self, room: &Arc<Room>) -> Self {
        self.ledgers.room = Some(Arc::clone(room));
        self.budgets.room = Some(Arc::clone(room));
        self.exports.room = Some(Arc::clone(room));
        self
    }
}

/// What takes memory.
pub(super) trait Weighed {
    /// Bytes in memory; `written` are those of its file.
    fn memory(&self, written: usize) -> usize;

    /// A number that changes with what is to be written, where there is one.
    fn revision(&self) -> Option<u64> {
        None
    }
}

impl Weighed for Ledger {
    fn memory(&self, _written: usize) -> usize {
        self.memory()
    }

    fn revision(&self) -> Option<u64> {
        Some(self.revision())
    }
}

impl Weighed for Budget {
    fn memory(&self, written: usize) -> usize {
        2 * written
    }
}

impl Weighed for Exports {
    fn memory(&self, written: usize) -> usize {
        4 * written
    }
}

/// A thing, when it was read or made.
#[derive(Debug)]
struct Thing<T> {
    thing: T,
    /// Bytes of its file.
    written: usize,
    /// Whether the file has it as it is.
    is_saved: bool,
    /// Its revision in the file.
    revision: Option<u64>,
}

type Slot<T> = Arc<AsyncMutex<Option<Thing<T>>>>;

/// Things of one kind, by key.
pub(super) struct Kept<T> {
    shelf: Arc<Shelf<T>>,
    kind: &'static str,
    room: Option<Arc<Room>>,
}

/// Things in memory.
struct Shelf<T> {
    folder: Option<Location>,
    /// By the file's name, each with its name in the room.
    open: Mutex<HashMap<String, (u64, Slot<T>)>>,
}

impl<T> fmt::Debug for Kept<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let folder = &self.shelf.folder;
        f.debug_struct("Kept").field("folder", folder).field("kind", &self.kind).finish_non_exhaustive()
    }
}

/// A thing that one statement has for itself until it is dropped.
pub(super) struct Open<T: Weighed> {
    slot: Option<OwnedMutexGuard<Option<Thing<T>>>>,
    file: Option<Location>,
    room: Option<(Arc<Room>, u64, Weak<dyn Keeper>)>,
}

impl<T: Serialize + DeserializeOwned + Weighed + Send + 'static> Kept<T> {
    fn new(folder: Option<&Location>, kind: &'static str) -> Self {
        let shelf = Arc::new(Shelf { folder: folder.cloned(), open: Mutex::default() });
        Self { shelf, kind, room: None }
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
        let file_name = format!("{}.{}", &hasher.finalize().to_hex()[..32], self.kind);
        let file = self.shelf.folder.as_ref().map(|folder| folder.child(&file_name));
        let (name, slot) = {
            let mut open = self.shelf.open.lock().unwrap_or_else(PoisonError::into_inner);
            let name = || self.room.as_ref().map_or(0, |room| room.name());
            let (name, slot) = open.entry(file_name).or_insert_with(|| (name(), Slot::default()));
            (*name, Arc::clone(slot))
        };
        let keeper: Weak<Shelf<T>> = Arc::downgrade(&self.shelf);
        let room = self.room.clone().map(|room| (room, name, keeper as Weak<dyn Keeper>));
        let mut slot = slot.lock_owned().await;
        off_runtime(move || {
            if slot.is_none() {
                *slot = Some(match &file {
                    Some(file) if file.exists()? => read(file)?,
                    _ => Thing { thing: new()?, written: 0, is_saved: false, revision: None },
                });
            }
            Ok(Open { slot: Some(slot), file, room })
        })
        .await
    }
}

fn read<T: DeserializeOwned + Weighed>(file: &Location) -> Result<Thing<T>, EngineError> {
    let bytes = file.read()?;
    let thing: T = ciborium::from_reader(&*bytes).map_err(|error| {
        EngineError::refused(
            format!("{file}: what people were told can not be read ({error})"),
            "bring back a copy of the file; without it nothing is answered",
        )
    })?;
    let revision = thing.revision();
    Ok(Thing { thing, written: bytes.len(), is_saved: true, revision })
}

impl<T: Serialize + Weighed> Thing<T> {
    fn save(&mut self, file: &Location) -> Result<(), EngineError> {
        let revision = self.thing.revision();
        if revision.is_some() && revision == self.revision {
            self.is_saved = true;
            return Ok(());
        }
        let mut bytes = Vec::new();
        ciborium::into_writer(&self.thing, &mut bytes)
            .map_err(|_| EngineError::Internal("something to remember that can not be written"))?;
        self.written = bytes.len();
        file.put(bytes.into())?;
        (self.is_saved, self.revision) = (true, revision);
        Ok(())
    }
}

impl<T: Serialize + Weighed> Open<T> {
    fn thing(&mut self) -> Result<&mut Thing<T>, EngineError> {
        let open = self.slot.as_mut().and_then(|slot| slot.as_mut());
        open.ok_or(EngineError::Internal("something to remember that is not open"))
    }

    /// The thing.
    pub(super) fn get(&mut self) -> Result<&mut T, EngineError> {
        let thing = self.thing()?;
        thing.is_saved = false;
        Ok(&mut thing.thing)
    }

    /// Bytes that it takes.
    pub(super) fn memory(&mut self) -> Result<usize, EngineError> {
        let thing = self.thing()?;
        Ok(thing.thing.memory(thing.written))
    }

    /// Writes its file, before an answer leaves. Waits for storage.
    pub(super) fn save(&mut self) -> Result<(), EngineError> {
        let Some(file) = self.file.clone() else { return Ok(()) };
        self.thing()?.save(&file)
    }
}

impl<T: Weighed> Drop for Open<T> {
    fn drop(&mut self) {
        let thing = self.slot.as_ref().and_then(|slot| slot.as_ref());
        let bytes = thing.map_or(0, |thing| thing.thing.memory(thing.written));
        // Given back first: what is in use is not let go.
        self.slot = None;
        if let Some((room, name, keeper)) = self.room.take() {
            room.used(name, bytes, keeper);
        }
    }
}

impl<T: Serialize + Weighed + Send> Keeper for Shelf<T> {
    fn let_go(&self, thing: u64) -> bool {
        let Some(folder) = &self.folder else { return false };
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let Some((name, (_, slot))) = open.iter().find(|(_, (there, _))| *there == thing) else {
            return true;
        };
        // Whoever has it, or waits for it, has another handle; a new one is made under the lock that is held here.
        if Arc::strong_count(slot) > 1 {
            return false;
        }
        let name = name.clone();
        let is_safe = slot.try_lock().is_ok_and(|mut slot| {
            slot.as_mut().is_none_or(|thing| thing.is_saved || thing.save(&folder.child(&name)).is_ok())
        });
        if is_safe {
            open.remove(&name);
        }
        is_safe
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use serde::Deserialize;

    use super::*;

    #[derive(Debug, Default, Serialize, Deserialize)]
    struct Numbers(BTreeSet<u64>);

    impl Weighed for Numbers {
        fn memory(&self, _written: usize) -> usize {
            100
        }
    }

    fn kept(folder: Option<&Location>, bytes: usize) -> (Arc<Room>, Kept<Numbers>) {
        let (room, mut kept) = (Room::new(bytes), Kept::new(folder, "numbers"));
        kept.room = Some(Arc::clone(&room));
        (room, kept)
    }

    fn in_memory(kept: &Kept<Numbers>) -> usize {
        kept.shelf.open.lock().expect("a lock").len()
    }

    #[tokio::test]
    async fn what_a_file_has_is_let_go_and_read_again() -> Result<(), EngineError> {
        let folder = tempfile::tempdir().expect("a folder");
        let (room, kept) = kept(Some(&Location::local(folder.path())), 250);
        for round in 0..3 {
            for user in 0..10u64 {
                let mut open = kept.open(&[&user.to_string()], || Ok(Numbers::default())).await?;
                assert_eq!(open.get()?.0, (0..round).map(|past| past * 100 + user).collect());
                open.get()?.0.insert(round * 100 + user);
                // Every other one is left to be written when it is let go.
                if user % 2 == 0 {
                    open.save()?;
                }
                assert!(in_memory(&kept) <= 3);
            }
        }
        assert_eq!((in_memory(&kept), room.bytes()), (2, 200));
        Ok(())
    }

    #[tokio::test]
    async fn what_is_in_use_or_has_no_file_stays() -> Result<(), EngineError> {
        let folder = tempfile::tempdir().expect("a folder");
        let (room, with_files) = kept(Some(&Location::local(folder.path())), 150);
        let mut used = with_files.open(&["a"], || Ok(Numbers::default())).await?;
        used.get()?.0.insert(1);
        for user in ["b", "c", "d"] {
            drop(with_files.open(&[user], || Ok(Numbers::default())).await?);
        }
        used.get()?.0.insert(2);
        drop(used);
        let mut again = with_files.open(&["a"], || Ok(Numbers::default())).await?;
        assert_eq!(again.get()?.0.len(), 2);
        drop(again);
        assert_eq!((in_memory(&with_files), room.bytes()), (1, 100));
        let (_room, without) = kept(None, 150);
        for user in ["a", "b", "c"] {
            without.open(&[user], || Ok(Numbers::default())).await?.get()?.0.insert(7);
        }
        let mut first = without.open(&["a"], || Ok(Numbers::default())).await?;
        assert_eq!((first.get()?.0.len(), in_memory(&without)), (1, 3));
        Ok(())
    }

    #[tokio::test]
    async fn what_can_not_be_written_stays() -> Result<(), EngineError> {
        let folder = tempfile::tempdir().expect("a folder");
        // A file where the folder should be.
        let place = folder.path().join("state");
        std::fs::write(&place, "x").expect("a file");
        let (_room, kept) = kept(Some(&Location::local(&place)), 50);
        for user in ["a", "b"] {
            kept.open(&[user], || Ok(Numbers::default())).await?.get()?.0.insert(7);
        }
        assert_eq!(in_memory(&kept), 2);
        Ok(())
    }
}
