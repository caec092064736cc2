//! Rows of persons that leave: counted, and where the policy says so approved by two stewards before.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use datafusion::{
    arrow::array::RecordBatch,
    common::tree_node::{TreeNode, TreeNodeRecursion},
    datasource::source_as_provider,
    error::{DataFusionError, Result},
    execution::SendableRecordBatchStream,
    logical_expr::{Expr, LogicalPlan},
    physical_plan::stream::RecordBatchStreamAdapter,
};
use futures::{StreamExt, TryStreamExt, stream};
use steppe_privacy::{
    export::{Export, ExportRefusal, Exports},
    policy::ExportGrant,
};

use super::{exports::now, packed::persons_of_a_row, person_table::policy_table, remembered::Remembered};
use crate::{EngineError, sql::session::off_runtime};

/// Aggregates that make one row of many persons' values.
const PACKING: [&str; 2] = ["array_agg", "string_agg"];

/// Bytes of a plan that stewards are shown.
const MOST_SHOWN: usize = 16 << 10;

/// What a statement lets leave.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Leaving {
    /// The cohorts whose rows of persons leave, with what the user may take of each.
    grants: BTreeMap<String, ExportGrant>,
    /// Rows of persons in one of the answer.
    of_a_row: u64,
}

impl Leaving {
    /// Finds out for an analysed plan: tables about persons that are not read below a release.
    ///
    /// # Errors
    /// A plan that packs rows into one.
    pub(super) fn of(plan: &LogicalPlan) -> Result<Self, EngineError> {
        let (mut cohorts, mut packs) = (BTreeMap::new(), None);
        plan.apply_with_subqueries(|node| {
            if let LogicalPlan::TableScan(scan) = node
                && let Some(table) = policy_table(&source_as_provider(&scan.source)?)
                && !table.is_below_release()
            {
                let grant = table.export();
                let least = cohorts.entry(table.guard().cohort.clone()).or_insert(grant);
                least.rows_per_day = least.rows_per_day.min(grant.rows_per_day);
                least.approvals = least.approvals.max(grant.approvals);
            }
            node.apply_expressions(|expression| {
                packs = packs.take().or(packing(expression)?);
                Ok(TreeNodeRecursion::Continue)
            })
        })?;
        match packs {
            Some(name) if !cohorts.is_empty() => Err(EngineError::refused(
                format!("{name}() makes one row of many persons', and rows that leave are counted"),
                "ask for the rows",
            )),
            _ if cohorts.is_empty() => Ok(Self::default()),
            _ => Ok(Self { grants: cohorts, of_a_row: persons_of_a_row(plan)?.max(1) }),
        }
    }

    /// Counts the rows of a statement as they leave.
    pub(super) fn counted(
        self,
        rows: SendableRecordBatchStream,
        user: &str,
        plan: String,
        remembered: &Arc<Remembered>,
    ) -> SendableRecordBatchStream {
        if self.grants.is_empty() {
            return rows;
        }
        let schema = rows.schema();
        let columns: BTreeSet<String> = schema.fields().iter().map(|field| field.name().clone()).collect();
        let book = Arc::new(Book {
            export: Export {
                user: user.to_owned(),
                statement: *blake3::hash(plan.as_bytes()).as_bytes(),
                plan: shortened(plan),
                columns,
                rows: 0,
            },
            grants: self.grants,
            of_a_row: self.of_a_row,
            remembered: Arc::clone(remembered),
        });
        let needs_approval = book.grants.values().any(|grant| grant.approvals > 0);
        let counted = match needs_approval {
            true => stream::once(book.all_at_once(rows))
                .map_ok(|batches| stream::iter(batches.into_iter().map(Ok)))
                .try_flatten()
                .boxed(),
            false => rows
                .and_then(move |batch| {
                    let book = Arc::clone(&book);
                    async move {
                        book.take(book.of_persons(batch.num_rows())).await?;
                        Ok(batch)
                    }
                })
                .boxed(),
        };
        Box::pin(RecordBatchStreamAdapter::new(schema, counted))
    }
}

/// A plan as stewards see it.
fn shortened(mut plan: String) -> String {
    if plan.len() > MOST_SHOWN {
        let whole = plan.len();
        plan.truncate(plan.floor_char_boundary(MOST_SHOWN));
        plan.push_str(&format!("\n… (of {whole} bytes)"));
    }
    plan
}

/// The first function of an expression that packs rows.
fn packing(expression: &Expr) -> Result<Option<String>> {
    let mut found = None;
    expression.apply(|part| {
        let name = match part {
            Expr::AggregateFunction(function) => function.func.name(),
            Expr::WindowFunction(function) => function.fun.name(),
            _ => return Ok(TreeNodeRecursion::Continue),
        };
        if PACKING.contains(&name) {
            found = Some(name.to_owned());
            return Ok(TreeNodeRecursion::Stop);
        }
        Ok(TreeNodeRecursion::Continue)
    })?;
    Ok(found)
}

/// The exports that a statement's rows are entered in.
struct Book {
    export: Export,
    grants: BTreeMap<String, ExportGrant>,
    of_a_row: u64,
    remembered: Arc<Remembered>,
}

impl Book {
    /// Rows of persons in so many of the answer.
    fn of_persons(&self, rows: usize) -> u64 {
        (rows as u64).saturating_mul(self.of_a_row)
    }

    /// Enters rows before they leave.
    async fn take(&self, rows: u64) -> Result<(), EngineError> {
        for (cohort, &grant) in &self.grants {
            let mut exports = self.remembered.exports.open(&[cohort], || Ok(Exports::default())).await?;
            let export = Export { rows, ..self.export.clone() };
            off_runtime(move || {
                let now = now();
                let refusal = exports.get()?.export(&export, grant, now).err();
                let number = match refusal {
                    Some(ExportRefusal::NotRequested) => Some(exports.get()?.request(export, grant.approvals, now)),
                    _ => None,
                };
                exports.save()?;
                match (refusal, number) {
                    (None, _) => Ok(()),
                    (Some(_), Some(number)) => Err(EngineError::refused(
                        format!("these rows leave with the approval of {} stewards", grant.approvals),
                        format!("the export is filed as number {number}; run the statement again once it is approved"),
                    )),
                    (Some(refusal), None) => {
                        let text = refusal.to_string();
                        let (problem, remedy) = text.split_once("; ").unwrap_or((&text, "ask a steward"));
                        Err(EngineError::refused(problem, remedy))
                    }
                }
            })
            .await?;
        }
        Ok(())
    }

    /// All rows, once they are approved; no more than can be are held.
    async fn all_at_once(self: Arc<Self>, mut rows: SendableRecordBatchStream) -> Result<Vec<RecordBatch>> {
        let most = self.grants.values().map(|grant| grant.rows_per_day).min().unwrap_or(0);
        let (mut batches, mut count) = (Vec::new(), 0);
        while let Some(batch) = rows.try_next().await? {
            count += self.of_persons(batch.num_rows());
            if count > most {
                return Err(DataFusionError::from(EngineError::refused(
                    format!("there are more than {most} rows, which is all that leaves in a day"),
                    "export fewer",
                )));
            }
            batches.push(batch);
        }
        self.take(count).await?;
        Ok(batches)
    }
}
