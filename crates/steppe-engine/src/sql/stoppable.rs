//! Statements that stop when nobody waits for them any more, also in the middle of a join.
//!
//! Dropping a stream ends what waits, and what is read from files waits now and then. A join does not: it can compare millions
//! of rows in one poll and feed an aggregate that asks for more, and its task then goes on for hours after it was aborted. So
//! joins ask a flag between their batches, and nested loops whenever they evaluate their condition.

use std::{
    any::Any,
    fmt,
    hash::{Hash, Hasher},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use datafusion::{
    arrow::{
        array::RecordBatch,
        datatypes::{DataType, FieldRef, Schema},
    },
    common::tree_node::{Transformed, TreeNode, TreeNodeRecursion},
    error::Result,
    execution::{SendableRecordBatchStream, SessionState, TaskContext},
    logical_expr::{ColumnarValue, LogicalPlan},
    physical_expr::PhysicalExpr,
    physical_plan::{
        DisplayAs, DisplayFormatType, ExecutionPlan, PlanProperties, execute_stream,
        joins::{NestedLoopJoinExec, NestedLoopJoinExecBuilder, utils::JoinFilter},
        stream::RecordBatchStreamAdapter,
    },
};
use futures::StreamExt;

use crate::EngineError;

/// Stops a statement when it is dropped.
#[derive(Debug, Default)]
pub struct Stopper(Arc<AtomicBool>);

impl Drop for Stopper {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// Begins to run a plan, for as long as the stopper is kept.
pub(super) async fn run(
    state: &SessionState,
    plan: &LogicalPlan,
) -> Result<(SendableRecordBatchStream, Stopper), EngineError> {
    let plan = state.create_physical_plan(plan).await?;
    let stopper = Stopper::default();
    let plan = stoppable(plan, &stopper.0)?;
    Ok((execute_stream(plan, state.task_ctx())?, stopper))
}

fn stoppable(plan: Arc<dyn ExecutionPlan>, flag: &Arc<AtomicBool>) -> Result<Arc<dyn ExecutionPlan>> {
    let watched = plan.transform_up(|node| {
        if !node.name().ends_with("JoinExec") {
            return Ok(Transformed::no(node));
        }
        let any: &dyn Any = node.as_ref();
        let input =
            match any.downcast_ref::<NestedLoopJoinExec>().and_then(|join| Some((join, join.filter()?))) {
                Some((join, filter)) => with_filter(join, watched_filter(filter, flag))?,
                None => node,
            };
        let flag = Arc::clone(flag);
        Ok(Transformed::yes(Arc::new(WatchedExec { input, flag }) as Arc<dyn ExecutionPlan>))
    })?;
    Ok(watched.data)
}

fn with_filter(join: &NestedLoopJoinExec, filter: JoinFilter) -> Result<Arc<dyn ExecutionPlan>> {
    let builder =
        NestedLoopJoinExecBuilder::new(Arc::clone(join.left()), Arc::clone(join.right()), *join.join_type());
    let projection = join.projection().as_ref().map(|columns| columns.to_vec());
    Ok(Arc::new(builder.with_filter(Some(filter)).with_projection(projection).build()?))
}

fn watched_filter(filter: &JoinFilter, flag: &Arc<AtomicBool>) -> JoinFilter {
    let expression = WatchedExpr { inner: Arc::clone(filter.expression()), flag: Arc::clone(flag) };
    let columns = filter.column_indices().to_vec();
    JoinFilter::new(Arc::new(expression), columns, Arc::clone(filter.schema()))
}

fn ask(flag: &AtomicBool) -> Result<()> {
    if flag.load(Ordering::Relaxed) { Err(EngineError::Cancelled.into()) } else { Ok(()) }
}

/// The rows of a join, until it shall stop.
struct WatchedExec {
    input: Arc<dyn ExecutionPlan>,
    flag: Arc<AtomicBool>,
}

impl ExecutionPlan for WatchedExec {
    fn name(&self) -> &'static str {
        "WatchedExec"
    }

    fn properties(&self) -> &Arc<PlanProperties> {
        self.input.properties()
    }

    fn children(&self) -> Vec<&Arc<dyn ExecutionPlan>> {
        vec![&self.input]
    }

    fn maintains_input_order(&self) -> Vec<bool> {
        vec![true]
    }

    fn apply_expressions(
        &self,
        _visit: &mut dyn FnMut(&Arc<dyn PhysicalExpr>) -> Result<TreeNodeRecursion>,
    ) -> Result<TreeNodeRecursion> {
        Ok(TreeNodeRecursion::Continue)
    }

    fn with_new_children(
        self: Arc<Self>,
        children: Vec<Arc<dyn ExecutionPlan>>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let input = children.into_iter().next().unwrap_or_else(|| Arc::clone(&self.input));
        Ok(Arc::new(Self { input, flag: Arc::clone(&self.flag) }))
    }

    fn execute(&self, partition: usize, task: Arc<TaskContext>) -> Result<SendableRecordBatchStream> {
        let rows = self.input.execute(partition, task)?;
        let (schema, flag) = (rows.schema(), Arc::clone(&self.flag));
        let watched = rows.map(move |batch| ask(&flag).and(batch));
        Ok(Box::pin(RecordBatchStreamAdapter::new(schema, watched)))
    }
}

impl DisplayAs for WatchedExec {
    fn fmt_as(&self, _kind: DisplayFormatType, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "WatchedExec")
    }
}

impl fmt::Debug for WatchedExec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.fmt_as(DisplayFormatType::Default, f)
    }
}

/// A condition of a join, until it shall stop.
#[derive(Debug)]
struct WatchedExpr {
    inner: Arc<dyn PhysicalExpr>,
    flag: Arc<AtomicBool>,
}

impl PartialEq for WatchedExpr {
    fn eq(&self, other: &Self) -> bool {
        self.inner.eq(&other.inner) && Arc::ptr_eq(&self.flag, &other.flag)
    }
}

impl Eq for WatchedExpr {}

impl Hash for WatchedExpr {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.inner.hash(state);
    }
}

impl fmt::Display for WatchedExpr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.inner, f)
    }
}

impl PhysicalExpr for WatchedExpr {
    fn data_type(&self, input: &Schema) -> Result<DataType> {
        self.inner.data_type(input)
    }

    fn nullable(&self, input: &Schema) -> Result<bool> {
        self.inner.nullable(input)
    }

    fn return_field(&self, input: &Schema) -> Result<FieldRef> {
        self.inner.return_field(input)
    }

    fn evaluate(&self, batch: &RecordBatch) -> Result<ColumnarValue> {
        ask(&self.flag)?;
        self.inner.evaluate(batch)
    }

    fn children(&self) -> Vec<&Arc<dyn PhysicalExpr>> {
        vec![&self.inner]
    }

    fn with_new_children(
        self: Arc<Self>,
        children: Vec<Arc<dyn PhysicalExpr>>,
    ) -> Result<Arc<dyn PhysicalExpr>> {
        let inner = children.into_iter().next().unwrap_or_else(|| Arc::clone(&self.inner));
        Ok(Arc::new(Self { inner, flag: Arc::clone(&self.flag) }))
    }

    fn fmt_sql(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.fmt_sql(f)
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use datafusion::{
        arrow::util::pretty::pretty_format_batches,
        prelude::{SessionConfig, SessionContext},
    };
    use futures::TryStreamExt;

    use super::*;

    // More threads than partitions: a join that does not yield holds its own, and the clock needs one.
    #[tokio::test(flavor = "multi_thread", worker_threads = 8)]
    async fn a_join_in_one_poll_stops() {
        let config = SessionConfig::new().with_target_partitions(2);
        let context = SessionContext::new_with_config(config);
        let series = "generate_series(1, 1000000)";
        for condition in ["(x * y) % 7 = 3", "x * y < 0", "true"] {
            let sql = format!("SELECT count(*) FROM {series} AS a(x), {series} AS b(y) WHERE {condition}");
            let state = context.state();
            let plan = state.create_logical_plan(&sql).await.expect("a plan");
            let (rows, stopper) = run(&state, &plan).await.expect("it begins");
            // A task of its own, as a gateway has it.
            let running = tokio::spawn(rows.try_collect::<Vec<_>>());
            tokio::time::sleep(Duration::from_millis(300)).await;
            assert!(!running.is_finished(), "{condition}");
            drop(stopper);
            let began = Instant::now();
            let ended = running.await.expect("a task");
            assert!(
                ended.is_err() && began.elapsed() < Duration::from_secs(10),
                "{condition}: {:?}",
                began.elapsed()
            );
        }
    }

    #[tokio::test]
    async fn answers_are_the_same() {
        let context = SessionContext::new();
        for sql in [
            "SELECT a.x, b.x FROM (VALUES (1), (2), (3)) AS a(x) JOIN (VALUES (2), (3)) AS b(x) ON a.x < b.x ORDER BY 1, 2",
            "SELECT a.x, b.x FROM (VALUES (1), (2)) AS a(x) LEFT JOIN (VALUES (2), (3)) AS b(x) ON a.x > b.x ORDER BY 1, 2",
            "SELECT count(*) FROM (VALUES (1), (2)) AS a(x) CROSS JOIN (VALUES (2), (3)) AS b(x)",
            "SELECT x FROM (VALUES (1), (2)) AS a(x) JOIN (VALUES (2), (3)) AS b(x) USING (x)",
            "WITH RECURSIVE r AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM r JOIN (VALUES (1)) AS b(x) ON n >= x WHERE n < 5) \
             SELECT max(n) FROM r",
        ] {
            let state = context.state();
            let plan = state.create_logical_plan(sql).await.expect("a plan");
            let (rows, _stopper) = run(&state, &plan).await.expect("it begins");
            let watched: Vec<RecordBatch> = rows.try_collect().await.expect("rows");
            let plain = context.sql(sql).await.expect("a plan").collect().await.expect("rows");
            let text = |batches: &[RecordBatch]| pretty_format_batches(batches).expect("a text").to_string();
            assert_eq!(text(&watched), text(&plain), "{sql}");
        }
    }
}
