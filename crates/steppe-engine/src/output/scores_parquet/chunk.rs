use std::sync::Arc;

use bytes::Bytes;
use parquet::{
    basic::{Compression, Encoding},
    column::{
        page::{CompressedPage, Page, PageWriter},
        writer::{ColumnCloseResult, ColumnWriter, get_column_writer},
    },
    data_type::ByteArray,
    errors::{ParquetError, Result},
    file::{
        metadata::ColumnChunkMetaData,
        properties::WriterPropertiesPtr,
        statistics::Statistics,
        writer::{SerializedPageWriter, TrackedWrite},
    },
    schema::types::{ColumnDescPtr, SchemaDescriptor},
};

use super::FILE;
use crate::EngineError;

/// An encoded column chunk, to be appended to as many row groups as have it.
pub(super) struct Chunk {
    bytes: Bytes,
    close: ColumnCloseResult,
}

impl Chunk {
    pub(super) fn bytes(&self) -> &Bytes {
        &self.bytes
    }

    pub(super) fn close(&self) -> ColumnCloseResult {
        self.close.clone()
    }
}

/// Encodes column chunks in memory.
pub(super) struct ChunkWriter {
    schema: Arc<SchemaDescriptor>,
    properties: WriterPropertiesPtr,
}

impl ChunkWriter {
    pub(super) fn new(schema: Arc<SchemaDescriptor>, properties: WriterPropertiesPtr) -> Self {
        Self { schema, properties }
    }

    pub(super) fn doubles(&self, column: usize, values: &[f64]) -> Result<Chunk, EngineError> {
        self.encode(column, 8 * values.len(), |writer| match writer {
            ColumnWriter::DoubleColumnWriter(typed) => typed.write_batch(values, None, None),
            _ => Err(wrong_type(column)),
        })
    }

    pub(super) fn integers(&self, column: usize, values: &[i64]) -> Result<Chunk, EngineError> {
        self.encode(column, values.len(), |writer| match writer {
            ColumnWriter::Int64ColumnWriter(typed) => typed.write_batch(values, None, None),
            _ => Err(wrong_type(column)),
        })
    }

    pub(super) fn strings(&self, column: usize, values: &[ByteArray]) -> Result<Chunk, EngineError> {
        self.encode(column, 8 * values.len(), |writer| match writer {
            ColumnWriter::ByteArrayColumnWriter(typed) => typed.write_batch(values, None, None),
            _ => Err(wrong_type(column)),
        })
    }

    fn encode(
        &self,
        column: usize,
        expected_bytes: usize,
        write: impl FnOnce(&mut ColumnWriter<'_>) -> Result<usize>,
    ) -> Result<Chunk, EngineError> {
        let run = || {
            let mut sink = TrackedWrite::new(Vec::with_capacity(expected_bytes + 1024));
            let pages = Box::new(SerializedPageWriter::new(&mut sink));
            let mut writer = get_column_writer(self.column(column), Arc::clone(&self.properties), pages);
            write(&mut writer)?;
            let close = writer.close()?;
            Ok(Chunk { bytes: Bytes::from(sink.into_inner()?), close })
        };
        run().map_err(EngineError::parquet(FILE))
    }

    fn column(&self, column: usize) -> ColumnDescPtr {
        self.schema.column(column)
    }

    /// A column that holds one string `rows` times; its statistics let readers skip other scores' row groups.
    pub(super) fn constant_string(
        &self,
        column: usize,
        value: &str,
        rows: usize,
    ) -> Result<Chunk, EngineError> {
        let mut dictionary = (value.len() as u32).to_le_bytes().to_vec();
        dictionary.extend_from_slice(value.as_bytes());
        let bound = || Some(ByteArray::from(value));
        let statistics = Statistics::byte_array(bound(), bound(), None, Some(0), false);
        self.constant(column, dictionary, statistics, rows).map_err(EngineError::parquet(FILE))
    }

    /// A column that holds one integer `rows` times.
    pub(super) fn constant_integer(
        &self,
        column: usize,
        value: i64,
        rows: usize,
    ) -> Result<Chunk, EngineError> {
        let statistics = Statistics::int64(Some(value), Some(value), None, Some(0), false);
        self.constant(column, value.to_le_bytes().to_vec(), statistics, rows)
            .map_err(EngineError::parquet(FILE))
    }

    /// A dictionary of one value, and one run of its index: what a column writer would make of it after looking at
    /// every row.
    fn constant(
        &self,
        column: usize,
        dictionary: Vec<u8>,
        statistics: Statistics,
        rows: usize,
    ) -> Result<Chunk> {
        let mut sink = TrackedWrite::new(Vec::new());
        let mut pages = SerializedPageWriter::new(&mut sink);
        let dictionary_spec = pages.write_page(uncompressed(Page::DictionaryPage {
            buf: dictionary.into(),
            num_values: 1,
            encoding: Encoding::PLAIN,
            is_sorted: false,
        }))?;
        let data_spec = pages.write_page(uncompressed(Page::DataPage {
            buf: run_of_zeros(rows).into(),
            num_values: rows as u32,
            encoding: Encoding::RLE_DICTIONARY,
            def_level_encoding: Encoding::RLE,
            rep_level_encoding: Encoding::RLE,
            statistics: None,
        }))?;
        let bytes = sink.into_inner()?;
        let metadata = ColumnChunkMetaData::builder(self.column(column))
            .set_encodings(vec![Encoding::PLAIN, Encoding::RLE, Encoding::RLE_DICTIONARY])
            .set_compression(Compression::UNCOMPRESSED)
            .set_num_values(rows as i64)
            .set_total_compressed_size(bytes.len() as i64)
            .set_total_uncompressed_size(bytes.len() as i64)
            .set_dictionary_page_offset(Some(dictionary_spec.offset as i64))
            .set_data_page_offset(data_spec.offset as i64)
            .set_statistics(statistics)
            .build()?;
        let close = ColumnCloseResult {
            bytes_written: bytes.len() as u64,
            rows_written: rows as u64,
            metadata,
            bloom_filter: None,
            column_index: None,
            offset_index: None,
        };
        Ok(Chunk { bytes: bytes.into(), close })
    }
}

fn uncompressed(page: Page) -> CompressedPage {
    let bytes = page.buffer().len();
    CompressedPage::new(page, bytes)
}

/// RLE_DICTIONARY data: a bit width of 1, and one run of `rows` zeros (header `rows << 1`, value 0).
fn run_of_zeros(rows: usize) -> Vec<u8> {
    let mut data = vec![1u8];
    let mut header = (rows as u64) << 1;
    while header >= 0x80 {
        data.push((header as u8 & 0x7f) | 0x80);
        header >>= 7;
    }
    data.push(header as u8);
    data.push(0);
    data
}

fn wrong_type(column: usize) -> ParquetError {
    ParquetError::General(format!("column {column} has another type than its values"))
}
