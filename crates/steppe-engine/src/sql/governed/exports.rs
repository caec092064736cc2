//! Exports that need approval, as stewards see and decide on them: the table `export_requests`, and the table functions
//! `approve_export` and `refuse_export`, which decide when a statement with them runs and show what became of the request.
//!
//! Who is no steward sees their own requests. A decision is in the audit log before it counts.

mod table;

use std::{
    collections::BTreeSet,
    fmt,
    sync::{Arc, PoisonError, RwLock},
    time::{SystemTime, UNIX_EPOCH},
};

use datafusion::{
    catalog::{TableFunctionArgs, TableFunctionImpl, TableProvider, streaming::StreamingTable},
    error::{DataFusionError, Result as PlanResult},
    execution::{SendableRecordBatchStream, TaskContext},
    logical_expr::Expr,
    physical_plan::{stream::RecordBatchStreamAdapter, streaming::PartitionStream},
    prelude::SessionContext,
    scalar::ScalarValue,
};
use futures::stream;
use steppe_privacy::{
    export::{Exports, Request},
    policy::{Policy, Role},
};

use super::{guard::ReleaseAudit, remembered::Remembered};
use crate::{EngineError, sql::session::off_runtime};

/// A steward's decision on an export, for the audit log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExportRecord {
    /// Who decided.
    pub subject: String,
    /// On an export of which cohort.
    pub cohort: String,
    /// The request's number.
    pub number: u64,
    /// Whether it may leave.
    pub is_approved: bool,
    /// Why the decision was not taken; `None` is one that counts.
    pub refusal: Option<String>,
}

/// Where exports are asked for and decided on.
#[derive(Clone)]
pub(super) struct Desk {
    /// In force when somebody decides.
    pub(super) policy: Arc<RwLock<Arc<Policy>>>,
    pub(super) remembered: Arc<Remembered>,
    pub(super) audit: Arc<dyn ReleaseAudit>,
}

/// Who looks at requests or decides on them.
#[derive(Debug, Clone)]
pub(super) struct Visitor {
    pub(super) subject: String,
    /// The token's roles; the policy may give others.
    pub(super) roles: BTreeSet<String>,
    /// Cohorts whose requests they may see, that which need not be named first.
    pub(super) cohorts: Vec<String>,
}

/// A request of a cohort.
struct Filed {
    cohort: String,
    number: u64,
    request: Request,
}

impl Desk {
    fn roles(&self, visitor: &Visitor) -> BTreeSet<Role> {
        let policy = Arc::clone(&self.policy.read().unwrap_or_else(PoisonError::into_inner));
        policy.roles_by_name(&visitor.subject, &visitor.roles)
    }

    /// The requests that somebody may see: all of their cohorts for stewards, their own for others.
    async fn requests(&self, visitor: &Visitor) -> Result<Vec<Filed>, EngineError> {
        let sees_all = self.roles(visitor).contains(&Role::Steward);
        let mut filed = Vec::new();
        for cohort in &visitor.cohorts {
            let mut exports = self.remembered.exports.open(&[cohort], || Ok(Exports::default())).await?;
            let seen = exports
                .get()?
                .requests()
                .filter(|(_, request)| sees_all || request.export.user == visitor.subject)
                .map(|(number, request)| Filed { cohort: cohort.clone(), number, request: request.clone() });
            filed.extend(seen);
        }
        Ok(filed)
    }

    /// Decides on an export: whether it may leave.
    async fn decide(
        &self,
        visitor: &Visitor,
        cohort: &str,
        number: u64,
        is_approved: bool,
    ) -> Result<Filed, EngineError> {
        let roles = self.roles(visitor);
        let mut open = self.remembered.exports.open(&[cohort], || Ok(Exports::default())).await?;
        let (audit, subject) = (Arc::clone(&self.audit), visitor.subject.clone());
        let mut record =
            ExportRecord { subject, cohort: cohort.to_owned(), number, is_approved, refusal: None };
        off_runtime(move || {
            let mut after = open.get()?.clone();
            let decided = match is_approved {
                true => after.approve(number, &record.subject, &roles, now()),
                false => after.refuse(number, &record.subject, &roles, now()),
            };
            if let Err(refusal) = decided {
                let text = refusal.to_string();
                record.refusal = Some(text.clone());
                audit.export(&record)?;
                let (problem, remedy) = text.split_once("; ").unwrap_or((&text, "ask a steward"));
                return Err(EngineError::refused(format!("export {number}: {problem}"), remedy));
            }
            audit.export(&record)?;
            let request = after.requests().find(|(of, _)| *of == number).map(|(_, request)| request.clone());
            *open.get()? = after;
            open.save()?;
            let request = request.ok_or(EngineError::Internal("a decision on no request"))?;
            Ok(Filed { cohort: record.cohort, number, request })
        })
        .await
    }
}

/// Unix milliseconds.
pub(super) fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_millis() as u64)
}

/// Makes the table and the functions known to somebody's session.
///
/// # Errors
/// A session that can not hold them.
pub(super) fn register(context: &SessionContext, desk: Desk, visitor: Visitor) -> PlanResult<()> {
    let asked = Asked { desk, visitor, what: What::All };
    context.register_table("export_requests", asked.table()?)?;
    for (name, is_approved) in [("approve_export", true), ("refuse_export", false)] {
        context.register_udtf(name, Arc::new(Decision { name, is_approved, asked: asked.clone() }));
    }
    Ok(())
}

/// What is asked of the desk.
#[derive(Debug, Clone)]
enum What {
    All,
    Decide { cohort: String, number: u64, is_approved: bool },
}

/// Somebody at the desk.
#[derive(Clone)]
struct Asked {
    desk: Desk,
    visitor: Visitor,
    what: What,
}

impl fmt::Debug for Asked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Asked").field("what", &self.what).finish_non_exhaustive()
    }
}

impl Asked {
    fn table(&self) -> PlanResult<Arc<dyn TableProvider>> {
        let table = StreamingTable::try_new(table::schema(), vec![Arc::new(self.clone())])?;
        Ok(Arc::new(table))
    }

    async fn answer(&self) -> Result<Vec<Filed>, EngineError> {
        match &self.what {
            What::All => self.desk.requests(&self.visitor).await,
            What::Decide { cohort, number, is_approved } => {
                Ok(vec![self.desk.decide(&self.visitor, cohort, *number, *is_approved).await?])
            }
        }
    }
}

impl PartitionStream for Asked {
    fn schema(&self) -> &datafusion::arrow::datatypes::SchemaRef {
        table::schema_ref()
    }

    fn execute(&self, _: Arc<TaskContext>) -> SendableRecordBatchStream {
        let asked = self.clone();
        let answer = async move {
            let filed = asked.answer().await?;
            table::batch(&filed, now()).map_err(DataFusionError::from)
        };
        Box::pin(RecordBatchStreamAdapter::new(table::schema(), stream::once(answer)))
    }
}

/// `approve_export(7)`, or `approve_export('cohort', 7)`.
#[derive(Debug)]
struct Decision {
    name: &'static str,
    is_approved: bool,
    asked: Asked,
}

impl TableFunctionImpl for Decision {
    fn call_with_args(&self, args: TableFunctionArgs<'_, '_>) -> PlanResult<Arc<dyn TableProvider>> {
        let Self { name, is_approved, asked } = self;
        let literal = |expression: &Expr| match expression {
            Expr::Literal(value, _) => Some(value.clone()),
            _ => None,
        };
        let literals: Option<Vec<ScalarValue>> = args.exprs().iter().map(literal).collect();
        let named = match literals.as_deref() {
            Some([number]) => number_of(number).zip(asked.visitor.cohorts.first().map(String::as_str)),
            Some([cohort, number]) => number_of(number).zip(cohort.try_as_str().flatten()),
            _ => None,
        };
        let (number, cohort) = named.ok_or_else(|| {
            EngineError::refused(
                format!("{name} takes the number of a request, or a cohort and the number"),
                format!("see SELECT * FROM export_requests, and write {name}(7)"),
            )
        })?;
        let cohort = asked.visitor.cohorts.iter().find(|known| *known == cohort).ok_or_else(|| {
            EngineError::refused(format!("{cohort:?} is no cohort of yours"), "see SELECT * FROM cohorts")
        })?;
        let what = What::Decide { cohort: cohort.clone(), number, is_approved: *is_approved };
        Asked { what, ..asked.clone() }.table()
    }
}

fn number_of(value: &ScalarValue) -> Option<u64> {
    match value {
        ScalarValue::Int64(Some(number)) => u64::try_from(*number).ok(),
        ScalarValue::UInt64(number) => *number,
        _ => None,
    }
}
