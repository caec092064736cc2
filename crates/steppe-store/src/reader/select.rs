use std::ops::Range;

use bytes::Bytes;
use steppe_kernels::Rows;

use super::{
    EachSelection, Scratch, TileReader,
    open_tile::{OpenTile, Page},
    scan::decode,
};
use crate::{Codec, RowGroup, SampleBlock, StoreError, hash::row_checksum};

/// Rows with less than this between them are read at once.
const GAP_BYTES: u64 = 8 << 10;
/// Most bytes that are read at once.
const RUN_BYTES: u64 = 256 << 10;
/// Most bytes of rows that are handed on at once.
const BATCH_BYTES: usize = 256 << 10;

/// Wanted rows that are read together: a piece of a page, or the whole page where it is compressed.
struct Run {
    page: Page,
    /// The bytes of the file.
    range: Range<u64>,
    /// Which of the wanted variants.
    wanted: Range<usize>,
}

/// See [`TileReader::select`].
pub(super) fn select(
    reader: &TileReader,
    tile: &OpenTile,
    group: &RowGroup,
    variants: &[u32],
    scratch: &mut Scratch,
    each: &mut EachSelection<'_>,
) -> Result<(), StoreError> {
    let block = *reader.block(group);
    let pages = tile.group(group.row_group)?;
    let row_of = |variant: u32| (variant - group.first_variant) as usize;
    let runs = plan(&pages.genotypes, variants, group.first_variant, block.stride, reader.codec())?;
    let checksum_pages: Vec<Page> = pages
        .checksums
        .iter()
        .filter(|page| {
            let from = variants.partition_point(|&variant| row_of(variant) < page.first_row);
            variants.get(from).is_some_and(|&variant| row_of(variant) < page.first_row + page.rows)
        })
        .copied()
        .collect();
    let fetched = tile.ranges(group, || {
        let checksums = checksum_pages.iter().map(|page| page.offset..page.offset + page.bytes as u64);
        checksums.chain(runs.iter().map(|run| run.range.clone())).collect()
    })?;
    let checksums = read_checksums(tile, &checksum_pages, fetched.as_deref(), variants, group.first_variant)?;
    let run_bytes = fetched.as_deref().map(|ranges| &ranges[checksum_pages.len()..]);
    let capacity = (BATCH_BYTES / block.stride).max(1);
    let checksums = &checksums;
    let mut batch = Batch { block, group, tile, variants, checksums, first: 0, filled: 0, capacity };
    for (number, run) in runs.iter().enumerate() {
        let fetched = run_bytes.and_then(|ranges| ranges.get(number));
        read_run(tile, run, fetched, block.stride, reader.codec(), scratch)?;
        batch.take(run, reader.codec(), scratch, each)?;
    }
    batch.hand_on(scratch, each)
}

/// Groups wanted rows into runs.
fn plan(
    pages: &[Page],
    variants: &[u32],
    first_variant: u32,
    stride: usize,
    codec: Codec,
) -> Result<Vec<Run>, StoreError> {
    let mut runs: Vec<Run> = Vec::new();
    for (number, &variant) in variants.iter().enumerate() {
        let row = (variant - first_variant) as usize;
        let after = pages.partition_point(|page| page.first_row <= row);
        let page = after.checked_sub(1).and_then(|index| pages.get(index)).copied();
        let page = page.ok_or(StoreError::Internal("a row that no page has"))?;
        let page_end = page.offset + page.bytes as u64;
        let range = match codec {
            Codec::Zstd => page.offset..page_end,
            Codec::Uncompressed => {
                let payload = page_end - (page.rows * stride) as u64;
                let start = payload + ((row - page.first_row) * stride) as u64;
                start..start + stride as u64
            }
        };
        match runs.last_mut() {
            Some(run)
                if run.page.offset == page.offset
                    && range.start <= run.range.end + GAP_BYTES
                    && range.end - run.range.start <= RUN_BYTES.max(page.bytes as u64) =>
            {
                run.range.end = range.end;
                run.wanted.end = number + 1;
            }
            _ => runs.push(Run { page, range, wanted: number..number + 1 }),
        }
    }
    Ok(runs)
}

/// The stored checksum of every wanted variant.
fn read_checksums(
    tile: &OpenTile,
    pages: &[Page],
    fetched: Option<&[Bytes]>,
    variants: &[u32],
    first_variant: u32,
) -> Result<Vec<u64>, StoreError> {
    const WIDTH: usize = size_of::<u64>();
    let mut checksums = Vec::with_capacity(variants.len());
    let mut buffer = Vec::new();
    for (number, page) in pages.iter().enumerate() {
        let raw: &[u8] = match fetched.and_then(|ranges| ranges.get(number)) {
            Some(bytes) => bytes,
            None => {
                buffer.resize(page.bytes, 0);
                tile.read_at(page.offset, &mut buffer)?;
                &buffer
            }
        };
        let values = &raw[page.bytes - page.rows * WIDTH..];
        let row_of = |variant: u32| (variant - first_variant) as usize;
        let rest = &variants[checksums.len()..];
        for &variant in rest.iter().take_while(|&&variant| row_of(variant) < page.first_row + page.rows) {
            let place = (row_of(variant) - page.first_row) * WIDTH;
            let mut value = [0; WIDTH];
            value.copy_from_slice(&values[place..place + WIDTH]);
            checksums.push(u64::from_le_bytes(value));
        }
    }
    if checksums.len() == variants.len() {
        return Ok(checksums);
    }
    Err(StoreError::Internal("a row that no page of checksums has"))
}

/// Compares the checksums of all rows of a row group with the stored ones.
pub(super) fn check_checksums(tile: &OpenTile, group: &RowGroup, found: &[u64]) -> Result<(), StoreError> {
    let pages = &tile.group(group.row_group)?.checksums;
    let variants: Vec<u32> = (group.first_variant..group.first_variant + group.rows).collect();
    let fetched = tile
        .ranges(group, || pages.iter().map(|page| page.offset..page.offset + page.bytes as u64).collect())?;
    let stored = read_checksums(tile, pages, fetched.as_deref(), &variants, group.first_variant)?;
    match stored.iter().zip(found).position(|(stored, found)| stored != found) {
        None if stored.len() == found.len() => Ok(()),
        None => Err(StoreError::corrupt(&tile.name, "checksums", stored.len(), found.len())),
        Some(row) => {
            let place = format!("the row of variant {}", variants[row]);
            Err(row_mismatch(tile, place, stored[row], found[row]))
        }
    }
}

fn row_mismatch(tile: &OpenTile, place: String, stored: u64, found: u64) -> StoreError {
    StoreError::corrupt(&tile.name, place, format!("{stored:016x}"), format!("{found:016x}"))
}

/// Brings the bytes of a run to `scratch.raw`.
fn read_run(
    tile: &OpenTile,
    run: &Run,
    fetched: Option<&Bytes>,
    stride: usize,
    codec: Codec,
    scratch: &mut Scratch,
) -> Result<(), StoreError> {
    let length = (run.range.end - run.range.start) as usize;
    let head = match codec {
        Codec::Uncompressed => 0,
        Codec::Zstd => length.saturating_sub(run.page.rows * stride),
    };
    let slot = scratch.raw.slot(head, length - head);
    match fetched {
        Some(bytes) => slot.copy_from_slice(bytes),
        None => tile.read_at(run.range.start, slot)?,
    }
    Ok(())
}

/// Rows that have been checked and wait to be handed on.
struct Batch<'a> {
    block: SampleBlock,
    group: &'a RowGroup,
    tile: &'a OpenTile,
    variants: &'a [u32],
    checksums: &'a [u64],
    /// The first of the waiting variants.
    first: usize,
    /// How many wait.
    filled: usize,
    capacity: usize,
}

impl Batch<'_> {
    /// Checks the wanted rows of the run in `scratch.raw`, and packs them.
    fn take(
        &mut self,
        run: &Run,
        codec: Codec,
        scratch: &mut Scratch,
        each: &mut EachSelection<'_>,
    ) -> Result<(), StoreError> {
        let stride = self.block.stride;
        let mut decoded = Vec::new();
        if codec == Codec::Zstd {
            // The decoder's target holds the waiting rows: they go first.
            self.hand_on(scratch, each)?;
            let payload = run.page.rows * stride;
            decode(self.tile, &run.page, payload, scratch)?;
            decoded = scratch.rows.slot(0, payload).to_vec();
        }
        for number in run.wanted.clone() {
            if self.filled == self.capacity {
                self.hand_on(scratch, each)?;
            }
            let variant = self.variants[number];
            let row = (variant - self.group.first_variant) as usize - run.page.first_row;
            let source: &[u8] = match codec {
                Codec::Zstd => &decoded[row * stride..][..stride],
                Codec::Uncompressed => {
                    let length = (run.range.end - run.range.start) as usize;
                    let payload = run.page.offset + run.page.bytes as u64 - (run.page.rows * stride) as u64;
                    let start = (payload + (row * stride) as u64 - run.range.start) as usize;
                    &scratch.raw.slot(0, length)[start..start + stride]
                }
            };
            let found = row_checksum(self.block.index, variant, source);
            if found != self.checksums[number] {
                let place = format!("the row of variant {variant}");
                return Err(row_mismatch(self.tile, place, self.checksums[number], found));
            }
            let into = scratch.rows.slot(0, self.capacity * stride);
            into[self.filled * stride..][..stride].copy_from_slice(source);
            self.filled += 1;
        }
        Ok(())
    }

    fn hand_on(&mut self, scratch: &mut Scratch, each: &mut EachSelection<'_>) -> Result<(), StoreError> {
        let waiting = self.first..self.first + self.filled;
        if waiting.is_empty() {
            return Ok(());
        }
        let stride = self.block.stride;
        let bytes = &scratch.rows.slot(0, self.capacity * stride)[..self.filled * stride];
        let rows = Rows { bytes, stride, rows: self.filled, samples: self.block.samples as usize };
        each(&self.variants[waiting.clone()], rows)?;
        self.first = waiting.end;
        self.filled = 0;
        Ok(())
    }
}
