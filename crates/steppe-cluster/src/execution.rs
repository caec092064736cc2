//! Stages that stop. Ballista forgets a cancelled task and lets its operators run on; here every operator of ours holds
//! a token that is cancelled as soon as its stage is let go of.

use std::{fmt, sync::Arc};

use ballista_core::{
    JobId,
    serde::protobuf::{RuntimeStatsReport, ShuffleWritePartition, TaskColumnStats, WindowStateReport},
};
use ballista_executor::execution_engine::{DefaultExecutionEngine, ExecutionEngine, QueryStageExecutor};
use datafusion::{
    common::tree_node::{Transformed, TreeNode},
    error::Result,
    execution::TaskContext,
    physical_plan::{ExecutionPlan, metrics::MetricsSet},
    prelude::SessionConfig,
};
use steppe_engine::pass::forward::ForwardScanExec;
use tokio_util::sync::CancellationToken;

use crate::failure::Failure;

/// Ballista's engine, with stages that stop their operators.
pub(crate) struct StoppingEngine(DefaultExecutionEngine);

impl StoppingEngine {
    pub(crate) fn new() -> Self {
        Self(DefaultExecutionEngine::new())
    }
}

impl ExecutionEngine for StoppingEngine {
    fn create_query_stage_exec(
        &self,
        job_id: JobId,
        stage_id: usize,
        task_id: usize,
        global_output_partition_ids: Vec<usize>,
        plan: Arc<dyn ExecutionPlan>,
        work_dir: &str,
        config: &SessionConfig,
    ) -> Result<Arc<dyn QueryStageExecutor>> {
        let cancel = CancellationToken::new();
        let plan = with_cancellation(plan, &cancel)?;
        let stage = self.0.create_query_stage_exec(
            job_id,
            stage_id,
            task_id,
            global_output_partition_ids,
            plan,
            work_dir,
            config,
        )?;
        Ok(Arc::new(StoppingStage { stage, cancel }))
    }
}

/// Gives the token to every operator that works for long.
fn with_cancellation(
    plan: Arc<dyn ExecutionPlan>,
    cancel: &CancellationToken,
) -> Result<Arc<dyn ExecutionPlan>> {
    let replaced = plan.transform_up(|node| {
        Ok(match node.downcast_ref::<ForwardScanExec>() {
            Some(scan) => {
                let scan: Arc<dyn ExecutionPlan> = Arc::new(scan.with_cancellation(cancel.clone()));
                Transformed::yes(scan)
            }
            None => Transformed::no(node),
        })
    })?;
    Ok(replaced.data)
}

#[derive(Debug)]
struct StoppingStage {
    stage: Arc<dyn QueryStageExecutor>,
    cancel: CancellationToken,
}

impl fmt::Display for StoppingStage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.stage.fmt(f)
    }
}

#[async_trait::async_trait]
impl QueryStageExecutor for StoppingStage {
    async fn execute_query_stage(
        &self,
        task_id: usize,
        context: Arc<TaskContext>,
    ) -> Result<Vec<ShuffleWritePartition>> {
        // Dropped with this future, whether it is done or abandoned.
        let _stop = self.cancel.clone().drop_guard();
        self.stage.execute_query_stage(task_id, context).await.map_err(|error| Failure::on_worker(&error))
    }

    fn collect_plan_metrics(&self) -> Vec<MetricsSet> {
        self.stage.collect_plan_metrics()
    }

    fn collect_runtime_stats_reports(&self) -> Vec<RuntimeStatsReport> {
        self.stage.collect_runtime_stats_reports()
    }

    fn collect_window_state_reports(&self) -> Result<Vec<WindowStateReport>> {
        self.stage.collect_window_state_reports()
    }

    fn collect_column_stats(&self) -> Vec<TaskColumnStats> {
        self.stage.collect_column_stats()
    }
}
