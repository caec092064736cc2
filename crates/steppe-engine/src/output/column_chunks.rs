//! Parquet column chunks that are encoded in memory: on any thread, and appended to as many row groups as have them.

mod pages;
mod texts;

use std::{io::Write, sync::Arc};

use bytes::Bytes;
use parquet::{
    column::writer::{ColumnCloseResult, ColumnWriter, get_column_writer},
    data_type::ByteArray,
    errors::{ParquetError, Result},
    file::{
        properties::WriterPropertiesPtr,
        statistics::Statistics,
        writer::{SerializedFileWriter, SerializedPageWriter, TrackedWrite},
    },
    schema::types::{ColumnDescPtr, SchemaDescriptor, TypePtr},
};

use crate::EngineError;

/// An encoded column chunk, to be appended to as many row groups as have it.
pub(super) struct Chunk {
    bytes: Bytes,
    close: ColumnCloseResult,
}

/// Appends a row group that is made of the given chunks, in column order.
pub(super) fn append_row_group<'a, W: Write + Send>(
    file: &'static str,
    writer: &mut SerializedFileWriter<W>,
    chunks: impl IntoIterator<Item = &'a Chunk>,
) -> std::result::Result<(), EngineError> {
    let append = || {
        let mut group = writer.next_row_group()?;
        for chunk in chunks {
            group.append_column(&chunk.bytes, chunk.close.clone())?;
        }
        group.close()
    };
    append().map(drop).map_err(EngineError::parquet(file))
}

/// Encodes the column chunks of one file. Absent values are possible where the schema says so.
pub(super) struct ChunkWriter {
    file: &'static str,
    schema: SchemaDescriptor,
    properties: WriterPropertiesPtr,
}

impl ChunkWriter {
    pub(super) fn new(file: &'static str, schema: &TypePtr, properties: WriterPropertiesPtr) -> Self {
        Self { file, schema: SchemaDescriptor::new(Arc::clone(schema)), properties }
    }

    pub(super) fn doubles(&self, column: usize, values: &[f64]) -> std::result::Result<Chunk, EngineError> {
        self.encode(column, 8 * values.len(), |writer| match writer {
            ColumnWriter::DoubleColumnWriter(typed) => typed.write_batch(values, None, None),
            _ => Err(wrong_type(column)),
        })
    }

    pub(super) fn integers(&self, column: usize, values: &[i64]) -> std::result::Result<Chunk, EngineError> {
        self.encode(column, values.len(), |writer| match writer {
            ColumnWriter::Int64ColumnWriter(typed) => typed.write_batch(values, None, None),
            _ => Err(wrong_type(column)),
        })
    }

    pub(super) fn booleans(&self, column: usize, values: &[bool]) -> std::result::Result<Chunk, EngineError> {
        self.encode(column, values.len() / 8, |writer| match writer {
            ColumnWriter::BoolColumnWriter(typed) => typed.write_batch(values, None, None),
            _ => Err(wrong_type(column)),
        })
    }

    pub(super) fn optional_doubles(
        &self,
        column: usize,
        values: &[Option<f64>],
    ) -> std::result::Result<Chunk, EngineError> {
        let (present, levels) = split(values, |value| value);
        self.encode(column, 8 * present.len(), |writer| match writer {
            ColumnWriter::DoubleColumnWriter(typed) => typed.write_batch(&present, Some(&levels), None),
            _ => Err(wrong_type(column)),
        })
    }

    pub(super) fn optional_integers(
        &self,
        column: usize,
        values: &[Option<u32>],
    ) -> std::result::Result<Chunk, EngineError> {
        let (present, levels) = split(values, u32::cast_signed);
        self.encode(column, 4 * present.len(), |writer| match writer {
            ColumnWriter::Int32ColumnWriter(typed) => typed.write_batch(&present, Some(&levels), None),
            _ => Err(wrong_type(column)),
        })
    }

    pub(super) fn strings<'a>(
        &self,
        column: usize,
        values: impl Iterator<Item = &'a str>,
    ) -> std::result::Result<Chunk, EngineError> {
        let (mut text, mut ends) = (String::new(), vec![0]);
        for value in values {
            text.push_str(value);
            ends.push(text.len());
        }
        // Parts of one allocation, not one of each.
        let text = Bytes::from(text);
        let values: Vec<ByteArray> =
            ends.windows(2).map(|ends| ByteArray::from(text.slice(ends[0]..ends[1]))).collect();
        self.encode(column, text.len(), |writer| match writer {
            ColumnWriter::ByteArrayColumnWriter(typed) => typed.write_batch(&values, None, None),
            _ => Err(wrong_type(column)),
        })
    }

    fn encode(
        &self,
        column: usize,
        expected_bytes: usize,
        write: impl FnOnce(&mut ColumnWriter<'_>) -> Result<usize>,
    ) -> std::result::Result<Chunk, EngineError> {
        let run = || {
            let mut sink = TrackedWrite::new(Vec::with_capacity(expected_bytes + 1024));
            let pages = Box::new(SerializedPageWriter::new(&mut sink));
            let mut writer = get_column_writer(self.column(column), Arc::clone(&self.properties), pages);
            write(&mut writer)?;
            let close = writer.close()?;
            Ok(Chunk { bytes: Bytes::from(sink.into_inner()?), close })
        };
        run().map_err(EngineError::parquet(self.file))
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
    ) -> std::result::Result<Chunk, EngineError> {
        let bound = || Some(ByteArray::from(value));
        let statistics = Statistics::byte_array(bound(), bound(), None, Some(0), false);
        pages::constant(self.column(column), pages::plain_text(value), statistics, rows)
            .map_err(EngineError::parquet(self.file))
    }

    /// A column that holds one integer `rows` times.
    pub(super) fn constant_integer(
        &self,
        column: usize,
        value: i64,
        rows: usize,
    ) -> std::result::Result<Chunk, EngineError> {
        let statistics = Statistics::int64(Some(value), Some(value), None, Some(0), false);
        pages::constant(self.column(column), value.to_le_bytes().to_vec(), statistics, rows)
            .map_err(EngineError::parquet(self.file))
    }

    /// A column of texts of which most recur.
    pub(super) fn dictionary_texts<'a>(
        &self,
        column: usize,
        values: impl ExactSizeIterator<Item = Option<&'a str>>,
    ) -> std::result::Result<Chunk, EngineError> {
        texts::dictionary(self.column(column), values).map_err(EngineError::parquet(self.file))
    }

    /// A column of texts that are mostly different.
    pub(super) fn plain_texts<'a>(
        &self,
        column: usize,
        values: impl ExactSizeIterator<Item = Option<&'a str>>,
    ) -> std::result::Result<Chunk, EngineError> {
        texts::plain(self.column(column), values).map_err(EngineError::parquet(self.file))
    }
}

/// The values that are there, and one definition level a row.
fn split<T: Copy, U>(values: &[Option<T>], convert: impl Fn(T) -> U) -> (Vec<U>, Vec<i16>) {
    let present = values.iter().flatten().map(|&value| convert(value)).collect();
    (present, values.iter().map(|value| i16::from(value.is_some())).collect())
}

fn wrong_type(column: usize) -> ParquetError {
    ParquetError::General(format!("column {column} has another type than its values"))
}
