//! Tables that are written twice: as tab-separated text for people, as Parquet for programs.

use std::{borrow::Cow, io::Write as _, path::Path, sync::Arc};
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
    file::properties::{WriterProperties, WriterPropertiesBuilder},
};

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
            Self::Count(values) => Arc::new(values.iter().copied().collect::<UInt32Array>()),
            Self::Number(values) => Arc::new(values.iter().copied().collect::<Float64Array>()),
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
        let mut text = TextFile::create(folder, name, self)?;
        text.write(self)?;
        text.finish()
    }
}

/// Text that is gathered before it is hashed and written.
const GATHERED: usize = 1 << 16;

/// A tab-separated file that tables of one form are appended to.
struct TextFile {
    name: String,
    file: HashingFile,
    text: String,
}

impl TextFile {
    /// Creates `folder/name` with the names of the columns of `form`.
    fn create<N: AsRef<str>>(folder: &Path, name: &str, form: &Table<'_, N>) -> Result<Self, EngineError> {
        let mut text: String = form.0.iter().map(|(name, _)| name.as_ref()).collect::<Vec<_>>().join("\t");
        text.push('\n');
        Ok(Self { name: name.to_owned(), file: HashingFile::create(folder, name)?, text })
    }

    /// Appends a table.
    fn write<N: AsRef<str>>(&mut self, table: &Table<'_, N>) -> Result<(), EngineError> {
        for row in 0..table.rows() {
            for (at, (_, cells)) in table.0.iter().enumerate() {
                if at > 0 {
                    self.text.push('\t');
                }
                self.text.push_str(&cells.text(row));
            }
            self.text.push('\n');
            if self.text.len() >= GATHERED {
                self.pass_on()?;
            }
        }
        Ok(())
    }

    fn pass_on(&mut self) -> Result<(), EngineError> {
        self.file.write_all(self.text.as_bytes()).map_err(EngineError::write(self.name.clone()))?;
        self.text.clear();
        Ok(())
    }

    fn finish(mut self) -> Result<OutputRecord, EngineError> {
        self.pass_on()?;
        self.file.finish()
    }
}

/// `NAME.tsv` and `NAME.parquet` of a table that is made piece by piece, since the whole would take much memory.
pub(super) struct LongTable {
    text: TextFile,
    parquet: ParquetFile,
}

impl LongTable {
    /// Creates both files for pieces with the columns of `form`.
    pub(super) fn create(folder: &Path, name: &str, form: &Table<'_>) -> Result<Self, EngineError> {
        let properties = WriterProperties::builder()
            .set_max_row_group_row_count(Some(GROUP_ROWS))
            .set_data_page_size_limit(PAGE_BYTES)
            .set_dictionary_enabled(false);
        // Numbers are nearly all different: a dictionary of them is memory for nothing.
        let texts = form.0.iter().filter(|(_, cells)| matches!(cells, Cells::Text(_)));
        let properties =
            texts.fold(properties, |to, (name, _)| to.set_column_dictionary_enabled((*name).into(), true));
        Ok(Self {
            text: TextFile::create(folder, &format!("{name}.tsv"), form)?,
            parquet: ParquetFile::with(properties, folder, &format!("{name}.parquet"), form)?,
        })
    }

    /// Appends a piece.
    pub(super) fn write(&mut self, piece: &Table<'_>) -> Result<(), EngineError> {
        self.text.write(piece)?;
        self.parquet.write(piece)
    }

    /// What follows goes to another group of rows.
    pub(super) fn end_group(&mut self) -> Result<(), EngineError> {
        self.parquet.writer.flush().map_err(EngineError::parquet(&self.parquet.name))
    }

    pub(super) fn finish(self) -> Result<Vec<OutputRecord>, EngineError> {
        Ok(vec![self.text.finish()?, self.parquet.finish()?])
    }
}

/// Rows of a group of a [`LongTable`] at most, which is in memory until it is complete.
const GROUP_ROWS: usize = 1 << 16;
/// Bytes of a page of a [`LongTable`]'s column.
const PAGE_BYTES: usize = 1 << 16;

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
        Self::with(WriterProperties::builder(), folder, name, form)
    }

    fn with<N: AsRef<str>>(
        properties: WriterPropertiesBuilder,
        folder: &Path,
        name: &str,
        form: &Table<'_, N>,
    ) -> Result<Self, EngineError> {
        let schema = form.schema();
        let properties = properties.set_compression(Compression::ZSTD(ZstdLevel::default())).build();
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

#[cfg(test)]
mod tests {
    use arrow::compute::concat_batches;
    use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

    use super::*;

    fn rows(from: u32, to: u32) -> Table<'static> {
        let all = || from..to;
        Table(vec![
            ("name", Cells::Text(all().map(|row| (row % 7 > 0).then(|| format!("n{row}").into())).collect())),
            ("count", Cells::Count(all().map(|row| (row % 5 > 0).then_some(row)).collect())),
            ("number", Cells::Number(all().map(|row| (row % 3 > 0).then(|| f64::from(row) / 7.0)).collect())),
            ("flag", Cells::Flag(all().map(|row| row % 2 == 0).collect())),
        ])
    }

    #[test]
    fn a_table_in_pieces_is_the_whole_one() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = |name: &str| folder.path().join(name);
        rows(0, 30_000).write_both(folder.path(), "whole").expect("files");
        let mut pieces = LongTable::create(folder.path(), "pieces", &rows(0, 0)).expect("files");
        for (from, to, ends) in [(0, 1, false), (1, 9_000, true), (9_000, 30_000, true)] {
            pieces.write(&rows(from, to)).expect("a piece");
            if ends {
                pieces.end_group().expect("a group");
            }
        }
        let outputs = pieces.finish().expect("files");
        for (output, name) in outputs.iter().zip(["pieces.tsv", "pieces.parquet"]) {
            let bytes = std::fs::read(path(name)).expect("a file");
            assert_eq!((output.name.as_str(), output.bytes), (name, bytes.len() as u64));
            assert_eq!(output.blake3, blake3::hash(&bytes).to_hex().as_str());
        }
        let text = |name: &str| std::fs::read_to_string(path(name)).expect("a table");
        assert!(text("pieces.tsv") == text("whole.tsv"), "the texts differ");
        let read = |name: &str| {
            let file = std::fs::File::open(path(name)).expect("a file");
            let reader = ParquetRecordBatchReaderBuilder::try_new(file).expect("a table");
            let groups = reader.metadata().num_row_groups();
            let schema = Arc::clone(reader.schema());
            let batches: Vec<_> =
                reader.build().expect("a table").collect::<Result<_, _>>().expect("its rows");
            (groups, concat_batches(&schema, &batches).expect("its rows"))
        };
        let ((groups, found), (_, whole)) = (read("pieces.parquet"), read("whole.parquet"));
        assert_eq!(groups, 2, "a group ends where it is told to");
        assert!(found == whole, "the rows differ");
    }
}
