use std::{
    io::{self, Write},
    sync::Arc,
};

use parquet::{
    basic::{Compression, Encoding, LogicalType, Repetition, Type as PhysicalType, ZstdLevel},
    errors::ParquetError,
    file::metadata::{
        ColumnChunkMetaData, FileMetaData, KeyValue, OffsetIndexBuilder, ParquetMetaDataBuilder,
        ParquetMetaDataWriter, RowGroupMetaData,
    },
    file::{page_index::offset_index::OffsetIndexMetaData, writer::TrackedWrite},
    schema::types::{PrimitiveTypeBuilder, SchemaDescPtr, SchemaDescriptor, Type},
};

use super::CREATED_BY;
use crate::Codec;

/// The pages of one column of one row group, as they were written.
#[derive(Default)]
pub(super) struct ColumnPages {
    /// Offset and bytes with header, and rows, of every page.
    pub(super) pages: Vec<(u64, usize, usize)>,
    /// The bytes of all pages with headers, had they not been compressed.
    pub(super) uncompressed: usize,
}

/// The schema of a genotype file.
pub(super) fn schema(stride: usize) -> Result<SchemaDescPtr, ParquetError> {
    let length = i32::try_from(stride).map_err(|_| ParquetError::General("rows are too long".to_owned()))?;
    let unsigned = |bits: i8| Some(LogicalType::integer(bits, false));
    let columns = [
        required("variant_index", PhysicalType::INT32).with_logical_type(unsigned(32)).build()?,
        required("genotypes", PhysicalType::FIXED_LEN_BYTE_ARRAY).with_length(length).build()?,
        required("checksum", PhysicalType::INT64).with_logical_type(unsigned(64)).build()?,
    ];
    let root = Type::group_type_builder("genotypes").with_fields(columns.map(Arc::new).to_vec()).build()?;
    Ok(Arc::new(SchemaDescriptor::new(Arc::new(root))))
}

fn required(name: &str, physical: PhysicalType) -> PrimitiveTypeBuilder<'_> {
    Type::primitive_type_builder(name, physical).with_repetition(Repetition::REQUIRED)
}

/// Row groups and their page indexes, gathered while a file is written.
pub(super) struct Footer {
    schema: SchemaDescPtr,
    codec: Codec,
    row_groups: Vec<RowGroupMetaData>,
    offset_indexes: Vec<Vec<OffsetIndexMetaData>>,
    rows: usize,
}

impl Footer {
    pub(super) fn new(stride: usize, codec: Codec) -> Result<Self, ParquetError> {
        let schema = schema(stride)?;
        Ok(Self { schema, codec, row_groups: Vec::new(), offset_indexes: Vec::new(), rows: 0 })
    }

    /// Adds a row group of so many rows from the pages of its three columns.
    pub(super) fn push(&mut self, rows: usize, columns: &[ColumnPages; 3]) -> Result<(), ParquetError> {
        let mut chunks = Vec::with_capacity(columns.len());
        let mut indexes = Vec::with_capacity(columns.len());
        for (column, pages) in columns.iter().enumerate() {
            chunks.push(self.chunk(column, rows, pages)?);
            indexes.push(offset_index(pages));
        }
        let uncompressed: usize = columns.iter().map(|pages| pages.uncompressed).sum();
        let first = columns[0].pages.first().map_or(0, |&(offset, ..)| offset);
        let ordinal = i16::try_from(self.row_groups.len())
            .map_err(|_| ParquetError::General("too many row groups in a part".to_owned()))?;
        let group = RowGroupMetaData::builder(Arc::clone(&self.schema))
            .set_num_rows(rows as i64)
            .set_total_byte_size(uncompressed as i64)
            .set_column_metadata(chunks)
            .set_ordinal(ordinal)
            .set_file_offset(first as i64)
            .build()?;
        self.row_groups.push(group);
        self.offset_indexes.push(indexes);
        self.rows += rows;
        Ok(())
    }

    fn chunk(
        &self,
        column: usize,
        rows: usize,
        pages: &ColumnPages,
    ) -> Result<ColumnChunkMetaData, ParquetError> {
        let compressed: usize = pages.pages.iter().map(|&(_, bytes, _)| bytes).sum();
        let codec = match self.codec {
            Codec::Zstd if column == super::GENOTYPES => Compression::ZSTD(ZstdLevel::try_new(1)?),
            _ => Compression::UNCOMPRESSED,
        };
        ColumnChunkMetaData::builder(self.schema.column(column))
            .set_encodings(vec![Encoding::PLAIN, Encoding::RLE])
            .set_compression(codec)
            .set_num_values(rows as i64)
            .set_total_compressed_size(compressed as i64)
            .set_total_uncompressed_size(pages.uncompressed as i64)
            .set_data_page_offset(pages.pages.first().map_or(0, |&(offset, ..)| offset) as i64)
            .build()
    }

    /// Page indexes and footer of a file whose row groups end at `position`.
    pub(super) fn into_bytes(
        self,
        position: u64,
        key_values: Vec<(String, String)>,
    ) -> Result<Vec<u8>, ParquetError> {
        let key_values = key_values.into_iter().map(|(key, value)| KeyValue::new(key, value)).collect();
        let created_by = Some(CREATED_BY.to_owned());
        let file = FileMetaData::new(1, self.rows as i64, created_by, Some(key_values), self.schema, None);
        let metadata = ParquetMetaDataBuilder::new(file)
            .set_row_groups(self.row_groups)
            .set_offset_index(Some(self.offset_indexes))
            .build();
        let mut tail = Tail { skip: position, bytes: Vec::new() };
        let mut out = TrackedWrite::new(&mut tail);
        advance(&mut out, position)?;
        ParquetMetaDataWriter::new_with_tracked(out, &metadata).finish()?;
        Ok(tail.bytes)
    }
}

/// Keeps what is written after the first `skip` bytes.
///
/// The library writes indexes and footers at the position that its writer has counted to; this one lets it count
/// over row groups that were written elsewhere.
struct Tail {
    skip: u64,
    bytes: Vec<u8>,
}

impl Write for Tail {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let skipped = self.skip.min(bytes.len() as u64);
        self.skip -= skipped;
        self.bytes.extend_from_slice(&bytes[skipped as usize..]);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Makes a writer count `position` bytes.
fn advance(out: &mut TrackedWrite<&mut Tail>, position: u64) -> io::Result<()> {
    const STEP: usize = 1 << 20;
    let zeros = vec![0; STEP];
    let mut left = position;
    while left > 0 {
        let step = left.min(STEP as u64);
        out.write_all(&zeros[..step as usize])?;
        left -= step;
    }
    Ok(())
}

fn offset_index(pages: &ColumnPages) -> OffsetIndexMetaData {
    let mut builder = OffsetIndexBuilder::new();
    for &(offset, bytes, rows) in &pages.pages {
        builder.append_offset_and_size(offset as i64, bytes as i32);
        builder.append_row_count(rows as i64);
    }
    builder.build()
}
