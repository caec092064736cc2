use steppe_kernels::Rows;

use super::{
    EachRun, Scratch, TileReader,
    open_tile::{OpenTile, Page, compare_row_group},
};
use crate::{Codec, RowGroup, StoreError, hash::Xxh3Hasher, tile::plain_header_length};

/// Bytes of the narrow columns that are read and hashed at once.
const NARROW_BYTES: usize = 256 << 10;

/// See [`TileReader::scan`].
///
/// Local bytes are read page by page into one buffer that stays in the cache, hashed there and handed on there.
/// Row groups of objects are fetched or taken from the cache whole, and checked before the first row is handed on.
pub(super) fn scan(
    reader: &TileReader,
    tile: &OpenTile,
    group: &RowGroup,
    scratch: &mut Scratch,
    each: &mut EachRun<'_>,
) -> Result<(), StoreError> {
    let block = *reader.block(group);
    let pages = &tile.group(group.row_group)?.genotypes;
    let end = group.offset + group.bytes;
    let whole = tile.row_group(group)?;
    let read = |offset: u64, into: &mut [u8]| match &whole {
        Some(bytes) => {
            let start = (offset - group.offset) as usize;
            into.copy_from_slice(&bytes[start..start + into.len()]);
            Ok(())
        }
        None => tile.read_at(offset, into),
    };
    let mut hasher = Xxh3Hasher::new();
    let genotypes = pages.first().map_or(end, |page| page.offset);
    if whole.is_none() {
        hash_range(tile, group.offset..genotypes, scratch, &mut hasher)?;
    }
    let mut position = genotypes;
    for page in pages {
        let payload = page.rows * block.stride;
        let head = page.bytes.saturating_sub(payload);
        let slot = scratch.raw.slot(head, page.bytes - head);
        read(page.offset, slot)?;
        if whole.is_none() {
            hasher.write(slot);
        }
        position = page.offset + page.bytes as u64;
        let first_variant = group.first_variant + page.first_row as u32;
        let bytes = match reader.codec() {
            Codec::Uncompressed => &scratch.raw.slot(head, page.bytes - head)[head..],
            Codec::Zstd => {
                decode(tile, page, payload, scratch)?;
                scratch.rows.slot(0, payload)
            }
        };
        let rows = Rows { bytes, stride: block.stride, rows: page.rows, samples: block.samples as usize };
        each(first_variant, rows)?;
    }
    if whole.is_some() {
        return Ok(());
    }
    hash_range(tile, position..end, scratch, &mut hasher)?;
    compare_row_group(&tile.name, group, hasher.finish_128())
}

/// Hashes bytes of a local file that are no genotypes.
fn hash_range(
    tile: &OpenTile,
    range: std::ops::Range<u64>,
    scratch: &mut Scratch,
    hasher: &mut Xxh3Hasher,
) -> Result<(), StoreError> {
    let mut position = range.start;
    while position < range.end {
        let step = (range.end - position).min(NARROW_BYTES as u64);
        let slot = scratch.raw.slot(0, step as usize);
        tile.read_at(position, slot)?;
        hasher.write(slot);
        position += step;
    }
    Ok(())
}

/// Decompresses the page in `scratch.raw` to `scratch.rows`.
pub(super) fn decode(
    tile: &OpenTile,
    page: &Page,
    payload: usize,
    scratch: &mut Scratch,
) -> Result<(), StoreError> {
    scratch.decoder()?;
    let head = page.bytes.saturating_sub(payload);
    let raw = scratch.raw.slot(head, page.bytes - head);
    let wrong = |found: String| {
        StoreError::corrupt(&tile.name, format!("the page at {}", page.offset), "a page of zstd", found)
    };
    let header = plain_header_length(page.rows, payload, page.bytes)
        .ok_or_else(|| wrong("another size".to_owned()))?;
    let decoder = scratch.decoder.as_mut().ok_or(StoreError::Internal("no zstd decoder"))?;
    let into = scratch.rows.slot(0, payload);
    let written =
        decoder.decompress_to_buffer(&raw[header..], into).map_err(|error| wrong(error.to_string()))?;
    if written == payload { Ok(()) } else { Err(wrong(format!("{written} bytes"))) }
}
