use std::{
    fs::{self, File},
    io::{self, BufWriter, Write},
    path::{Path, PathBuf},
};

use anyhow::Context;
use arrow::{array::RecordBatch, csv, json};
use clap::ValueEnum;
use datafusion::{execution::SendableRecordBatchStream, parquet::arrow::ArrowWriter};
use futures::TryStreamExt;
use steppe_engine::EngineError;

use super::display;
use crate::{
    console::{Console, DataOutput, print},
    render,
};

/// How rows are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// for people
    Table,
    /// comma-separated, with a header
    Csv,
    /// one array of objects
    Json,
    /// Apache Parquet
    Parquet,
}

/// Where the rows of a query go.
#[derive(Debug, Clone)]
pub(crate) struct Sink {
    /// How they are written.
    pub(crate) format: Format,
    /// The file; standard output where absent.
    pub(crate) file: Option<PathBuf>,
    /// Most rows of a table for people; 0 for all.
    pub(crate) max_rows: usize,
}

impl Sink {
    /// A table on standard output.
    pub(crate) fn table() -> Self {
        Self { format: Format::Table, file: None, max_rows: 1000 }
    }

    /// Writes all rows. A file appears when it is whole.
    pub(crate) async fn write(
        &self,
        stream: SendableRecordBatchStream,
        console: Console,
    ) -> anyhow::Result<()> {
        let Some(file) = &self.file else {
            return match self.format {
                Format::Table => self.write_table(stream, console, &mut |text| print(text)).await,
                _ => self.write_rows(stream, Box::new(BufWriter::new(DataOutput))).await,
            };
        };
        let partial = partial_name(file);
        let written = self.write_file(stream, console, &partial).await;
        let named = written.and_then(|()| {
            fs::rename(&partial, file).with_context(|| format!("{}: can not be written", file.display()))
        });
        if named.is_err() {
            // What is left behind is ours and of no use; the error that matters is the first.
            let _ = fs::remove_file(&partial);
        }
        named
    }

    async fn write_file(
        &self,
        stream: SendableRecordBatchStream,
        console: Console,
        path: &Path,
    ) -> anyhow::Result<()> {
        let mut file =
            File::create(path).with_context(|| format!("{}: can not be written", path.display()))?;
        match self.format {
            Format::Table => self.write_table(stream, console, &mut |text| writeln!(file, "{text}")).await,
            _ => self.write_rows(stream, Box::new(BufWriter::new(file))).await,
        }
    }

    async fn write_table(
        &self,
        mut stream: SendableRecordBatchStream,
        console: Console,
        write: &mut dyn FnMut(&str) -> io::Result<()>,
    ) -> anyhow::Result<()> {
        let schema = stream.schema();
        let limit = if self.max_rows == 0 { usize::MAX } else { self.max_rows };
        let mut rows = Vec::new();
        let mut more = false;
        while let Some(batch) = stream.try_next().await.map_err(EngineError::from)? {
            let room = limit - rows.len();
            more = batch.num_rows() > room;
            rows.extend(display::rows(&batch.slice(0, room.min(batch.num_rows())))?);
            if more {
                break;
            }
        }
        let shown = rows.len();
        write(&render::table(display::columns(&schema), rows))?;
        if more {
            let shown = render::count(shown as u64);
            console.note(&format!("the first {shown} rows; more with LIMIT, --max-rows or --format csv"));
        }
        Ok(())
    }

    async fn write_rows(
        &self,
        mut stream: SendableRecordBatchStream,
        out: Box<dyn Write + Send>,
    ) -> anyhow::Result<()> {
        let empty = RecordBatch::new_empty(stream.schema());
        let mut writer = RowWriter::new(self.format, out, &empty)?;
        while let Some(batch) = stream.try_next().await.map_err(EngineError::from)? {
            writer.write(&batch)?;
        }
        writer.finish()
    }
}

fn partial_name(file: &Path) -> PathBuf {
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    file.with_file_name(format!(".{name}.partial"))
}

/// The writers of machine-readable formats.
enum RowWriter {
    Csv(Box<csv::Writer<Box<dyn Write + Send>>>),
    Json(Box<json::ArrayWriter<Box<dyn Write + Send>>>),
    Parquet(Box<ArrowWriter<Box<dyn Write + Send>>>),
}

impl RowWriter {
    fn new(format: Format, out: Box<dyn Write + Send>, empty: &RecordBatch) -> anyhow::Result<Self> {
        Ok(match format {
            Format::Parquet => Self::Parquet(Box::new(ArrowWriter::try_new(out, empty.schema(), None)?)),
            Format::Json => Self::Json(Box::new(json::ArrayWriter::new(out))),
            Format::Csv | Format::Table => {
                let mut writer = csv::WriterBuilder::new().with_header(true).build(out);
                // The header, also of a result without rows.
                writer.write(empty)?;
                Self::Csv(Box::new(writer))
            }
        })
    }

    fn write(&mut self, batch: &RecordBatch) -> anyhow::Result<()> {
        match self {
            Self::Csv(writer) => writer.write(batch)?,
            Self::Json(writer) => writer.write(batch)?,
            Self::Parquet(writer) => writer.write(batch)?,
        }
        Ok(())
    }

    fn finish(self) -> anyhow::Result<()> {
        match self {
            Self::Csv(writer) => writer.into_inner().flush()?,
            Self::Json(mut writer) => {
                writer.finish()?;
                let mut out = writer.into_inner();
                out.write_all(b"\n")?;
                out.flush()?;
            }
            Self::Parquet(writer) => writer.into_inner()?.flush()?,
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow::{
        array::{Float64Array, StringArray},
        datatypes::SchemaRef,
    };
    use datafusion::physical_plan::stream::RecordBatchStreamAdapter;

    use super::*;

    fn batch() -> RecordBatch {
        let names = Arc::new(StringArray::from(vec![Some("a,b"), None]));
        let values = Arc::new(Float64Array::from(vec![0.1 + 0.2, -1.0]));
        RecordBatch::try_from_iter_with_nullable([("name", names as _, true), ("value", values as _, true)])
            .expect("columns are of one length")
    }

    fn written(format: Format, batches: Vec<RecordBatch>, schema: SchemaRef) -> Vec<u8> {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("rows");
        let stream = futures::stream::iter(batches.into_iter().map(Ok));
        let stream = Box::pin(RecordBatchStreamAdapter::new(schema, stream));
        let sink = Sink { format, file: Some(file.clone()), max_rows: 1 };
        futures::executor::block_on(sink.write(stream, Console::new(true))).expect("rows are written");
        assert_eq!(fs::read_dir(folder.path()).map(Iterator::count).ok(), Some(1));
        fs::read(file).expect("the file is there")
    }

    fn text(format: Format, batches: Vec<RecordBatch>) -> String {
        String::from_utf8(written(format, batches, batch().schema())).expect("text")
    }

    #[test]
    fn csv_quotes_and_keeps_precision() {
        assert_eq!(text(Format::Csv, vec![batch()]), "name,value\n\"a,b\",0.30000000000000004\n,-1.0\n");
        assert_eq!(text(Format::Csv, vec![]), "name,value\n");
    }

    #[test]
    fn json_is_one_array() {
        let rows = serde_json::from_str::<serde_json::Value>(&text(Format::Json, vec![batch(), batch()]));
        assert!(rows.is_ok_and(|rows| rows.as_array().is_some_and(|rows| rows.len() == 4)));
        assert_eq!(text(Format::Json, vec![]), "[]\n");
    }

    #[test]
    fn parquet_has_its_magic() {
        let bytes = written(Format::Parquet, vec![batch()], batch().schema());
        assert!(bytes.starts_with(b"PAR1") && bytes.ends_with(b"PAR1"));
    }

    #[test]
    fn tables_stop_at_the_limit() {
        let text = text(Format::Table, vec![batch(), batch()]);
        assert!(text.contains("0.30000000000000004") && !text.contains("-1.0"), "{text}");
    }
}
