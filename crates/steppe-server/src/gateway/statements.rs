//! The way of a statement, whatever protocol it came by: capped, parsed, allowed, planned, run, counted, recorded.
//!
//! Two things are kept apart from the threads that talk to clients. Planning happens on a thread of its own with a large
//! stack, since it recurses and does not yield; running happens on a runtime of its own, whose threads an expression may
//! hold. Whoever waits gets an answer in time in either case, and what does not stop is counted ([`overdue`]).

mod budget;
mod overdue;
mod places;
mod quota;
mod rows;

use std::{
    future::Future,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use datafusion::{arrow::datatypes::SchemaRef, scalar::ScalarValue};
use steppe_engine::{
    EngineError,
    sql::{Answer, Prepared, ReadStatement, SqlCommand, SqlService, SqlSession, SqlTable, SqlUser},
};
use steppe_privacy::statement_caps::StatementCaps;
use tokio::{
    runtime::Handle,
    sync::{Semaphore, oneshot},
    task::JoinSet,
};
use tokio_util::sync::CancellationToken;

use super::{config::Limits, door::Door};
use crate::{ServerError, audit::Outcome};
pub(super) use budget::Budget;
pub(super) use overdue::Overdue;
use places::Places;
use quota::Quota;
pub(super) use rows::Rows;

/// Stack of a thread that plans. Only what is used takes memory.
const PLANNER_STACK: usize = 256 << 20;
/// Statements that are planned at the same time.
const PLANNERS: usize = 32;
/// What statements are in the audit log.
const ACTION: &str = "sql_statement";

/// Everything that statements need of the process.
pub(super) struct Statements {
    service: Arc<dyn SqlService>,
    door: Arc<Door>,
    limits: Limits,
    /// Where statements run.
    queries: Handle,
    overdue: Overdue,
    quota: Quota,
    planners: Arc<Semaphore>,
    places: Places,
}

/// One person's way in.
#[derive(Clone)]
pub(super) struct Session {
    who: SqlUser,
    inner: Arc<dyn SqlSession>,
    statements: Arc<Statements>,
}

/// A statement that may run.
#[derive(Debug)]
pub(super) struct Planned {
    /// What the engine made of it.
    pub(super) prepared: Prepared,
    /// The columns of its rows as they go out.
    pub(super) schema: SchemaRef,
    object: String,
    /// What is left of the time that it was read and planned in, for its first run.
    first: Mutex<Option<Budget>>,
}

impl Statements {
    pub(super) fn new(
        service: Arc<dyn SqlService>,
        door: Arc<Door>,
        limits: Limits,
        queries: Handle,
        overdue: Overdue,
    ) -> Arc<Self> {
        let quota = Quota::new(limits.statements_per_user);
        let (planners, places) = (Arc::new(Semaphore::new(PLANNERS)), Places::new(limits.statements));
        Arc::new(Self { service, door, limits, queries, overdue, quota, planners, places })
    }

    /// Opens a session for somebody whom the door let in.
    pub(super) async fn session(self: &Arc<Self>, who: SqlUser) -> Result<Session, ServerError> {
        let mut budget = Budget::new(self.limits.statement, CancellationToken::new());
        let (service, user) = (Arc::clone(&self.service), who.clone());
        let inner = self.apart(&mut budget, async move { service.session(user).await }).await??;
        Ok(Session { who, inner, statements: Arc::clone(self) })
    }

    /// Does work that may recurse deeply and may not yield, on a thread that nobody else needs. It is told to stop when
    /// the caller no longer waits.
    async fn apart<T: Send + 'static>(
        &self,
        budget: &mut Budget,
        work: impl Future<Output = T> + Send + 'static,
    ) -> Result<T, ServerError> {
        let lost = ServerError::GatewayUnavailable { problem: "lost a thread" };
        let permit = budget.spend(Arc::clone(&self.planners).acquire_owned()).await?;
        let permit = permit.map_err(|_| ServerError::GatewayUnavailable { problem: "stops" })?;
        let (working, _stop) = self.overdue.begin();
        let (mut sender, receiver) = oneshot::channel();
        let queries = self.queries.clone();
        let thread = std::thread::Builder::new().name("planner".to_owned()).stack_size(PLANNER_STACK);
        let spawned = thread.spawn(move || {
            let _held = (permit, working);
            let done = queries.block_on(async {
                tokio::select! {
                    done = work => Some(done),
                    () = sender.closed() => None,
                }
            });
            if let Some(done) = done {
                // Nobody waits for it any more, where it can not be sent.
                let _ = sender.send(done);
            }
        });
        spawned.map_err(|source| ServerError::Process { what: "a thread that plans", source })?;
        budget.spend(receiver).await?.map_err(|_| lost)
    }
}

impl Session {
    /// The tables that they see.
    pub(super) async fn tables(&self) -> Result<Vec<SqlTable>, ServerError> {
        let mut budget = self.budget(None, CancellationToken::new());
        let inner = Arc::clone(&self.inner);
        Ok(self.statements.apart(&mut budget, async move { inner.tables().await }).await??)
    }

    /// The time that a statement has, or less if its user wants that, until it is cancelled.
    pub(super) fn budget(&self, at_most: Option<Duration>, cancel: CancellationToken) -> Budget {
        let all = self.statements.limits.statement;
        Budget::new(at_most.map_or(all, |less| less.min(all)), cancel)
    }

    /// Reads a text of any number of statements. What is not allowed is recorded.
    pub(super) async fn parse(
        &self,
        text: &str,
        budget: &mut Budget,
    ) -> Result<Vec<SqlCommand>, ServerError> {
        let parsed = self.parsed(text, budget, SqlCommand::parse).await;
        self.recorded(parsed, || object(text, [].iter())).await
    }

    /// Reads a text of one query. What is not allowed is recorded.
    pub(super) async fn parse_query(
        &self,
        text: &str,
        budget: &mut Budget,
    ) -> Result<ReadStatement, ServerError> {
        let parsed = self.parsed(text, budget, SqlCommand::parse_query).await;
        self.recorded(parsed, || object(text, [].iter())).await
    }

    async fn parsed<T: Send + 'static>(
        &self,
        text: &str,
        budget: &mut Budget,
        parse: fn(&str) -> Result<T, EngineError>,
    ) -> Result<T, ServerError> {
        StatementCaps::default().check_script(text)?;
        let owned = text.to_owned();
        Ok(self.statements.apart(budget, async move { parse(&owned) }).await??)
    }

    /// Plans a statement within what is left of its time.
    pub(super) async fn prepare(
        &self,
        statement: ReadStatement,
        mut budget: Budget,
    ) -> Result<Arc<Planned>, ServerError> {
        let object = object(&statement.to_string(), statement.relations().iter());
        let planned = async {
            let _place = self.statements.quota.take(&self.who.subject)?;
            let inner = Arc::clone(&self.inner);
            let work = async move { inner.prepare(&statement).await };
            Ok(self.statements.apart(&mut budget, work).await??)
        };
        let prepared = self.recorded(planned.await, || object.clone()).await?;
        let schema = rows::outgoing(&prepared.schema);
        Ok(Arc::new(Planned { prepared, schema, object, first: Mutex::new(Some(budget)) }))
    }

    /// Runs a statement, and returns once its first rows are there. `cancel` ends it at any time. The first run has what
    /// reading and planning left of its time, later ones have all of it.
    pub(super) async fn run(
        &self,
        planned: &Planned,
        parameters: Vec<ScalarValue>,
        at_most: Option<Duration>,
        cancel: CancellationToken,
    ) -> Result<Rows, ServerError> {
        let started = async {
            let place = self.statements.quota.take(&self.who.subject)?;
            let door = &self.statements.door;
            door.record(&self.who.subject, ACTION, &planned.object, Outcome::Allow, "").await?;
            let first = planned.first.lock().unwrap_or_else(PoisonError::into_inner).take();
            let mut budget = match first {
                Some(left) => left.cancelled_by(cancel.clone()),
                None => self.budget(at_most, cancel.clone()),
            };
            if planned.prepared.computes {
                self.await_scores(&planned.prepared, parameters.clone(), &mut budget).await?;
            }
            let (inner, prepared) = (Arc::clone(&self.inner), planned.prepared.clone());
            let turn = self.statements.places.first_turn(&self.who.subject, &mut budget).await?;
            // Whatever works has the place, also when nobody waits for it any more.
            let work = async move { inner.execute(&prepared, parameters).await.map(|answer| (answer, turn)) };
            let (answer, turn): (Answer, _) = self.statements.apart(&mut budget, work).await??;
            let ending = rows::Ending::new(self, &planned.object);
            let (working, stop) = self.statements.overdue.begin();
            let receiver = rows::forward(self, answer.rows, (working, turn), cancel);
            let limits = self.statements.limits;
            let schema = Arc::clone(&planned.schema);
            let held = (place, stop, answer.stopper);
            Rows::begin(schema, receiver, answer.notices, budget, limits, ending, held).await
        };
        self.recorded(started.await, || planned.object.clone()).await
    }

    /// Waits for scores that have to be computed first, with neither a place nor a thread that others need.
    async fn await_scores(
        &self,
        prepared: &Prepared,
        parameters: Vec<ScalarValue>,
        budget: &mut Budget,
    ) -> Result<(), ServerError> {
        let (inner, prepared) = (Arc::clone(&self.inner), prepared.clone());
        let work = async move { inner.awaits(&prepared, parameters).await };
        let awaited = self.statements.apart(budget, work).await??;
        // Dropped when nobody waits any more; what is computed goes on.
        let mut waiting = JoinSet::new();
        waiting.spawn_on(awaited, &self.statements.queries);
        let lost = || ServerError::GatewayUnavailable { problem: "lost a thread" };
        match budget.spend(waiting.join_next()).await? {
            Some(Ok(brought)) => Ok(brought?),
            Some(Err(_)) | None => Err(lost()),
        }
    }

    /// Hands on what came out; a refusal is in the log first.
    async fn recorded<T>(
        &self,
        result: Result<T, ServerError>,
        object: impl FnOnce() -> String,
    ) -> Result<T, ServerError> {
        if let Err(error) = &result {
            // The text of an error may repeat a value of the statement, or of a row: its kind says enough.
            let reason = format!("refused: {}", super::fault::Fault::from(error).state);
            let door = &self.statements.door;
            door.record(&self.who.subject, ACTION, &object(), Outcome::Deny, &reason).await?;
        }
        result
    }
}

/// A statement in the log: the digest of its text, and the tables that it names. Never the text, which has values.
fn object<'a>(text: &str, relations: impl Iterator<Item = &'a String>) -> String {
    let digest = blake3::hash(text.as_bytes()).to_hex();
    let mut object = format!("statement:{digest}");
    for (index, relation) in relations.enumerate() {
        object.push_str(if index == 0 { " tables:" } else { "," });
        object.push_str(relation);
    }
    object
}
