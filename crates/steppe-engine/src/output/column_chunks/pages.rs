//! Data pages made by hand, where a column writer would hash or compare every value to find out what is known.

use bytes::Bytes;
use parquet::{
    basic::{Compression, Encoding},
    column::{
        page::{CompressedPage, Page, PageWriter},
        writer::ColumnCloseResult,
    },
    errors::{ParquetError, Result},
    file::{
        metadata::ColumnChunkMetaData,
        statistics::Statistics,
        writer::{SerializedPageWriter, TrackedWrite},
    },
    schema::types::ColumnDescPtr,
};

use super::Chunk;

/// What a chunk consists of.
pub(super) struct Parts {
    /// The distinct values, PLAIN, and their number; without it the page is PLAIN itself.
    pub(super) dictionary: Option<(Vec<u8>, usize)>,
    /// The data page: definition levels and values.
    pub(super) data: Vec<u8>,
    /// All rows, the absent ones too.
    pub(super) rows: usize,
}

/// A chunk of one data page.
pub(super) fn chunk(
    column: ColumnDescPtr,
    parts: Parts,
    statistics: Option<Statistics>,
    compression: Compression,
) -> Result<Chunk> {
    let mut sink = TrackedWrite::new(Vec::new());
    let mut pages = SerializedPageWriter::new(&mut sink);
    let mut uncompressed = 0;
    let mut write = |page: Page| {
        let spec = pages.write_page(compressed(page, compression)?)?;
        uncompressed += spec.uncompressed_size as i64;
        Ok::<_, ParquetError>(spec.offset as i64)
    };
    let (mut encoding, mut dictionary_at) = (Encoding::PLAIN, None);
    if let Some((values, count)) = parts.dictionary {
        encoding = Encoding::RLE_DICTIONARY;
        dictionary_at = Some(write(Page::DictionaryPage {
            buf: values.into(),
            num_values: count as u32,
            encoding: Encoding::PLAIN,
            is_sorted: false,
        })?);
    }
    let data_at = write(Page::DataPage {
        buf: parts.data.into(),
        num_values: parts.rows as u32,
        encoding,
        def_level_encoding: Encoding::RLE,
        rep_level_encoding: Encoding::RLE,
        statistics: None,
    })?;
    let bytes = sink.into_inner()?;
    let mut metadata = ColumnChunkMetaData::builder(column)
        .set_encodings(vec![Encoding::PLAIN, Encoding::RLE, encoding])
        .set_compression(compression)
        .set_num_values(parts.rows as i64)
        .set_total_compressed_size(bytes.len() as i64)
        .set_total_uncompressed_size(uncompressed)
        .set_dictionary_page_offset(dictionary_at)
        .set_data_page_offset(data_at);
    if let Some(statistics) = statistics {
        metadata = metadata.set_statistics(statistics);
    }
    let close = ColumnCloseResult {
        bytes_written: bytes.len() as u64,
        rows_written: parts.rows as u64,
        metadata: metadata.build()?,
        bloom_filter: None,
        column_index: None,
        offset_index: None,
    };
    Ok(Chunk { bytes: bytes.into(), close })
}

/// A column that holds one value (given PLAIN) `rows` times.
pub(super) fn constant(
    column: ColumnDescPtr,
    value: Vec<u8>,
    statistics: Statistics,
    rows: usize,
) -> Result<Chunk> {
    // A bit width of 1, and one run of the index 0.
    let mut data = vec![1];
    push_run(&mut data, rows, 0);
    let parts = Parts { dictionary: Some((value, 1)), data, rows };
    chunk(column, parts, Some(statistics), Compression::UNCOMPRESSED)
}

/// A page, compressed where that is asked for.
fn compressed(page: Page, compression: Compression) -> Result<CompressedPage> {
    let before = page.buffer().len();
    if i32::try_from(before).is_err() {
        return Err(ParquetError::General(format!("a page of {before} bytes, and Parquet's limit is 2 GiB")));
    }
    if compression == Compression::UNCOMPRESSED {
        return Ok(CompressedPage::new(page, before));
    }
    let squeezed = |bytes: &Bytes| {
        let squeezed = snap::raw::Encoder::new().compress_vec(bytes);
        squeezed.map(Bytes::from).map_err(|error| ParquetError::External(Box::new(error)))
    };
    let page = match page {
        Page::DictionaryPage { buf, num_values, encoding, is_sorted } => {
            Page::DictionaryPage { buf: squeezed(&buf)?, num_values, encoding, is_sorted }
        }
        Page::DataPage { buf, num_values, encoding, def_level_encoding, rep_level_encoding, statistics } => {
            Page::DataPage {
                buf: squeezed(&buf)?,
                num_values,
                encoding,
                def_level_encoding,
                rep_level_encoding,
                statistics,
            }
        }
        page @ Page::DataPageV2 { .. } => page,
    };
    Ok(CompressedPage::new(page, before))
}

/// A text as PLAIN has it: its length, then its bytes.
pub(super) fn plain_text(text: &str) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(4 + text.len());
    push_plain_text(&mut bytes, text);
    bytes
}

pub(super) fn push_plain_text(bytes: &mut Vec<u8>, text: &str) {
    bytes.extend_from_slice(&(text.len() as u32).to_le_bytes());
    bytes.extend_from_slice(text.as_bytes());
}

/// Definition levels of a column without nesting: whether each row has a value.
pub(super) fn push_presence(data: &mut Vec<u8>, present: &[bool]) {
    let mut levels = Vec::new();
    if present.iter().all(|&present| present) {
        push_run(&mut levels, present.len(), 1);
    } else {
        push_packed(&mut levels, 1, present.iter().map(|&present| u32::from(present)));
    }
    data.extend_from_slice(&(levels.len() as u32).to_le_bytes());
    data.extend_from_slice(&levels);
}

/// A run of one value of at most 8 bits, in the RLE half of Parquet's hybrid encoding.
pub(super) fn push_run(data: &mut Vec<u8>, length: usize, value: u8) {
    push_varint(data, (length as u64) << 1);
    data.push(value);
}

/// Values of `width` bits, in the bit-packed half of the hybrid encoding: groups of eight, lowest bit first.
pub(super) fn push_packed(data: &mut Vec<u8>, width: u32, values: impl ExactSizeIterator<Item = u32>) {
    let groups = values.len().div_ceil(8);
    push_varint(data, (groups as u64) << 1 | 1);
    let end = data.len() + groups * width as usize;
    let (mut bits, mut count) = (0u64, 0);
    for value in values {
        bits |= u64::from(value) << count;
        count += width;
        while count >= 8 {
            data.push(bits as u8);
            bits >>= 8;
            count -= 8;
        }
    }
    if count > 0 {
        data.push(bits as u8);
    }
    data.resize(end, 0);
}

fn push_varint(data: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        data.push(value as u8 & 0x7f | 0x80);
        value >>= 7;
    }
    data.push(value as u8);
}
