use std::sync::atomic::{AtomicU64, Ordering};

/// What a [`TileCache`](crate::TileCache) has done since it was opened; the numbers only grow.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct TileCacheStatistics {
    /// Pieces that were found in memory, those that another thread was just fetching included.
    pub memory_hits: u64,
    /// Pieces that were found on disk, or on their way to it.
    pub disk_hits: u64,
    /// Pieces that were fetched from the object store.
    pub misses: u64,
    /// Bytes of pieces that were found.
    pub hit_bytes: u64,
    /// Bytes of pieces that were fetched.
    pub miss_bytes: u64,
    /// Pieces that were found and were not what was written: they are removed, and the store is asked.
    pub verification_failures: u64,
    /// Pieces that the disk failed to read, or to take: they stay in the store.
    pub disk_errors: u64,
}

/// The same, while it grows.
#[derive(Default)]
pub(super) struct Counters {
    memory_hits: AtomicU64,
    disk_hits: AtomicU64,
    misses: AtomicU64,
    hit_bytes: AtomicU64,
    miss_bytes: AtomicU64,
    verification_failures: AtomicU64,
    disk_errors: AtomicU64,
}

/// Where a piece was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Found {
    InMemory,
    OnDisk,
}

impl Counters {
    pub(super) fn hit(&self, found: Found, bytes: usize) {
        let hits = match found {
            Found::InMemory => &self.memory_hits,
            Found::OnDisk => &self.disk_hits,
        };
        hits.fetch_add(1, Ordering::Relaxed);
        self.hit_bytes.fetch_add(bytes as u64, Ordering::Relaxed);
    }

    pub(super) fn miss(&self, bytes: usize) {
        self.misses.fetch_add(1, Ordering::Relaxed);
        self.miss_bytes.fetch_add(bytes as u64, Ordering::Relaxed);
    }

    pub(super) fn verification_failure(&self) {
        self.verification_failures.fetch_add(1, Ordering::Relaxed);
    }

    /// Counts a failure of the disk; the first one is told.
    pub(super) fn disk_error(&self, problem: &str) {
        if self.disk_errors.fetch_add(1, Ordering::Relaxed) == 0 {
            tracing::warn!(problem, "the tile cache's disk fails; tiles come from the object store instead");
        }
    }

    pub(super) fn snapshot(&self) -> TileCacheStatistics {
        let load = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        TileCacheStatistics {
            memory_hits: load(&self.memory_hits),
            disk_hits: load(&self.disk_hits),
            misses: load(&self.misses),
            hit_bytes: load(&self.hit_bytes),
            miss_bytes: load(&self.miss_bytes),
            verification_failures: load(&self.verification_failures),
            disk_errors: load(&self.disk_errors),
        }
    }
}
