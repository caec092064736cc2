//! The rows of a score that is computed when they are first asked for.

use std::{any::Any, fmt, sync::Arc};

use async_trait::async_trait;
use datafusion::{
    arrow::datatypes::SchemaRef,
    catalog::{Session, TableProvider},
    common::tree_node::TreeNodeRecursion,
    datasource::source_as_provider,
    error::Result,
    execution::{SendableRecordBatchStream, TaskContext},
    logical_expr::{Expr, LogicalPlan, TableProviderFilterPushDown, TableType, lit},
    physical_expr::{EquivalenceProperties, PhysicalExpr},
    physical_plan::{
        DisplayAs, DisplayFormatType, ExecutionPlan, Partitioning, PlanProperties, execute_stream,
        execution_plan::{Boundedness, EmissionType},
        stream::RecordBatchStreamAdapter,
    },
    prelude::{SessionContext, ident},
};
use futures::TryStreamExt;

use super::OnDemand;
use crate::sql::{
    run_files::{RunFiles, pushed_down},
    runs,
};

/// A score that no run had when the statement was planned, as a table.
#[derive(Debug)]
pub(super) struct OnDemandTable {
    on_demand: Arc<OnDemand>,
    score: String,
    schema: SchemaRef,
}

impl OnDemandTable {
    /// A table of the columns of `scores`.
    pub(super) fn new(on_demand: Arc<OnDemand>, score: &str, schema: SchemaRef) -> Self {
        Self { on_demand, score: score.to_owned(), schema }
    }
}

/// The scores that a plan names and no run had when it was made, with what computes them. EXPLAIN needs none.
pub(in crate::sql) fn absent_scores(plan: &LogicalPlan) -> Result<Vec<(Arc<OnDemand>, String)>> {
    let mut absent = Vec::new();
    if matches!(plan, LogicalPlan::Explain(_)) {
        return Ok(absent);
    }
    plan.apply_with_subqueries(|node| {
        if let LogicalPlan::TableScan(scan) = node {
            let provider = source_as_provider(&scan.source)?;
            let table = (provider.as_ref() as &dyn Any).downcast_ref::<OnDemandTable>();
            absent.extend(table.map(|table| (Arc::clone(&table.on_demand), table.score.clone())));
        }
        Ok(TreeNodeRecursion::Continue)
    })?;
    Ok(absent)
}

#[async_trait]
impl TableProvider for OnDemandTable {
    fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }

    fn table_type(&self) -> TableType {
        TableType::Base
    }

    fn supports_filters_pushdown(&self, filters: &[&Expr]) -> Result<Vec<TableProviderFilterPushDown>> {
        Ok(filters.iter().map(|filter| pushed_down(filter)).collect())
    }

    // EXPLAIN comes so far, too: nothing is computed before the rows are asked for.
    async fn scan(
        &self,
        _state: &dyn Session,
        projection: Option<&Vec<usize>>,
        filters: &[Expr],
        limit: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let schema = match projection {
            Some(projection) => Arc::new(self.schema.project(projection)?),
            None => Arc::clone(&self.schema),
        };
        let properties = PlanProperties::new(
            EquivalenceProperties::new(schema),
            Partitioning::UnknownPartitioning(1),
            EmissionType::Incremental,
            Boundedness::Bounded,
        );
        let scan = Scan {
            on_demand: Arc::clone(&self.on_demand),
            score: self.score.clone(),
            schema: Arc::clone(&self.schema),
            projection: projection.cloned(),
            filters: filters.to_vec(),
            limit,
        };
        Ok(Arc::new(OnDemandExec { scan, properties: Arc::new(properties) }))
    }
}

/// What of a score is read.
#[derive(Clone)]
struct Scan {
    on_demand: Arc<OnDemand>,
    score: String,
    schema: SchemaRef,
    projection: Option<Vec<usize>>,
    filters: Vec<Expr>,
    limit: Option<usize>,
}

impl Scan {
    /// Finds or makes the run, and reads it.
    async fn rows(self, task: Arc<TaskContext>) -> Result<SendableRecordBatchStream> {
        let run = self.on_demand.computed(&self.score).await?;
        let context = SessionContext::new_with_config_rt(task.session_config().clone(), task.runtime_env());
        let file = runs::file_of(&context, &run, "scores.parquet").await?;
        let table = RunFiles::with_schema(vec![file], self.schema, runs::called);
        let mut filters = self.filters;
        // A file may have other scores beside this one.
        filters.push(ident("score").eq(lit(self.score)));
        let plan = table.scan(&context.state(), self.projection.as_ref(), &filters, self.limit).await?;
        execute_stream(plan, context.task_ctx())
    }
}

struct OnDemandExec {
    scan: Scan,
    properties: Arc<PlanProperties>,
}

impl ExecutionPlan for OnDemandExec {
    fn name(&self) -> &'static str {
        "OnDemandExec"
    }

    fn properties(&self) -> &Arc<PlanProperties> {
        &self.properties
    }

    fn children(&self) -> Vec<&Arc<dyn ExecutionPlan>> {
        Vec::new()
    }

    fn apply_expressions(
        &self,
        _visit: &mut dyn FnMut(&Arc<dyn PhysicalExpr>) -> Result<TreeNodeRecursion>,
    ) -> Result<TreeNodeRecursion> {
        Ok(TreeNodeRecursion::Continue)
    }

    fn with_new_children(
        self: Arc<Self>,
        _children: Vec<Arc<dyn ExecutionPlan>>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        Ok(self)
    }

    fn execute(&self, _partition: usize, task: Arc<TaskContext>) -> Result<SendableRecordBatchStream> {
        let rows = futures::stream::once(self.scan.clone().rows(task)).try_flatten();
        Ok(Box::pin(RecordBatchStreamAdapter::new(self.schema(), rows)))
    }
}

impl DisplayAs for OnDemandExec {
    fn fmt_as(&self, _kind: DisplayFormatType, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "OnDemandExec: score={}", self.scan.score)
    }
}

impl fmt::Debug for OnDemandExec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.fmt_as(DisplayFormatType::Default, f)
    }
}
