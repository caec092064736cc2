use std::{
    cell::Cell,
    fs,
    os::unix::fs::{FileExt, MetadataExt},
    path::Path,
    sync::{
        Barrier,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use bytes::Bytes;

use super::{TileCache, TileCacheOptions, TileKey, folder::Shape};
use crate::{StoreError, hash::Xxh3Hasher};

const KIB: usize = 1 << 10;
const MIB: usize = 1 << 20;

/// A piece that an object store has.
#[derive(Clone)]
struct Piece {
    key: TileKey,
    bytes: Bytes,
}

impl Piece {
    fn new(number: u32, length: usize) -> Self {
        let mut state = u64::from(number) + 1;
        let mut bytes = Vec::with_capacity(length + 8);
        while bytes.len() < length {
            state = state.wrapping_mul(0x5851_F42D_4C95_7F2D).wrapping_add(0x1405_7B7E_F767_814F);
            bytes.extend_from_slice(&(state ^ (state >> 29)).to_le_bytes());
        }
        bytes.truncate(length);
        let key = TileKey::of_test(7, number, Xxh3Hasher::oneshot(&bytes));
        Self { key, bytes: bytes.into() }
    }

    fn verify(&self, bytes: &[u8]) -> Result<(), StoreError> {
        if bytes == self.bytes {
            return Ok(());
        }
        Err(StoreError::corrupt("a file", "row group 1", "these bytes", "others"))
    }

    /// Reads it through a cache, and looks at every byte; whether the store was asked.
    fn read(&self, cache: &TileCache) -> bool {
        let asked = Cell::new(0);
        let bytes = cache.read(&self.key, &|bytes| self.verify(bytes), &|| {
            asked.set(asked.get() + 1);
            Ok(self.bytes.clone())
        });
        assert!(bytes.expect("a piece") == self.bytes);
        assert!(asked.get() <= 1);
        asked.get() == 1
    }
}

fn pieces(count: u32, length: usize) -> Vec<Piece> {
    (0..count).map(|number| Piece::new(number, length)).collect()
}

fn open(memory_bytes: usize, disk_bytes: usize, folder: &Path) -> TileCache {
    let options =
        TileCacheOptions { memory_bytes, disk_bytes: disk_bytes as u64, folder: Some(folder.to_owned()) };
    TileCache::open(options).expect("a cache")
}

/// A cache on a disk of blocks that are smaller than a user's.
fn open_blocks(memory_bytes: usize, blocks: usize, block_bytes: usize, folder: &Path) -> TileCache {
    let shape = Shape { block_bytes, blocks };
    TileCache::open_shaped(memory_bytes, Some((folder.to_owned(), shape))).expect("a cache")
}

/// Waits until nothing is on its way to the disk.
fn settle(cache: &TileCache) {
    let tiles = cache.0.tiles.clone();
    crate::runtime::wait(async move { tiles.storage().wait().await }).expect("a runtime");
}

/// The length of all files in a folder, and the bytes that they take.
fn disk_usage(folder: &Path) -> (u64, u64) {
    let files = fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").metadata());
    files
        .map(|file| file.expect("a file"))
        .fold((0, 0), |(length, taken), file| (length + file.len(), taken + file.blocks() * 512))
}

#[test]
fn large_pieces_are_found_on_disk() {
    let folder = tempfile::tempdir().expect("a folder");
    let cache = open(0, 512 * MIB, folder.path());
    let pieces = pieces(4, 40 * MIB);
    assert!(pieces.iter().all(|piece| piece.read(&cache)));
    assert!(!pieces.iter().any(|piece| piece.read(&cache)));
    settle(&cache);
    assert!(!pieces.iter().any(|piece| piece.read(&cache)));
    let statistics = cache.statistics();
    assert_eq!((statistics.misses, statistics.disk_hits, statistics.memory_hits), (4, 8, 0));
    assert_eq!((statistics.hit_bytes, statistics.miss_bytes), (320 << 20, 160 << 20));
    assert_eq!((statistics.disk_errors, statistics.verification_failures), (0, 0));
    assert_eq!(cache.memory_usage(), 0);
}

#[test]
fn a_cache_smaller_than_a_piece_does_not_keep_it() {
    let folder = tempfile::tempdir().expect("a folder");
    let cache = open(MIB, 8 * MIB, folder.path());
    let (large, small) = (Piece::new(1, 40 * MIB), Piece::new(2, 100 * KIB));
    for round in 0..3 {
        assert!(large.read(&cache));
        assert_eq!(small.read(&cache), round == 0);
    }
    assert_eq!(cache.statistics().disk_errors, 0);
    for (memory, disk) in [(0, 0), (0, 4 * KIB)] {
        let folder = tempfile::tempdir().expect("a folder");
        let cache = open(memory, disk, folder.path());
        assert!(small.read(&cache) && small.read(&cache));
    }
}

#[test]
fn memory_alone() {
    let options = TileCacheOptions { memory_bytes: MIB, disk_bytes: 64 << 20, folder: None };
    let cache = TileCache::open(options).expect("a cache");
    let pieces = pieces(3, 200 * KIB);
    assert!(pieces.iter().all(|piece| piece.read(&cache)));
    assert!(!pieces.iter().any(|piece| piece.read(&cache)));
    assert_eq!((cache.statistics().memory_hits, cache.statistics().disk_hits), (3, 0));
}

#[test]
fn eviction_keeps_the_bounds() {
    let folder = tempfile::tempdir().expect("a folder");
    let (memory, disk) = (3 * MIB, 16 * MIB);
    let cache = open_blocks(memory, 8, 2 * MIB, folder.path());
    let pieces = pieces(200, 500 * KIB);
    for piece in &pieces {
        piece.read(&cache);
        assert!(cache.memory_usage() <= memory);
    }
    settle(&cache);
    let (length, taken) = disk_usage(folder.path());
    // The shape file is the book-keeping.
    assert!(length <= disk as u64 + 4096 && taken <= disk as u64 + 4096, "{length} {taken}");
    assert!(taken >= disk as u64 / 2, "{taken}");
    let before = cache.statistics();
    assert_eq!(before.misses, 200);
    // The newest are there, and the oldest are not.
    assert!(!pieces[190..].iter().any(|piece| piece.read(&cache)));
    assert!(cache.statistics().disk_hits > before.disk_hits);
    assert!(pieces[..160].iter().all(|piece| piece.read(&cache)));
}

#[test]
fn what_was_written_survives_a_restart() {
    let folder = tempfile::tempdir().expect("a folder");
    let pieces = pieces(20, 300 * KIB);
    let cache = open_blocks(0, 16, 2 * MIB, folder.path());
    assert!(pieces.iter().all(|piece| piece.read(&cache)));
    cache.close();
    cache.close();
    assert!(pieces[0].read(&cache), "a closed cache keeps nothing");
    for _ in 0..2 {
        let again = open_blocks(0, 16, 2 * MIB, folder.path());
        assert!(!pieces.iter().any(|piece| piece.read(&again)));
        assert_eq!(again.statistics().disk_hits, 20);
        again.close();
    }
    let other = open_blocks(0, 8, 2 * MIB, folder.path());
    assert!(pieces.iter().all(|piece| piece.read(&other)));
    other.close();
    assert!(disk_usage(folder.path()).0 <= (16 * MIB + 4096) as u64);
}

#[test]
fn a_full_disk_takes_new_pieces_after_a_restart() {
    let folder = tempfile::tempdir().expect("a folder");
    let pieces = pieces(60, 300 * KIB);
    for round in 0..6 {
        let cache = open_blocks(0, 4, MIB, folder.path());
        let new = &pieces[round * 10..][..10];
        for piece in new {
            piece.read(&cache);
        }
        settle(&cache);
        assert!(!new[9].read(&cache), "round {round}");
        assert_eq!(cache.statistics().disk_errors, 0, "round {round}");
        cache.close();
    }
}

#[test]
fn a_dropped_cache_lets_its_folder_go() {
    let folder = tempfile::tempdir().expect("a folder");
    let piece = Piece::new(1, 300 * KIB);
    let options =
        TileCacheOptions { memory_bytes: 0, disk_bytes: 16 << 20, folder: Some(folder.path().to_owned()) };
    let cache = TileCache::open(options.clone()).expect("a cache");
    assert!(piece.read(&cache));
    let error = TileCache::open(options.clone()).expect_err("a lock");
    assert!(
        matches!(&error, StoreError::TileCache { folder: named, .. } if named == folder.path()),
        "{error}"
    );
    drop(cache);
    let again = (0..500).find_map(|_| {
        std::thread::sleep(Duration::from_millis(10));
        TileCache::open(options.clone()).ok()
    });
    assert!(!piece.read(&again.expect("the folder is free")));
}

#[test]
fn a_folder_that_is_a_file_is_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("file");
    fs::write(&path, "x").expect("a file");
    let options =
        TileCacheOptions { memory_bytes: 0, disk_bytes: 16 << 20, folder: Some(path.join("inner")) };
    let error = TileCache::open(options).expect_err("no folder").to_string();
    assert!(error.starts_with(&path.join("inner").display().to_string()), "{error}");
}

/// Flips bits all over the files, with the cache open and between two runs: all that it may cost is another fetch.
#[test]
fn flipped_bits_on_disk_never_give_other_bytes() {
    let folder = tempfile::tempdir().expect("a folder");
    let pieces: Vec<Piece> =
        (0..12).map(|number| Piece::new(number, 20 * KIB + 777 * number as usize)).collect();
    let (mut detected, mut recovered) = (0, 0);
    let mut state = 1u64;
    let mut below = |bound: u64| {
        state = state.wrapping_mul(0x5851_F42D_4C95_7F2D).wrapping_add(0x1405_7B7E_F767_814F);
        (state >> 20) % bound
    };
    for round in 0..150 {
        let mut cache = open_blocks(0, 16, 64 * KIB, folder.path());
        for piece in &pieces {
            piece.read(&cache);
        }
        settle(&cache);
        let reopen = round % 2 == 0;
        if reopen {
            cache.close();
        }
        for name in 0..16 {
            let path = folder.path().join(format!("foyer-storage-direct-fs-{name:08}"));
            let Ok(file) = fs::File::options().read(true).write(true).open(&path) else { continue };
            // The page of indexes, heads and keys of pieces, and anywhere.
            let length = file.metadata().expect("a file").len();
            for place in [below(64), below(4096), 4096 + below(64), below(length), below(length)] {
                let mut byte = [0];
                file.read_exact_at(&mut byte, place).expect("a byte");
                file.write_all_at(&[byte[0] ^ 1 << below(8)], place).expect("a byte");
            }
        }
        if reopen {
            cache = open_blocks(0, 16, 64 * KIB, folder.path());
        }
        let asked = pieces.iter().filter(|piece| piece.read(&cache)).count();
        recovered += pieces.len() - asked;
        detected += cache.statistics().verification_failures + cache.statistics().disk_errors;
        cache.close();
    }
    assert!(detected > 50 && recovered > 100, "{detected} {recovered}");
}

#[test]
fn a_disk_that_can_not_be_read_makes_misses() {
    let folder = tempfile::tempdir().expect("a folder");
    let cache = open(0, 8 * MIB, folder.path());
    let pieces = pieces(5, 100 * KIB);
    assert!(pieces.iter().all(|piece| piece.read(&cache)));
    settle(&cache);
    for entry in fs::read_dir(folder.path()).expect("a folder") {
        let path = entry.expect("an entry").path();
        fs::File::options().write(true).open(path).expect("a file").set_len(0).expect("a file");
    }
    assert!(pieces.iter().all(|piece| piece.read(&cache)));
    // Once the files are written again, what was lost reads as zeros.
    let statistics = cache.statistics();
    assert!(statistics.disk_errors >= 1, "{statistics:?}");
    assert!(statistics.disk_errors + statistics.verification_failures >= 5, "{statistics:?}");
}

#[test]
fn a_cached_piece_that_is_not_what_was_written_is_fetched_again() {
    for (memory, disk) in [(MIB, 0), (0, 8 * MIB), (MIB, 8 * MIB)] {
        let folder = tempfile::tempdir().expect("a folder");
        let cache = open(memory, disk, folder.path());
        let piece = Piece::new(1, 50 * KIB);
        let wrong = Bytes::from(vec![1; 50 * KIB]);
        let read = cache.read(&piece.key, &|_| Ok(()), &|| Ok(wrong.clone()));
        assert!(read.expect("a piece") == wrong);
        settle(&cache);
        assert!(piece.read(&cache));
        settle(&cache);
        assert!(!piece.read(&cache));
        assert!(cache.statistics().verification_failures >= 1, "{cache:?}");
        cache.close();
    }
}

#[test]
fn a_store_that_gives_other_bytes_is_asked_once_and_not_believed() {
    let options = TileCacheOptions { memory_bytes: MIB, ..TileCacheOptions::default() };
    let cache = TileCache::open(options).expect("a cache");
    let piece = Piece::new(1, 50 * KIB);
    let asked = Cell::new(0);
    let error = cache
        .read(&piece.key, &|bytes| piece.verify(bytes), &|| {
            asked.set(asked.get() + 1);
            Ok(Bytes::from_static(b"other"))
        })
        .expect_err("corrupt");
    assert!(error.is_data_loss(), "{error}");
    assert_eq!(asked.get(), 1);
    assert!(cache.find(&piece.key, &|_| Ok(())).is_none());
    assert!(piece.read(&cache));
}

#[test]
fn threads_that_want_the_same_piece_share_one_fetch() {
    // Kept, and too large to be kept: in both cases it is fetched once while all wait.
    for memory_bytes in [MIB, 0] {
        let cache = TileCache::open(TileCacheOptions { memory_bytes, ..TileCacheOptions::default() });
        let cache = cache.expect("a cache");
        let piece = Piece::new(1, 50 * KIB);
        let (asked, start) = (AtomicUsize::new(0), Barrier::new(8));
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    start.wait();
                    let fetch = || {
                        asked.fetch_add(1, Ordering::Relaxed);
                        std::thread::sleep(Duration::from_millis(200));
                        Ok(piece.bytes.clone())
                    };
                    let read = cache.read(&piece.key, &|bytes| piece.verify(bytes), &fetch);
                    assert!(read.expect("a piece") == piece.bytes);
                });
            }
        });
        assert_eq!(asked.load(Ordering::Relaxed), 1);
        let statistics = cache.statistics();
        assert_eq!((statistics.misses, statistics.memory_hits), (1, 7));
    }
}

#[test]
fn a_fetch_that_fails_is_tried_by_the_next_thread() {
    let cache = TileCache::open(TileCacheOptions { memory_bytes: MIB, ..TileCacheOptions::default() });
    let cache = cache.expect("a cache");
    let piece = Piece::new(1, 50 * KIB);
    let (asked, start) = (AtomicUsize::new(0), Barrier::new(4));
    let failures = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                start.wait();
                let fetch = || {
                    std::thread::sleep(Duration::from_millis(50));
                    match asked.fetch_add(1, Ordering::Relaxed) {
                        0 => Err(StoreError::Cancelled),
                        _ => Ok(piece.bytes.clone()),
                    }
                };
                if cache.read(&piece.key, &|bytes| piece.verify(bytes), &fetch).is_err() {
                    failures.fetch_add(1, Ordering::Relaxed);
                }
            });
        }
    });
    assert_eq!(failures.load(Ordering::Relaxed), 1);
    assert_eq!(asked.load(Ordering::Relaxed), 2);
}
