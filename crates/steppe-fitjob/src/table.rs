//! Tables that are written twice: as tab-separated text for people, as Parquet for programs.

use std::{borrow::Cow, path::Path, sync::Arc};
use steppe_engine::{
    EngineError,
    output::{HashingFile, OutputRecord},
};

use arrow::{
    array::{ArrayRef, BooleanArray, Float64Array, RecordBatch, StringArray, UInt32Array},
    datatypes::{DataType, Field, Schema},
};
use parquet::{
    arrow::ArrowWriter,
    basic::{Compression, ZstdLevel},
    file::properties::WriterProperties,
};

use super::output_file::write_file;

/// A column's values; `None` where there is none.
pub(super) enum Cells<'a> {
    Text(Vec<Option<Cow<'a, str>>>),
    Count(Vec<Option<u32>>),
    Number(Vec<Option<f64>>),
    Flag(Vec<bool>),
}

impl Cells<'_> {
    fn kind(&self) -> DataType {
        match self {
            Self::Text(_) => DataType::Utf8,
            Self::Count(_) => DataType::UInt32,
            Self::Number(_) => DataType::Float64,
            Self::Flag(_) => DataType::Boolean,
        }
    }

    fn len(&self) -> usize {
        match self {
            Self::Text(values) => values.len(),
            Self::Count(values) => values.len(),
            Self::Number(values) => values.len(),
            Self::Flag(values) => values.len(),
        }
    }

    /// The shortest text that is read back as the same value.
    fn text(&self, row: usize) -> Cow<'_, str> {
        const NONE: &str = "NA";
        match self {
            Self::Text(values) => values[row].as_deref().map_or(NONE.into(), Cow::from),
            Self::Count(values) => values[row].map_or(NONE.into(), |value| value.to_string().into()),
            Self::Number(values) => values[row].map_or(NONE.into(), |value| format!("{value:?}").into()),
            Self::Flag(values) => if values[row] { "1" } else { "0" }.into(),
        }
    }

    fn array(&self) -> ArrayRef {
        match self {
            Self::Text(values) => Arc::new(StringArray::from_iter(values.iter().map(Option::as_deref))),
            Self::Count(values) => Arc::new(UInt32Array::from(values.clone())),
            Self::Number(values) => Arc::new(Float64Array::from(values.clone())),
            Self::Flag(values) => Arc::new(BooleanArray::from(values.clone())),
        }
    }
}

/// Named columns of one length.
pub(super) struct Table<'a, N = &'static str>(pub(super) Vec<(N, Cells<'a>)>);

impl<N: AsRef<str>> Table<'_, N> {
    fn rows(&self) -> usize {
        self.0.first().map_or(0, |(_, cells)| cells.len())
    }

    fn schema(&self) -> Arc<Schema> {
        let field = |(name, cells): &(N, Cells<'_>)| {
            Field::new(name.as_ref(), cells.kind(), !matches!(cells, Cells::Flag(_)))
        };
        Arc::new(Schema::new(self.0.iter().map(field).collect::<Vec<_>>()))
    }

    /// Writes the table as `NAME.tsv` and `NAME.parquet`.
    pub(super) fn write_both(&self, folder: &Path, name: &str) -> Result<Vec<OutputRecord>, EngineError> {
        let mut parquet = ParquetFile::create(folder, &format!("{name}.parquet"), self)?;
        parquet.write(self)?;
        Ok(vec![self.write_text(folder, &format!("{name}.tsv"))?, parquet.finish()?])
    }

    pub(super) fn write_text(&self, folder: &Path, name: &str) -> Result<OutputRecord, EngineError> {
        let mut text: String = self.0.iter().map(|(name, _)| name.as_ref()).collect::<Vec<_>>().join("\t");
        text.push('\n');
        for row in 0..self.rows() {
            let cells: Vec<Cow<'_, str>> = self.0.iter().map(|(_, cells)| cells.text(row)).collect();
            text.push_str(&cells.join("\t"));
            text.push('\n');
        }
        write_file(folder, name, text.as_bytes())
    }
}

/// A Parquet file that tables of one form are appended to.
pub(super) struct ParquetFile {
    name: String,
    schema: Arc<Schema>,
    writer: ArrowWriter<HashingFile>,
}

impl ParquetFile {
    /// Creates `folder/name` for tables with the columns of `form`.
    pub(super) fn create<N: AsRef<str>>(
        folder: &Path,
        name: &str,
        form: &Table<'_, N>,
    ) -> Result<Self, EngineError> {
        let schema = form.schema();
        let compression = Compression::ZSTD(ZstdLevel::default());
        let properties = WriterProperties::builder().set_compression(compression).build();
        let file = HashingFile::create(folder, name)?;
        let writer = ArrowWriter::try_new(file, Arc::clone(&schema), Some(properties))
            .map_err(EngineError::parquet(name))?;
        Ok(Self { name: name.to_owned(), schema, writer })
    }

    /// Appends a table.
    pub(super) fn write<N: AsRef<str>>(&mut self, table: &Table<'_, N>) -> Result<(), EngineError> {
        let arrays = table.0.iter().map(|(_, cells)| cells.array()).collect();
        let batch = RecordBatch::try_new(Arc::clone(&self.schema), arrays)
            .map_err(|error| EngineError::parquet(&self.name)(error.into()))?;
        self.writer.write(&batch).map_err(EngineError::parquet(&self.name))
    }

    /// Writes the footer.
    pub(super) fn finish(self) -> Result<OutputRecord, EngineError> {
        self.writer.into_inner().map_err(EngineError::parquet(self.name))?.finish()
    }
}
