use std::{sync::Arc, time::Duration};

use datafusion::{
    arrow::{
        array::{ArrayRef, RecordBatch, RecordBatchOptions},
        compute::cast,
        datatypes::{DataType, Field, FieldRef, Schema, SchemaRef},
    },
    error::DataFusionError,
    execution::SendableRecordBatchStream,
};
use futures::{Stream, StreamExt, stream};
use steppe_engine::{
    EngineError,
    sql::{Notices, Stopper},
};
use tokio::{runtime::Handle, sync::mpsc};
use tokio_util::sync::CancellationToken;

use super::{
    Session,
    budget::Budget,
    overdue::{Stop, Work},
    places::Turn,
    quota::Place,
};
use crate::{
    ServerError,
    audit::Outcome,
    gateway::{config::Limits, door::Door, fault::Fault},
};

/// Batches that wait for a client. The rest of an answer is not computed yet.
const AHEAD: usize = 2;
/// A client that leaves rows lying for so long does not come back for them.
const PATIENCE: Duration = Duration::from_secs(600);

/// Rows, or that there are no more: an end that nobody announced is a failure.
type Batch = Result<Option<RecordBatch>, DataFusionError>;

/// The rows of a statement that runs. Dropping them stops it.
pub(in crate::gateway) struct Rows {
    schema: SchemaRef,
    receiver: mpsc::Receiver<Batch>,
    /// The first batch, which was waited for.
    first: Option<RecordBatch>,
    notices: Notices,
    budget: Budget,
    limits: Limits,
    ending: Ending,
    over: bool,
    _held: (Place, Stop, Stopper),
}

/// Runs the plan on its own runtime, a little ahead of whoever takes the rows. It has its place among the statements that
/// run for as long as it works, and not while it waits for its client.
pub(super) fn forward(
    session: &Session,
    mut rows: SendableRecordBatchStream,
    (working, turn): (Work, Turn),
    cancel: CancellationToken,
) -> mpsc::Receiver<Batch> {
    let (sender, receiver) = mpsc::channel(AHEAD);
    let (places, subject) = (session.statements.places.clone(), session.who.subject.clone());
    session.statements.queries.spawn(async move {
        let (_working, mut turn) = (working, Some(turn));
        loop {
            if turn.is_none() {
                let next = tokio::select! {
                    biased;
                    () = cancel.cancelled() => break,
                    () = sender.closed() => break,
                    next = places.turn(&subject) => next,
                };
                let Ok(next) = next else { break };
                turn = Some(next);
            }
            let next = tokio::select! {
                biased;
                () = cancel.cancelled() => break,
                () = sender.closed() => break,
                next = rows.next() => next,
            };
            let batch = next.transpose();
            let is_last = !matches!(batch, Ok(Some(_)));
            if is_last || sender.capacity() == 0 {
                turn = None;
            }
            let sent = tokio::time::timeout(PATIENCE, sender.send(batch)).await;
            if is_last || !matches!(sent, Ok(Ok(()))) {
                break;
            }
        }
    });
    receiver
}

impl Rows {
    #[expect(
        clippy::too_many_arguments,
        reason = "the parts of an answer that runs, put together in one place"
    )]
    pub(super) async fn begin(
        schema: SchemaRef,
        receiver: mpsc::Receiver<Batch>,
        notices: Notices,
        budget: Budget,
        limits: Limits,
        ending: Ending,
        held: (Place, Stop, Stopper),
    ) -> Result<Self, ServerError> {
        let mut rows =
            Self { schema, receiver, first: None, notices, budget, limits, ending, over: false, _held: held };
        rows.first = rows.next().await.transpose()?;
        Ok(rows)
    }

    /// The columns, as the statement was described.
    pub(in crate::gateway) fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }

    /// What there is to say by now. What suppresses groups has said so before the first rows.
    pub(in crate::gateway) fn notices(&self) -> Vec<String> {
        self.notices.take()
    }

    /// The next rows; none after an error.
    pub(in crate::gateway) async fn next(&mut self) -> Option<Result<RecordBatch, ServerError>> {
        if let Some(first) = self.first.take() {
            return Some(Ok(first));
        }
        if self.over {
            return None;
        }
        let batch = match self.budget.spend(self.receiver.recv()).await {
            Ok(Some(Ok(Some(batch)))) => self.counted(&batch),
            Ok(Some(Ok(None))) => {
                self.over = true;
                self.ending.how = "done".to_owned();
                return None;
            }
            Ok(Some(Err(error))) => Err(EngineError::from(error).into()),
            Ok(None) => {
                Err(ServerError::GatewayUnavailable { problem: "gave up the statement before its end" })
            }
            Err(error) => Err(error),
        };
        if let Err(error) = &batch {
            self.over = true;
            self.ending.how = format!("failed: {}", Fault::from(error).state);
        }
        Some(batch)
    }

    /// The rest, as a stream.
    pub(in crate::gateway) fn into_stream(
        self,
    ) -> impl Stream<Item = Result<RecordBatch, ServerError>> + Send {
        stream::unfold(self, async |mut rows| rows.next().await.map(|batch| (batch, rows)))
    }

    fn counted(&mut self, batch: &RecordBatch) -> Result<RecordBatch, ServerError> {
        self.ending.rows += batch.num_rows() as u64;
        self.ending.bytes += batch.get_array_memory_size() as u64;
        if self.ending.rows > self.limits.rows {
            return Err(ServerError::AnswerTooLarge { what: "rows", most: self.limits.rows });
        }
        if self.ending.bytes > self.limits.answer {
            return Err(ServerError::AnswerTooLarge { what: "bytes", most: self.limits.answer });
        }
        fitted(batch, &self.schema)
    }
}

/// The columns of an answer as they go out: plain ones, which every client knows.
pub(super) fn outgoing(schema: &SchemaRef) -> SchemaRef {
    let plain = |field: &FieldRef| {
        let kind = match field.data_type() {
            DataType::Utf8View => DataType::Utf8,
            DataType::BinaryView => DataType::Binary,
            DataType::Dictionary(_, values) => values.as_ref().clone(),
            other => other.clone(),
        };
        field.as_ref().clone().with_data_type(kind).with_nullable(true)
    };
    let fields: Vec<Field> = schema.fields().iter().map(plain).collect();
    Arc::new(Schema::new_with_metadata(fields, schema.metadata().clone()))
}

/// A batch in the types that were promised; a parameter may have given a column another one.
fn fitted(batch: &RecordBatch, schema: &SchemaRef) -> Result<RecordBatch, ServerError> {
    let failed = |error| ServerError::from(EngineError::from(DataFusionError::from(error)));
    let cast = |(column, field): (&ArrayRef, &FieldRef)| {
        if column.data_type() == field.data_type() {
            Ok(Arc::clone(column))
        } else {
            cast(column, field.data_type())
        }
    };
    let columns = batch.columns().iter().zip(schema.fields()).map(cast).collect::<Result<_, _>>();
    let options = RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
    let fitted =
        columns.and_then(|columns| RecordBatch::try_new_with_options(Arc::clone(schema), columns, &options));
    fitted.map_err(failed)
}

/// Writes into the log how a statement ended and how many rows went out, when it has.
pub(super) struct Ending {
    door: Arc<Door>,
    subject: String,
    object: String,
    rows: u64,
    bytes: u64,
    how: String,
    runtime: Handle,
}

impl Ending {
    pub(super) fn new(session: &Session, object: &str) -> Self {
        Self {
            door: Arc::clone(&session.statements.door),
            subject: session.who.subject.clone(),
            object: object.to_owned(),
            rows: 0,
            bytes: 0,
            how: "given up".to_owned(),
            runtime: Handle::current(),
        }
    }
}

impl Drop for Ending {
    fn drop(&mut self) {
        let (door, subject) = (Arc::clone(&self.door), std::mem::take(&mut self.subject));
        let object = std::mem::take(&mut self.object);
        let reason = format!("{}, rows: {}", self.how, self.rows);
        self.runtime.spawn(async move {
            if let Err(error) = door.record(&subject, super::ACTION, &object, Outcome::Note, &reason).await {
                tracing::error!(error = %crate::chain(&error), "the end of a statement is not in the audit log");
            }
        });
    }
}
