//! A coordinator's jobs as a table, for stewards and operators: what ran, for whom, how long and how it ended. It is read
//! a page at a time, newest first, without what jobs were submitted with.

use std::sync::Arc;

use datafusion::{
    arrow::{
        array::{ArrayRef, RecordBatch, StringArray, TimestampMillisecondArray, UInt64Array},
        datatypes::{DataType, Field, Schema, SchemaRef, TimeUnit},
    },
    catalog::{TableProvider, streaming::StreamingTable},
    error::DataFusionError,
    execution::{SendableRecordBatchStream, TaskContext},
    physical_plan::{stream::RecordBatchReceiverStreamBuilder, streaming::PartitionStream},
};
use steppe_engine::EngineError;

use crate::{
    ServerError, chain,
    jobs::{Filter, Job, JobLog, Outcome},
};

/// Jobs of a batch.
const PAGE: u64 = 1000;

/// The table of a log's jobs, as they are when it is read.
pub(super) async fn table(url: &str) -> std::result::Result<Arc<dyn TableProvider>, ServerError> {
    let log = JobLog::open(url).await?;
    let fields = COLUMNS.iter().map(Column::field).collect::<Vec<_>>();
    let schema = Arc::new(Schema::new(fields));
    let pages = Arc::new(Pages { log, schema: Arc::clone(&schema) });
    let table = StreamingTable::try_new(schema, vec![pages]).map_err(EngineError::from)?;
    Ok(Arc::new(table))
}

/// A column: its name, and what of a job it has.
enum Column {
    Text(&'static str, fn(&Job) -> Option<&str>),
    Number(&'static str, fn(&Job) -> u64),
    Time(&'static str, fn(&Job) -> Option<u64>),
}

/// All columns in order.
const COLUMNS: [Column; 15] = [
    Column::Text("job", |job| Some(job.id.as_str())),
    Column::Text("kind", |job| Some(&job.kind)),
    Column::Text("state", |job| Some(job.state.name())),
    Column::Text("submitter", |job| Some(&job.submitter)),
    Column::Number("attempt", |job| job.attempt),
    Column::Time("created", |job| Some(job.created_at)),
    Column::Time("submitted", |job| Some(job.submitted_at)),
    Column::Time("started", |job| job.started_at),
    Column::Time("finished", |job| job.finished_at),
    Column::Text("stage", |job| Some(&job.progress.stage)),
    Column::Number("tiles_done", |job| job.progress.tiles_done),
    Column::Number("tiles_total", |job| job.progress.tiles_total),
    Column::Number("genotypes", |job| job.progress.genotypes),
    Column::Number("retries", |job| job.progress.retries),
    Column::Text("failure", |job| match &job.outcome {
        Some(Outcome::Failed(failure)) => Some(&failure.kind),
        _ => None,
    }),
];

impl Column {
    fn field(&self) -> Field {
        match self {
            Self::Text(name, _) => Field::new(*name, DataType::Utf8, true),
            Self::Number(name, _) => Field::new(*name, DataType::UInt64, false),
            Self::Time(name, _) => {
                Field::new(*name, DataType::Timestamp(TimeUnit::Millisecond, Some("UTC".into())), true)
            }
        }
    }

    fn values(&self, jobs: &[Job]) -> ArrayRef {
        match self {
            Self::Text(_, of) => Arc::new(jobs.iter().map(of).collect::<StringArray>()),
            Self::Number(_, of) => Arc::new(jobs.iter().map(|job| Some(of(job))).collect::<UInt64Array>()),
            Self::Time(_, of) => {
                let times = jobs.iter().map(|job| of(job).map(u64::cast_signed));
                Arc::new(times.collect::<TimestampMillisecondArray>().with_timezone("UTC"))
            }
        }
    }
}

#[derive(Debug)]
struct Pages {
    log: JobLog,
    schema: SchemaRef,
}

impl PartitionStream for Pages {
    fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    fn execute(&self, _: Arc<TaskContext>) -> SendableRecordBatchStream {
        let mut builder = RecordBatchReceiverStreamBuilder::new(Arc::clone(&self.schema), 1);
        let (sender, log, schema) = (builder.tx(), self.log.clone(), Arc::clone(&self.schema));
        builder.spawn(async move {
            let mut before = None;
            loop {
                let page = log
                    .list(&Filter { before, limit: PAGE, ..Filter::default() })
                    .await
                    .map_err(unreadable)?;
                let columns = COLUMNS.iter().map(|column| column.values(&page.jobs)).collect();
                let batch = RecordBatch::try_new(Arc::clone(&schema), columns)?;
                if sender.send(Ok(batch)).await.is_err() || page.next.is_none() {
                    return Ok(());
                }
                before = page.next;
            }
        });
        builder.build()
    }
}

#[expect(clippy::needless_pass_by_value, reason = "the form that map_err calls")]
fn unreadable(error: ServerError) -> DataFusionError {
    tracing::error!(error = %chain(&error), "the job log can not be read");
    EngineError::refused("the coordinator's job log can not be read", "try again, or ask whoever keeps it")
        .into()
}

#[cfg(test)]
mod tests {
    use datafusion::prelude::SessionContext;

    use super::*;
    use crate::jobs::NewJob;

    #[tokio::test]
    async fn jobs_are_rows_newest_first() {
        let folder = tempfile::tempdir().expect("a folder");
        let url = format!("sqlite://{}", folder.path().join("jobs.sqlite").display());
        let log = JobLog::open(&url).await.expect("a log");
        for number in 0..1003u64 {
            let new = NewJob {
                id: format!("{number:064x}").parse().expect("an id"),
                kind: "score".to_owned(),
                payload: r#"{"secret": 1}"#.to_owned(),
                idempotency_key: None,
                submitter: "ada".to_owned(),
                now: 1_700_000_000_000 + number,
                again: false,
            };
            log.submit(new).await.expect("a job");
        }
        let context = SessionContext::new();
        context.register_table("job_log", table(&url).await.expect("a table")).expect("a name");
        let rows = context.sql("SELECT job, state, submitter, created FROM job_log").await.expect("a plan");
        let batches = rows.collect().await.expect("rows");
        assert_eq!(batches.iter().map(RecordBatch::num_rows).sum::<usize>(), 1003);
        let text =
            datafusion::arrow::util::pretty::pretty_format_batches(&batches).expect("a text").to_string();
        let first = text.lines().nth(3).expect("a row");
        assert!(
            first.contains("3ea ") && first.contains("queued") && first.contains("2023-11-14"),
            "{first}"
        );
        assert!(!text.contains("secret"));
    }
}
