//! Tiles of object stores, kept in memory and on a local disk.

mod disk;
mod entry;
mod flights;
mod folder;
mod statistics;
#[cfg(test)]
mod tests;

use std::{
    fmt,
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use bytes::Bytes;
use foyer::{
    HybridCache, HybridCacheBuilder, HybridCachePolicy, HybridCacheProperties, LruConfig, RecoverMode, Source,
};
use tokio::time::timeout;

use crate::{
    StoreError,
    runtime::{handle, wait},
};
use disk::Disk;
use entry::TileBytes;
pub(crate) use entry::TileKey;
use flights::Flights;
use folder::Shape;
pub use statistics::TileCacheStatistics;
use statistics::{Counters, Found};

/// What `foyer` keeps.
type Tiles = HybridCache<TileKey, TileBytes>;
/// Takes bytes, and says what is wrong with them.
pub(crate) type Verify<'a> = dyn Fn(&[u8]) -> Result<(), StoreError> + 'a;
/// Asks the object store.
pub(crate) type Fetch<'a> = dyn Fn() -> Result<Bytes, StoreError> + 'a;

/// What a piece in memory costs besides its bytes.
const ENTRY_OVERHEAD: usize = 256;
/// How long closing waits for what is on its way to the disk.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(60);

/// How large a [`TileCache`] may become, and where its disk is.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TileCacheOptions {
    /// Most bytes in memory. What is on its way to the disk comes on top: up to twice 72 MiB.
    pub memory_bytes: usize,
    /// Most bytes on disk; 0 for none. It is cut into blocks that are evicted one at a time, and one of them (a 64th
    /// of a large disk) is kept empty. Row groups of 64 MiB need at least 320 MiB.
    pub disk_bytes: u64,
    /// A folder of its own for what is kept on disk; without one nothing is.
    pub folder: Option<PathBuf>,
}

/// Keeps what readers fetch from object stores, in memory and on a local disk, so that the next pass over the same
/// tiles does not fetch it again. Cheap to clone; several cohorts may share one.
///
/// Pieces are named by content, and verified at every use as bytes from the store are: a changed one is removed and
/// fetched again. A disk that fails makes misses, not
/// errors; once it has failed to take something it is left alone until the cache is opened again. What is on disk is found again by the next process that
/// opens the same folder with the same size; another size empties it. Memory keeps what was used last, the disk what
/// was written last.
#[derive(Clone)]
pub struct TileCache(Arc<Opened>);

struct Opened {
    tiles: Tiles,
    disk: Option<Disk>,
    flights: Flights,
    counters: Arc<Counters>,
    closed: AtomicBool,
}

impl TileCache {
    /// Opens a cache, and finds what an earlier one left in the folder.
    ///
    /// # Errors
    /// The folder can not be used, or another cache is open in it.
    pub fn open(options: TileCacheOptions) -> Result<Self, StoreError> {
        let shape = Shape::of(options.disk_bytes);
        Self::open_shaped(options.memory_bytes, options.folder.zip(shape))
    }

    /// Opens a cache whose disk, if any, is cut into blocks of the caller's choice.
    fn open_shaped(memory: usize, disk: Option<(PathBuf, Shape)>) -> Result<Self, StoreError> {
        let folder = disk.as_ref().map(|(folder, _)| folder.clone());
        let disk = disk.map(|(folder, shape)| Disk::open(folder, shape)).transpose()?;
        let (disk, engine) = disk.unzip();
        let weight = |bytes: &TileBytes| bytes.0.len() + ENTRY_OVERHEAD;
        // One shard: a share of the memory could be smaller than a tile.
        let builder = HybridCacheBuilder::new()
            .with_name("steppe-tiles")
            .with_policy(HybridCachePolicy::WriteOnInsertion)
            .with_flush_on_close(false)
            .memory(memory.max(1))
            .with_shards(1)
            .with_eviction_config(LruConfig::default())
            .with_weighter(move |_, bytes| weight(bytes))
            .with_filter(move |_, bytes| weight(bytes) <= memory)
            .storage()
            .with_recover_mode(RecoverMode::Quiet);
        let builder = match engine {
            Some(engine) => builder.with_engine_config(engine),
            None => builder,
        };
        let tiles = wait(async move { builder.build().await })?.map_err(|error| StoreError::TileCache {
            folder: folder.unwrap_or_default(),
            problem: error.to_string(),
        })?;
        Ok(Self(Arc::new(Opened {
            tiles,
            disk,
            flights: Flights::default(),
            counters: Arc::default(),
            closed: AtomicBool::new(false),
        })))
    }

    /// What the cache has done since it was opened.
    pub fn statistics(&self) -> TileCacheStatistics {
        self.0.counters.snapshot()
    }

    /// Bytes that are kept in memory now.
    pub fn memory_usage(&self) -> usize {
        self.0.tiles.memory().usage()
    }

    /// Brings what is on its way to the disk there, and lets the folder go; from then on nothing is kept or found. A
    /// cache that is dropped does the same in the background.
    pub fn close(&self) {
        if self.0.closed.swap(true, Ordering::Relaxed) {
            return;
        }
        let tiles = self.0.tiles.clone();
        let is_on = self.0.disk.as_ref().is_some_and(|disk| !disk.is_off());
        let closed = wait(async move { timeout(CLOSE_TIMEOUT, tiles.close()).await });
        if is_on && !matches!(closed, Ok(Ok(Ok(())))) {
            self.0.counters.disk_error("it could not be closed");
        }
        self.0.tiles.memory().clear();
        drop(self.0.disk.as_ref().and_then(Disk::unlock));
    }

    /// A piece that has been verified, from the cache or else from the store. What the store gives is kept.
    ///
    /// # Errors
    /// The store does not give it, or what it gives is not what was written.
    pub(crate) fn read(
        &self,
        key: &TileKey,
        verify: &Verify<'_>,
        fetch: &Fetch<'_>,
    ) -> Result<Bytes, StoreError> {
        if let Some(bytes) = self.find_in_memory(key, verify) {
            return Ok(bytes);
        }
        let (bytes, shared) = self.0.flights.fetch(key, || {
            if let Some(bytes) = self.find(key, verify) {
                return Ok(bytes);
            }
            let bytes = fetch()?;
            self.0.counters.miss(bytes.len());
            verify(&bytes)?;
            self.keep(key, &bytes);
            Ok(bytes)
        })?;
        if shared {
            self.0.counters.hit(Found::InMemory, bytes.len());
        }
        Ok(bytes)
    }

    /// A piece that has been verified, if it is in memory or on disk.
    pub(crate) fn find(&self, key: &TileKey, verify: &Verify<'_>) -> Option<Bytes> {
        self.find_in_memory(key, verify).or_else(|| self.find_on_disk(key, verify))
    }

    fn find_in_memory(&self, key: &TileKey, verify: &Verify<'_>) -> Option<Bytes> {
        let bytes = self.0.tiles.memory().get(key)?.value().0.clone();
        self.verified(key, bytes, Found::InMemory, verify)
    }

    fn find_on_disk(&self, key: &TileKey, verify: &Verify<'_>) -> Option<Bytes> {
        let Opened { tiles, disk, counters, closed, .. } = &*self.0;
        let disk = disk.as_ref().filter(|disk| !disk.is_off() && !closed.load(Ordering::Relaxed))?;
        if !tiles.storage().may_contains(key) {
            return None;
        }
        let (found, bytes) = match wait(tiles.get(key)).ok()? {
            Ok(Some(entry)) if entry.source() == Source::Memory => (Found::InMemory, entry.value().0.clone()),
            Ok(Some(entry)) => (Found::OnDisk, entry.value().0.clone()),
            Ok(None) if disk.is_off() => return None,
            Ok(None) => {
                // It was there a moment ago, and is not what was written.
                counters.verification_failure();
                return None;
            }
            Err(error) => {
                counters.disk_error(&error.to_string());
                tiles.remove(key);
                return None;
            }
        };
        self.verified(key, bytes, found, verify)
    }

    /// Counts what was found, or removes it where it is not what was written.
    fn verified(&self, key: &TileKey, bytes: Bytes, found: Found, verify: &Verify<'_>) -> Option<Bytes> {
        if verify(&bytes).is_ok() {
            self.0.counters.hit(found, bytes.len());
            return Some(bytes);
        }
        self.0.counters.verification_failure();
        self.0.tiles.remove(key);
        None
    }

    fn keep(&self, key: &TileKey, bytes: &Bytes) {
        let Opened { tiles, disk, counters, closed, .. } = &*self.0;
        if closed.load(Ordering::Relaxed) {
            return;
        }
        let key_bytes = foyer::Code::estimated_size(key);
        let room = disk.as_ref().and_then(|disk| disk.reserve(key_bytes, bytes.len(), counters));
        let place = if room.is_some() { foyer::Location::Default } else { foyer::Location::InMem };
        let properties = HybridCacheProperties::default().with_location(place);
        tiles.insert_with_properties(key.clone(), TileBytes(bytes.clone()), properties);
        if let Some(room) = room {
            room.free_when_written(tiles, key.clone(), counters);
        }
    }
}

impl Drop for Opened {
    /// The folder stays locked until what is on its way there has arrived.
    fn drop(&mut self) {
        let lock = self.disk.as_ref().and_then(Disk::unlock);
        let tiles = self.tiles.clone();
        if let Ok(runtime) = handle() {
            runtime.spawn(async move {
                // What does not arrive is a miss of the next process.
                let _ = timeout(CLOSE_TIMEOUT, tiles.close()).await;
                drop(lock);
            });
        }
    }
}

impl fmt::Debug for TileCache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TileCache")
            .field("disk", &self.0.disk.is_some())
            .field("statistics", &self.statistics())
            .finish()
    }
}
