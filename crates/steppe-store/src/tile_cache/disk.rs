use std::{
    fs::File,
    path::PathBuf,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use foyer::{BlockEngineConfig, DeviceBuilder, FsDeviceBuilder, HybridCacheProperties};
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time::timeout,
};

use super::{
    Tiles,
    entry::{TileBytes, TileKey},
    folder::{PAGE, Shape, prepare},
    statistics::Counters,
};
use crate::{
    StoreError,
    runtime::{handle, wait},
};

/// How long a reader waits for a slow disk before its tile is left out of the cache.
const PATIENCE: Duration = Duration::from_secs(2);
/// How long a write may take before the disk counts as failed.
const WRITE_TIMEOUT: Duration = Duration::from_secs(60);
/// Bytes of an entry that are no key and no value.
const ENTRY_HEAD: usize = 36;
/// What `foyer` is told of the engine's types.
type Engine = BlockEngineConfig<TileKey, TileBytes, HybridCacheProperties>;

/// The disk half of a cache: its folder, and what is on its way there.
///
/// `foyer` drops entries when its write buffer is full; room in the buffer is given out here, so that readers wait
/// for a disk that is slower than the object store, and a second pass finds everything.
pub(super) struct Disk {
    shape: Shape,
    /// Held while the cache is open.
    lock: Mutex<Option<File>>,
    /// Pages of the write buffer that are free.
    room: Arc<Semaphore>,
    /// The disk did not keep up last time: nobody waits for it until it has.
    behind: AtomicBool,
    /// The disk has failed to take something. `foyer` 0.22 does not get over that (its next blocks panic), so that
    /// the disk is left alone from then on.
    off: Arc<AtomicBool>,
}

impl Disk {
    /// Prepares a folder.
    pub(super) fn open(folder: PathBuf, shape: Shape) -> Result<(Self, Engine), StoreError> {
        let lock = prepare(&folder, shape)?;
        let device = FsDeviceBuilder::new(&folder)
            .with_capacity(shape.blocks * shape.block_bytes)
            .build()
            .map_err(|error| StoreError::TileCache { folder, problem: error.to_string() })?;
        let buffer = shape.largest_entry();
        let engine = Engine::new(device)
            .with_block_size(shape.block_bytes)
            .with_blob_index_size(PAGE)
            .with_buffer_pool_size(buffer)
            .with_submit_queue_size_threshold(usize::MAX);
        let room = Arc::new(Semaphore::new(buffer / PAGE));
        let lock = Mutex::new(Some(lock));
        let off = Arc::default();
        Ok((Self { shape, lock, room, behind: AtomicBool::new(false), off }, engine))
    }

    /// Room in the write buffer for an entry; `None` where it does not fit on the disk or the disk is behind.
    pub(super) fn reserve(&self, key_bytes: usize, bytes: usize, counters: &Counters) -> Option<Room> {
        let entry = (ENTRY_HEAD + key_bytes + bytes).next_multiple_of(PAGE);
        if entry > self.shape.largest_entry() || self.is_off() {
            return None;
        }
        let pages = u32::try_from(entry / PAGE).ok()?;
        if let Ok(room) = Arc::clone(&self.room).try_acquire_many_owned(pages) {
            self.behind.store(false, Ordering::Relaxed);
            return Some(Room { room, off: Arc::clone(&self.off) });
        }
        if !self.behind.load(Ordering::Relaxed) {
            let room = Arc::clone(&self.room).acquire_many_owned(pages);
            if let Ok(Ok(Ok(room))) = wait(async move { timeout(PATIENCE, room).await }) {
                return Some(Room { room, off: Arc::clone(&self.off) });
            }
            self.behind.store(true, Ordering::Relaxed);
        }
        counters.disk_error("it is too slow to take what is fetched");
        None
    }

    /// Whether the disk is not used any more.
    pub(super) fn is_off(&self) -> bool {
        self.off.load(Ordering::Relaxed)
    }

    /// Lets the folder go.
    pub(super) fn unlock(&self) -> Option<File> {
        self.lock.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

/// Room in the write buffer, for one entry.
pub(super) struct Room {
    room: OwnedSemaphorePermit,
    off: Arc<AtomicBool>,
}

impl Room {
    /// Gives the room back when the entry is on the disk; switches the disk off when it did not get there.
    pub(super) fn free_when_written(self, tiles: &Tiles, key: TileKey, counters: &Arc<Counters>) {
        let (tiles, counters) = (tiles.clone(), Arc::clone(counters));
        let Ok(runtime) = handle() else { return };
        runtime.spawn(async move {
            let waiting = tiles.clone();
            // A task of its own: after a failure that nobody has seen yet, waiting may panic.
            let written =
                tokio::spawn(async move { timeout(WRITE_TIMEOUT, waiting.storage().wait()).await.is_ok() });
            let written = written.await.unwrap_or(false) && tiles.storage().may_contains(&key);
            if !written && !self.off.swap(true, Ordering::Relaxed) {
                counters.disk_error("it did not take what was written, and is not used any more");
            }
            drop(self.room);
        });
    }
}
