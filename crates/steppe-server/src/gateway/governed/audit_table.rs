//! The audit log as a table, for stewards. It is read as it is, a batch at a time; [`crate::audit::verify`] verifies it.

use std::{
    fs::File,
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
    sync::Arc,
};

use datafusion::{
    arrow::{
        array::{ArrayRef, RecordBatch, StringArray, TimestampMillisecondArray, UInt64Array},
        datatypes::{DataType, Field, Schema, SchemaRef, TimeUnit},
    },
    catalog::{TableProvider, streaming::StreamingTable},
    error::{DataFusionError, Result},
    execution::{SendableRecordBatchStream, TaskContext},
    physical_plan::{stream::RecordBatchReceiverStreamBuilder, streaming::PartitionStream},
};
use steppe_engine::EngineError;

use crate::{
    ServerError,
    audit::{Entry, Outcome},
};

/// Lines of a batch.
const BATCH: usize = 4096;

/// The table of a log's lines, as far as they are written when it is read.
pub(super) fn table(path: &Path) -> std::result::Result<Arc<dyn TableProvider>, ServerError> {
    let text = |name| Field::new(name, DataType::Utf8, false);
    let time = DataType::Timestamp(TimeUnit::Millisecond, Some("UTC".into()));
    let schema = Arc::new(Schema::new(vec![
        Field::new("line", DataType::UInt64, false),
        Field::new("time", time, false),
        text("actor"),
        text("action"),
        text("object"),
        text("decision"),
        text("reason"),
    ]));
    let lines = Arc::new(Lines { path: path.to_owned(), schema: Arc::clone(&schema) });
    let table = StreamingTable::try_new(schema, vec![lines]).map_err(EngineError::from)?;
    Ok(Arc::new(table))
}

#[derive(Debug)]
struct Lines {
    path: PathBuf,
    schema: SchemaRef,
}

impl PartitionStream for Lines {
    fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    fn execute(&self, _: Arc<TaskContext>) -> SendableRecordBatchStream {
        let mut builder = RecordBatchReceiverStreamBuilder::new(Arc::clone(&self.schema), 1);
        let (sender, path, schema) = (builder.tx(), self.path.clone(), Arc::clone(&self.schema));
        builder.spawn_blocking(move || {
            each_batch(&path, &schema, |batch| sender.blocking_send(Ok(batch)).is_ok())
        });
        builder.build()
    }
}

/// Hands on batches of entries until there are no more, or nobody takes them.
fn each_batch(path: &Path, schema: &SchemaRef, mut take: impl FnMut(RecordBatch) -> bool) -> Result<()> {
    let unreadable =
        |error: std::io::Error| DataFusionError::from(EngineError::write("the audit log")(error));
    let mut lines = BufReader::new(File::open(path).map_err(unreadable)?);
    let (mut entries, mut line) = (Vec::with_capacity(BATCH), String::new());
    loop {
        line.clear();
        let length = lines.read_line(&mut line).map_err(unreadable)?;
        // A line without its end is being written.
        let is_over = length == 0 || !line.ends_with('\n');
        if !is_over {
            entries.push(serde_json::from_str::<Entry>(&line).map_err(|_| {
                EngineError::refused("a line of the audit log is not as it was written", "verify the log")
            })?);
        }
        if entries.len() == BATCH || (is_over && !entries.is_empty()) {
            if !take(batch(schema, &entries)?) {
                return Ok(());
            }
            entries.clear();
        }
        if is_over {
            return Ok(());
        }
    }
}

fn batch(schema: &SchemaRef, entries: &[Entry]) -> Result<RecordBatch> {
    let texts = |of: fn(&Entry) -> &str| -> ArrayRef {
        Arc::new(entries.iter().map(|entry| Some(of(entry))).collect::<StringArray>())
    };
    let lines: UInt64Array = entries.iter().map(|entry| Some(entry.seq)).collect();
    let times = entries.iter().map(|entry| Some(entry.time.cast_signed()));
    let times = times.collect::<TimestampMillisecondArray>().with_timezone("UTC");
    let decision = |entry: &Entry| match entry.decision {
        Outcome::Allow => "allow",
        Outcome::Deny => "deny",
        Outcome::Note => "note",
    };
    let columns: Vec<ArrayRef> = vec![
        Arc::new(lines),
        Arc::new(times),
        texts(|entry| &entry.actor),
        texts(|entry| &entry.action),
        texts(|entry| &entry.object),
        texts(decision),
        texts(|entry| &entry.reason),
    ];
    Ok(RecordBatch::try_new(Arc::clone(schema), columns)?)
}
