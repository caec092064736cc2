use std::ops::Range;

use bytes::{Bytes, BytesMut};

use super::open_tile::{MAGIC_BYTES, check_frame, check_row_group, tail_start};
use crate::{Location, RowGroup, StoreError, TileCache, TileFile, tile_cache::TileKey};

/// Ranges that are at least one in so many of a row group's bytes are worth all of it, where a cache keeps it.
const WHOLE_FROM: u64 = 16;

/// A genotype file in an object store, and the cache of what is fetched of it.
pub(super) struct RemoteTile {
    location: Location,
    entry: TileFile,
    cache: Option<TileCache>,
}

impl RemoteTile {
    /// Names a file, and gives its frame, checked.
    pub(super) fn open(
        location: &Location,
        entry: &TileFile,
        cache: Option<&TileCache>,
    ) -> Result<(Self, Bytes), StoreError> {
        let tile = Self { location: location.clone(), entry: entry.clone(), cache: cache.cloned() };
        let verify = |frame: &[u8]| check_frame(entry, frame);
        let frame = tile.read(TileKey::frame(entry), &verify, &|| {
            let tail_start = tail_start(entry);
            let magic = location.read_range(0, MAGIC_BYTES)?;
            let tail = location.read_range(tail_start, (entry.file.bytes - tail_start) as usize)?;
            let mut frame = BytesMut::with_capacity(magic.len() + tail.len());
            frame.extend_from_slice(&magic);
            frame.extend_from_slice(&tail);
            Ok(frame.freeze())
        })?;
        Ok((tile, frame))
    }

    /// A whole row group, checked.
    pub(super) fn row_group(&self, group: &RowGroup) -> Result<Bytes, StoreError> {
        let verify = |bytes: &[u8]| check_row_group(&self.entry.file.path, group, bytes);
        let range = group.offset..group.offset + group.bytes;
        let fetch = || {
            let mut fetched = self.fetch(std::slice::from_ref(&range))?;
            fetched.pop().ok_or(StoreError::Internal("a range without an answer"))
        };
        self.read(self.key(group), &verify, &fetch)
    }

    /// Ranges of a row group: of the whole one where the cache has it, or else fetched. They are not checked.
    ///
    /// Where they are a good part of the row group, all of it is fetched and kept: the next pass then reads nothing. Less
    /// than that is not cached: other selections want other rows, small pieces would push whole row groups out, and
    /// single rows have no hash in the manifest to verify them by.
    pub(super) fn ranges(&self, group: &RowGroup, ranges: &[Range<u64>]) -> Result<Vec<Bytes>, StoreError> {
        let verify = |bytes: &[u8]| check_row_group(&self.entry.file.path, group, bytes);
        let wanted: u64 = ranges.iter().map(|range| range.end - range.start).sum();
        let whole = match (&self.cache, self.key(group)) {
            (Some(_), Some(_)) if wanted.saturating_mul(WHOLE_FROM) >= group.bytes => {
                Some(self.row_group(group)?)
            }
            (Some(cache), Some(key)) => cache.find(&key, &verify),
            _ => None,
        };
        if let Some(whole) = whole {
            let within = |position: u64| (position - group.offset) as usize;
            return Ok(ranges
                .iter()
                .map(|range| whole.slice(within(range.start)..within(range.end)))
                .collect());
        }
        self.fetch(ranges)
    }

    fn fetch(&self, ranges: &[Range<u64>]) -> Result<Vec<Bytes>, StoreError> {
        let remote = self.location.remote().ok_or(StoreError::Internal("an object that is a local file"))?;
        let fetched = remote.read_ranges(ranges)?;
        for (range, bytes) in ranges.iter().zip(&fetched) {
            if bytes.len() as u64 != range.end - range.start {
                let place = format!("bytes from {}", range.start);
                let expected = range.end - range.start;
                return Err(StoreError::corrupt(&self.entry.file.path, place, expected, bytes.len()));
            }
        }
        Ok(fetched)
    }

    fn key(&self, group: &RowGroup) -> Option<TileKey> {
        TileKey::row_group(&self.entry, group.row_group, group.xxh3)
    }

    /// A piece through the cache, or from the store where there is none.
    fn read(
        &self,
        key: Option<TileKey>,
        verify: &dyn Fn(&[u8]) -> Result<(), StoreError>,
        fetch: &dyn Fn() -> Result<Bytes, StoreError>,
    ) -> Result<Bytes, StoreError> {
        if let (Some(cache), Some(key)) = (&self.cache, key) {
            return cache.read(&key, verify, fetch);
        }
        let bytes = fetch()?;
        verify(&bytes)?;
        Ok(bytes)
    }
}
