//! What workers may call. It is Ballista's service, without what only clients need, and with one more rule: a worker
//! that registers again has died, and its earlier life is over now and not after a timeout.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering::SeqCst},
};

use ballista_core::serde::protobuf::{
    CancelJobParams, CancelJobResult, CleanJobDataParams, CleanJobDataResult, CreateUpdateSessionParams,
    CreateUpdateSessionResult, ExecuteQueryParams, ExecuteQueryResult, ExecutorHeartbeat, ExecutorStatus,
    ExecutorStoppedParams, ExecutorStoppedResult, GetJobMetricsParams, GetJobMetricsResult,
    GetJobStatusParams, GetJobStatusResult, HeartBeatParams, HeartBeatResult, PollWorkParams, PollWorkResult,
    RegisterExecutorParams, RegisterExecutorResult, RemoveSessionParams, RemoveSessionResult,
    UpdateTaskStatusParams, UpdateTaskStatusResult, executor_status, scheduler_grpc_server::SchedulerGrpc,
};
use ballista_scheduler::{cluster::ClusterState, scheduler_server::SchedulerServer};
use datafusion_proto::protobuf::{LogicalPlanNode, PhysicalPlanNode};
use tonic::{Request, Response, Status};

use crate::incarnation::worker_of;

type Answer<T> = Result<Response<T>, Status>;

/// See the module.
pub(crate) struct SchedulerService {
    pub(crate) server: SchedulerServer<LogicalPlanNode, PhysicalPlanNode>,
    pub(crate) cluster: Arc<dyn ClusterState>,
    /// So many of the next reports of tasks get lost; for tests.
    pub(crate) lose: Arc<AtomicUsize>,
}

impl SchedulerService {
    /// Ends the earlier lives of a worker. The scheduler removes them at its next look, within a second.
    async fn end_earlier_lives(&self, id: &str) {
        for earlier in self.cluster.executor_heartbeats().into_keys() {
            if earlier == id || worker_of(&earlier) != worker_of(id) {
                continue;
            }
            tracing::warn!(worker = worker_of(id), "a worker is back; its earlier life is over");
            // Terminating, so that nobody asks whoever listens at its address now to stop.
            let status = executor_status::Status::Terminating("started again".to_owned());
            let over = ExecutorHeartbeat {
                executor_id: earlier,
                timestamp: 0,
                status: Some(ExecutorStatus { status: Some(status) }),
                ..ExecutorHeartbeat::default()
            };
            if let Err(error) = self.cluster.save_executor_heartbeat(over).await {
                tracing::warn!(%error, "an earlier life of a worker ends only by its timeout");
            }
        }
    }
}

fn not_for_workers<T>() -> Answer<T> {
    Err(Status::permission_denied("workers submit no jobs; use the coordinator's job API"))
}

#[tonic::async_trait]
impl SchedulerGrpc for SchedulerService {
    async fn register_executor(
        &self,
        request: Request<RegisterExecutorParams>,
    ) -> Answer<RegisterExecutorResult> {
        if let Some(metadata) = &request.get_ref().metadata {
            let id = metadata.id.clone();
            self.end_earlier_lives(&id).await;
        }
        self.server.register_executor(request).await
    }

    async fn heart_beat_from_executor(&self, request: Request<HeartBeatParams>) -> Answer<HeartBeatResult> {
        self.server.heart_beat_from_executor(request).await
    }

    async fn update_task_status(
        &self,
        request: Request<UpdateTaskStatusParams>,
    ) -> Answer<UpdateTaskStatusResult> {
        let losing = self.lose.fetch_update(SeqCst, SeqCst, |left| left.checked_sub(1)).is_ok();
        if losing {
            tracing::warn!("a report of tasks is lost on purpose");
            return Ok(Response::new(UpdateTaskStatusResult { success: true }));
        }
        self.server.update_task_status(request).await
    }

    async fn executor_stopped(
        &self,
        request: Request<ExecutorStoppedParams>,
    ) -> Answer<ExecutorStoppedResult> {
        self.server.executor_stopped(request).await
    }

    async fn poll_work(&self, _request: Request<PollWorkParams>) -> Answer<PollWorkResult> {
        Err(Status::unimplemented("tasks are pushed to workers"))
    }

    async fn create_update_session(
        &self,
        _request: Request<CreateUpdateSessionParams>,
    ) -> Answer<CreateUpdateSessionResult> {
        not_for_workers()
    }

    async fn remove_session(&self, _request: Request<RemoveSessionParams>) -> Answer<RemoveSessionResult> {
        not_for_workers()
    }

    type ExecuteQueryPushStream = futures::stream::Empty<Result<GetJobStatusResult, Status>>;

    async fn execute_query_push(
        &self,
        _request: Request<ExecuteQueryParams>,
    ) -> Answer<Self::ExecuteQueryPushStream> {
        not_for_workers()
    }

    async fn execute_query(&self, _request: Request<ExecuteQueryParams>) -> Answer<ExecuteQueryResult> {
        not_for_workers()
    }

    async fn get_job_status(&self, _request: Request<GetJobStatusParams>) -> Answer<GetJobStatusResult> {
        not_for_workers()
    }

    async fn get_job_metrics(&self, _request: Request<GetJobMetricsParams>) -> Answer<GetJobMetricsResult> {
        not_for_workers()
    }

    async fn cancel_job(&self, _request: Request<CancelJobParams>) -> Answer<CancelJobResult> {
        not_for_workers()
    }

    async fn clean_job_data(&self, _request: Request<CleanJobDataParams>) -> Answer<CleanJobDataResult> {
        not_for_workers()
    }
}
