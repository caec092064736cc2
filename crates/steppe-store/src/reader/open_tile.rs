use std::{fs::File, ops::Range, os::unix::fs::FileExt, path::Path};

use bytes::Bytes;
use parquet::file::{
    metadata::{PageIndexPolicy, ParquetMetaDataReader},
    page_index::offset_index::PageLocation,
};

use super::remote_tile::RemoteTile;
use crate::{
    Codec, Location, RowGroup, RowGroupEntry, StoreError, TileCache, TileFile,
    hash::{Xxh3Hasher, hex128},
    tile::{CHECKSUM, GENOTYPES},
};

pub(super) const MAGIC_BYTES: usize = 4;

/// A genotype file whose frame (magic, page indexes, footer) has been read and checked.
pub(super) struct OpenTile {
    /// The file's name, relative to the cohort.
    pub(super) name: String,
    source: Source,
    groups: Vec<GroupPages>,
}

enum Source {
    Local(File),
    Remote(RemoteTile),
}

/// Where the pages of a row group are.
pub(super) struct GroupPages {
    /// Pages of genotypes; they lie end to end.
    pub(super) genotypes: Vec<Page>,
    /// Pages of row checksums.
    pub(super) checksums: Vec<Page>,
}

/// One page of one column.
#[derive(Debug, Clone, Copy)]
pub(super) struct Page {
    /// Where its header starts in the file.
    pub(super) offset: u64,
    /// Its bytes, header included.
    pub(super) bytes: usize,
    /// Its first row within the row group.
    pub(super) first_row: usize,
    /// How many rows it has.
    pub(super) rows: usize,
}

impl OpenTile {
    pub(super) fn open(
        cohort: &Location,
        entry: &TileFile,
        stride: usize,
        codec: Codec,
        cache: Option<&TileCache>,
    ) -> Result<Self, StoreError> {
        let name = entry.file.path.clone();
        let location = cohort.child(&name);
        let (source, frame) = match location.local_path() {
            Some(path) => open_local(path, entry)?,
            None => {
                let (tile, frame) = RemoteTile::open(&location, entry, cache)?;
                (Source::Remote(tile), frame)
            }
        };
        let groups = read_pages(entry, &frame.slice(MAGIC_BYTES..), stride, codec)?;
        Ok(Self { name, source, groups })
    }

    pub(super) fn group(&self, row_group: u32) -> Result<&GroupPages, StoreError> {
        self.groups
            .get(row_group as usize)
            .ok_or(StoreError::Internal("a row group that its file does not have"))
    }

    /// Fills `into` from a place in the file; for local files only.
    pub(super) fn read_at(&self, offset: u64, into: &mut [u8]) -> Result<(), StoreError> {
        match &self.source {
            Source::Local(file) => file.read_exact_at(into, offset).map_err(|error| {
                StoreError::corrupt(
                    &self.name,
                    format!("bytes from {offset}"),
                    format!("{} bytes", into.len()),
                    error,
                )
            }),
            Source::Remote(_) => Err(StoreError::Internal("an object was read as if it were a file")),
        }
    }

    /// A whole row group, checked, for objects; `None` for local files, which are read in place.
    pub(super) fn row_group(&self, group: &RowGroup) -> Result<Option<Bytes>, StoreError> {
        match &self.source {
            Source::Local(_) => Ok(None),
            Source::Remote(tile) => tile.row_group(group).map(Some),
        }
    }

    /// Ranges of a row group, for objects; `None` for local files, which are read in place.
    pub(super) fn ranges(
        &self,
        group: &RowGroup,
        ranges: impl FnOnce() -> Vec<Range<u64>>,
    ) -> Result<Option<Vec<Bytes>>, StoreError> {
        match &self.source {
            Source::Local(_) => Ok(None),
            Source::Remote(tile) => tile.ranges(group, &ranges()).map(Some),
        }
    }
}

/// Where a file's page indexes and footer start.
pub(super) fn tail_start(entry: &TileFile) -> u64 {
    entry.row_groups.last().map_or(MAGIC_BYTES as u64, |group| group.offset + group.bytes)
}

/// Compares the hash of a frame: the leading magic, and everything after the row groups.
pub(super) fn check_frame(entry: &TileFile, frame: &[u8]) -> Result<(), StoreError> {
    let found = hex128(Xxh3Hasher::oneshot(frame));
    if found == entry.frame_xxh3 && frame.len() >= MAGIC_BYTES {
        return Ok(());
    }
    Err(StoreError::corrupt(&entry.file.path, "the footer", &entry.frame_xxh3, found))
}

/// Compares the hash of a row group's bytes.
pub(super) fn check_row_group(file: &str, group: &RowGroup, bytes: &[u8]) -> Result<(), StoreError> {
    compare_row_group(file, group, Xxh3Hasher::oneshot(bytes))
}

/// Compares a row group's hash.
pub(super) fn compare_row_group(file: &str, group: &RowGroup, found: u128) -> Result<(), StoreError> {
    if found == group.xxh3 {
        return Ok(());
    }
    let place = format!("row group {}", group.row_group);
    Err(StoreError::corrupt(file, place, hex128(group.xxh3), hex128(found)))
}

/// Opens a local file and reads its frame, checked.
fn open_local(path: &Path, entry: &TileFile) -> Result<(Source, Bytes), StoreError> {
    let file = File::open(path).map_err(StoreError::io(path, "can not open"))?;
    let found = file.metadata().map_err(StoreError::io(path, "can not look at it"))?.len();
    if found != entry.file.bytes {
        return Err(StoreError::corrupt(&entry.file.path, "its size", entry.file.bytes, found));
    }
    let tail_start = tail_start(entry);
    let mut frame = vec![0; MAGIC_BYTES + (found - tail_start) as usize];
    let (magic, tail) = frame.split_at_mut(MAGIC_BYTES);
    for (offset, into) in [(0, magic), (tail_start, tail)] {
        file.read_exact_at(into, offset).map_err(StoreError::io(path, "can not read"))?;
    }
    check_frame(entry, &frame)?;
    Ok((Source::Local(file), frame.into()))
}

fn read_pages(
    entry: &TileFile,
    tail: &Bytes,
    stride: usize,
    codec: Codec,
) -> Result<Vec<GroupPages>, StoreError> {
    let name = &entry.file.path;
    let mut reader = ParquetMetaDataReader::new().with_offset_index_policy(PageIndexPolicy::Required);
    reader.try_parse_sized(tail, entry.file.bytes).map_err(StoreError::parquet(name))?;
    let metadata = reader.finish().map_err(StoreError::parquet(name))?;
    let index = metadata.offset_index().ok_or(StoreError::Internal("a genotype file without page index"))?;
    if index.len() != entry.row_groups.len() {
        return Err(StoreError::corrupt(name, "row groups", entry.row_groups.len(), index.len()));
    }
    index
        .iter()
        .zip(&entry.row_groups)
        .map(|(columns, group)| {
            let pages = |column: usize, width: usize, packed: bool| {
                let locations = columns.get(column).map(|index| index.page_locations().as_slice());
                pages_of_column(locations.unwrap_or_default(), group, width, packed)
                    .ok_or_else(|| StoreError::corrupt(name, "the page index", "pages end to end", "others"))
            };
            Ok(GroupPages {
                genotypes: pages(GENOTYPES, stride, codec == Codec::Uncompressed)?,
                checksums: pages(CHECKSUM, size_of::<u64>(), true)?,
            })
        })
        .collect()
}

/// The pages of one column of a row group, whose values are `width` bytes each (`packed`: and not compressed);
/// `None` where they are not what readers rely on: end to end, inside the row group, and large enough.
fn pages_of_column(
    locations: &[PageLocation],
    group: &RowGroupEntry,
    width: usize,
    packed: bool,
) -> Option<Vec<Page>> {
    let mut pages: Vec<Page> = Vec::with_capacity(locations.len());
    for (number, location) in locations.iter().enumerate() {
        let next = locations.get(number + 1);
        let first_row = usize::try_from(location.first_row_index).ok()?;
        let end = next.map_or(i64::from(group.rows), |next| next.first_row_index);
        pages.push(Page {
            offset: u64::try_from(location.offset).ok()?,
            bytes: usize::try_from(location.compressed_page_size).ok()?,
            first_row,
            rows: usize::try_from(end).ok()?.checked_sub(first_row)?,
        });
    }
    let group_end = group.offset + group.bytes;
    let fits = |page: &Page| {
        let payload = if packed { page.rows * width } else { 0 };
        let inside = page.offset >= group.offset && page.offset + page.bytes as u64 <= group_end;
        page.rows > 0 && payload < page.bytes && inside
    };
    let whole = pages.first().is_some_and(|page| page.first_row == 0)
        && pages.iter().all(fits)
        && pages.is_sorted_by(|one, next| one.offset + one.bytes as u64 == next.offset);
    whole.then_some(pages)
}
