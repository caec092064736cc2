//! The seam between the endpoints that people reach and the engine that answers: what a gateway may ask for, whatever
//! stands behind it. Nothing here knows a protocol, and nothing here decides who may see what; the service does.

use std::{
    collections::BTreeSet,
    fmt,
    sync::{Arc, Mutex, PoisonError},
};

use async_trait::async_trait;
use datafusion::{
    arrow::datatypes::{FieldRef, SchemaRef},
    execution::SendableRecordBatchStream,
    logical_expr::LogicalPlan,
    scalar::ScalarValue,
};
use futures::future::BoxFuture;

use super::{ReadStatement, SqlTable, stoppable::Stopper};
use crate::EngineError;

/// Opens sessions.
#[async_trait]
pub trait SqlService: Send + Sync + 'static {
    /// Opens a session for somebody. Roles and cohorts decide what its statements may see.
    ///
    /// # Errors
    /// Somebody who may see nothing; data that can not be opened.
    async fn session(&self, who: SqlUser) -> Result<Arc<dyn SqlSession>, EngineError>;
}

/// One person's statements. A future or a stream that is dropped stops its work; neither may block its thread for long,
/// but planning may, so a caller with a deadline gives it a thread.
#[async_trait]
pub trait SqlSession: Send + Sync {
    /// Plans a statement, without running it.
    ///
    /// # Errors
    /// Names that are not there, or not for this person; types that do not fit.
    async fn prepare(&self, statement: &ReadStatement) -> Result<Prepared, EngineError>;

    /// What takes long and has to be there before rows of a statement that [computes](Prepared::computes) are: scores. Who
    /// waits for it holds nothing that others need, and what is dropped goes on. [`Self::execute`] waits for what is not
    /// there.
    ///
    /// # Errors
    /// What [`Self::execute`] would refuse without having computed anything.
    async fn awaits(&self, _: &Prepared, _: Vec<ScalarValue>) -> Result<Awaited, EngineError>;

    /// Begins to run a statement that this session prepared, with a value for each of its parameters in order.
    ///
    /// # Errors
    /// Parameters of another number or type; whatever policy refuses; whatever goes wrong before the first row.
    async fn execute(&self, prepared: &Prepared, parameters: Vec<ScalarValue>)
    -> Result<Answer, EngineError>;

    /// The tables that this person sees, in order of name.
    ///
    /// # Errors
    /// A table whose schema can not be read.
    async fn tables(&self) -> Result<Vec<SqlTable>, EngineError>;
}

/// The protocol that a session came by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum SqlProtocol {
    /// Arrow Flight SQL.
    FlightSql,
    /// The Postgres wire.
    Postgres,
}

impl SqlProtocol {
    /// Its word in logs.
    pub fn name(self) -> &'static str {
        match self {
            Self::FlightSql => "flight_sql",
            Self::Postgres => "postgres",
        }
    }
}

impl fmt::Display for SqlProtocol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Somebody whose identity was checked.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SqlUser {
    /// Their name; never empty.
    pub subject: String,
    /// Every role that their token gives, in its own words.
    pub roles: BTreeSet<String>,
    /// The only cohorts that their token allows; `None` is no limit.
    pub cohorts: Option<BTreeSet<String>>,
    /// What they came by.
    pub protocol: SqlProtocol,
}

/// Waiting for what a statement needs.
pub type Awaited = BoxFuture<'static, Result<(), EngineError>>;

/// A planned statement. It belongs to the session that made it.
#[derive(Debug, Clone)]
pub struct Prepared {
    /// The plan, with its parameters open.
    pub plan: LogicalPlan,
    /// The columns of its rows.
    pub schema: SchemaRef,
    /// `$1`, `$2`, … in order; `None` where nothing says what type it has.
    pub parameters: Vec<Option<FieldRef>>,
    /// Whether it names scores that no run had when it was planned.
    pub computes: bool,
}

/// The rows of a statement that runs, and what there is to say beside them.
pub struct Answer {
    /// The rows. Dropping the stream stops the statement.
    pub rows: SendableRecordBatchStream,
    /// What the reader should know; grows until the rows end.
    pub notices: Notices,
    /// Dropping it stops what the rows' own tasks do in the middle of a join; whoever waits for the rows holds it.
    pub stopper: Stopper,
}

impl fmt::Debug for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Answer").field("notices", &self.notices).finish_non_exhaustive()
    }
}

/// Sentences for the reader of an answer, such as how many groups were suppressed. A physical plan finds those of its
/// statement among the extensions of its session's configuration.
#[derive(Debug, Clone, Default)]
pub struct Notices(Arc<Mutex<Vec<String>>>);

impl Notices {
    /// Adds a sentence.
    pub fn push(&self, notice: impl Into<String>) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(notice.into());
    }

    /// Takes what there is so far.
    pub fn take(&self) -> Vec<String> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
