//! Stages that stop. Ballista forgets a cancelled task and lets its operators run on; here every operator of ours holds
//! a token that is cancelled as soon as its stage is let go of.

use std::{fmt, sync::Arc, time::Instant};

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
use steppe_engine::pass::{PassCommitExec, PassScanExec};
use tokio_util::sync::CancellationToken;
use tracing::Instrument;

use crate::{
    TaskObserver, TaskReport,
    failure::{Failure, kind_of},
};

/// Ballista's engine, with stages that stop their operators.
pub(crate) struct StoppingEngine {
    inner: DefaultExecutionEngine,
    observer: Option<Arc<dyn TaskObserver>>,
}

impl StoppingEngine {
    pub(crate) fn new(observer: Option<Arc<dyn TaskObserver>>) -> Self {
        Self { inner: DefaultExecutionEngine::new(), observer }
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
        let watched = self.observer.clone().zip(folder_of(&plan));
        let partitions = global_output_partition_ids.clone();
        let stage = self.inner.create_query_stage_exec(
            job_id,
            stage_id,
            task_id,
            global_output_partition_ids,
            plan,
            work_dir,
            config,
        )?;
        let scratch = work_dir.to_owned();
        Ok(Arc::new(StoppingStage { stage, cancel, watched, partitions, scratch }))
    }
}

/// The folder that a plan's sums go to.
fn folder_of(plan: &Arc<dyn ExecutionPlan>) -> Option<String> {
    if let Some(commit) = plan.downcast_ref::<PassCommitExec>() {
        return Some(commit.partials().folder());
    }
    plan.children().into_iter().find_map(folder_of)
}

/// Gives the token to every operator that works for long.
fn with_cancellation(
    plan: Arc<dyn ExecutionPlan>,
    cancel: &CancellationToken,
) -> Result<Arc<dyn ExecutionPlan>> {
    let replaced = plan.transform_up(|node| {
        Ok(match node.downcast_ref::<PassScanExec>() {
            Some(scan) => {
                let scan: Arc<dyn ExecutionPlan> = Arc::new(scan.with_cancellation(cancel.clone()));
                Transformed::yes(scan)
            }
            None => Transformed::no(node),
        })
    })?;
    Ok(replaced.data)
}

struct StoppingStage {
    stage: Arc<dyn QueryStageExecutor>,
    cancel: CancellationToken,
    /// Who watches, and the folder of the stage's sums; only stages that sum are watched.
    watched: Option<(Arc<dyn TaskObserver>, String)>,
    partitions: Vec<usize>,
    scratch: String,
}

impl fmt::Debug for StoppingStage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StoppingStage").field("stage", &self.stage).finish_non_exhaustive()
    }
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
        let work = self.stage.execute_query_stage(task_id, context);
        let Some((observer, folder)) = &self.watched else {
            return work.await.map_err(|error| Failure::on_worker(&error, &self.scratch));
        };
        let began = Instant::now();
        let done = work.instrument(observer.began(folder, &self.partitions)).await;
        let failure = done.as_ref().err().map(kind_of);
        observer.ended(TaskReport { took: began.elapsed(), failure });
        done.map_err(|error| Failure::on_worker(&error, &self.scratch))
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
