use std::{net::SocketAddr, sync::Arc};

use ballista_core::{
    JobId,
    config::TaskSchedulingPolicy,
    serde::protobuf::{
        JobStatus, job_status::Status, scheduler_grpc_server::SchedulerGrpcServer, task_status,
    },
};
use ballista_scheduler::{
    cluster::BallistaCluster, config::SchedulerConfig, scheduler_process::create_scheduler,
    scheduler_server::SchedulerServer, state::execution_stage::ExecutionStage,
};
use datafusion::{execution::SessionStateBuilder, physical_plan::ExecutionPlan, prelude::SessionContext};
use datafusion_proto::protobuf::{LogicalPlanNode, PhysicalPlanNode};
use tokio::sync::mpsc;

use crate::{ClusterError, ClusterSecurity, check_plan, settings};

type Server = SchedulerServer<LogicalPlanNode, PhysicalPlanNode>;

/// Where a scheduler listens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SchedulerAddress {
    /// Host name or address.
    pub host: String,
    /// Port.
    pub port: u16,
}

/// The scheduler inside a coordinator. One a process.
#[derive(Clone)]
pub struct Scheduler {
    server: Server,
    session: Arc<SessionContext>,
}

/// A pass that has been submitted.
pub(crate) struct Submitted {
    id: JobId,
    states: mpsc::Receiver<JobStatus>,
}

/// How a submitted pass ended.
pub(crate) enum Outcome {
    Succeeded,
    Failed(String),
}

impl Scheduler {
    /// Starts to listen for workers.
    ///
    /// # Errors
    /// When the address can not be bound, or may not be without certificates.
    pub async fn start(address: &SchedulerAddress, security: &ClusterSecurity) -> Result<Self, ClusterError> {
        let failed = |reason: String| ClusterError::Start { what: "the scheduler", reason };
        let bind: SocketAddr = tokio::net::lookup_host((address.host.as_str(), address.port))
            .await
            .map_err(|error| failed(format!("{}: {error}", address.host)))?
            .next()
            .ok_or_else(|| failed(format!("{}: no address", address.host)))?;
        security.check_listener(bind)?;
        let config = Arc::new(config(address, security));
        let cluster =
            BallistaCluster::new_from_config(&config).await.map_err(ClusterError::start("the scheduler"))?;
        let server: Server = create_scheduler(cluster, Arc::clone(&config))
            .await
            .map_err(ClusterError::start("the scheduler"))?;
        let incoming = tonic::transport::server::TcpIncoming::bind(bind)
            .map_err(|error| failed(format!("{bind}: {error}")))?
            .with_nodelay(Some(true));
        let service = SchedulerGrpcServer::new(server.clone())
            .max_decoding_message_size(settings::MESSAGE_BYTES as usize)
            .max_encoding_message_size(settings::MESSAGE_BYTES as usize);
        let mut server_builder = tonic::transport::Server::builder();
        if let ClusterSecurity::Mutual(certificates) = security {
            server_builder = server_builder
                .tls_config(certificates.server())
                .map_err(|error| failed(error.to_string()))?;
        }
        tokio::spawn(async move {
            let served = server_builder.add_service(service).serve_with_incoming(incoming).await;
            if let Err(error) = served {
                tracing::error!(%error, "the scheduler has stopped listening");
            }
        });
        let state = SessionStateBuilder::new()
            .with_default_features()
            .with_config(settings::session_config(security))
            .build();
        Ok(Self { server, session: Arc::new(SessionContext::new_with_state(state)) })
    }

    /// The workers that are registered: id, and slots.
    ///
    /// # Errors
    /// When the scheduler does not answer.
    pub async fn workers(&self) -> Result<Vec<(String, usize)>, ClusterError> {
        let states = self.server.state.executor_manager.get_executors_state().await;
        let states = states.map_err(ClusterError::scheduler)?;
        Ok(states
            .into_iter()
            .map(|(worker, _, _)| (worker.id, worker.specification.vcores as usize))
            .collect())
    }

    /// Submits a plan, after it has been checked.
    pub(crate) async fn submit(
        &self,
        name: &str,
        plan: Arc<dyn ExecutionPlan>,
    ) -> Result<Submitted, ClusterError> {
        let slots = self.workers().await?.iter().map(|(_, slots)| *slots).max().unwrap_or(1);
        check_plan(&plan, slots)?;
        let (sender, states) = mpsc::channel(64);
        let id = self
            .server
            .submit_physical_plan(name, Arc::clone(&self.session), plan, Some(sender))
            .await
            .map_err(ClusterError::scheduler)?;
        Ok(Submitted { id, states })
    }

    /// Waits until a submitted plan has ended.
    pub(crate) async fn outcome(&self, submitted: &mut Submitted) -> Outcome {
        while let Some(state) = submitted.states.recv().await {
            match state.status {
                Some(Status::Successful(_)) => return Outcome::Succeeded,
                Some(Status::Failed(failed)) => return Outcome::Failed(failed.error),
                _ => {}
            }
        }
        Outcome::Failed("the scheduler has forgotten the job".to_owned())
    }

    /// How many partitions of a submitted plan are done; `None` when it is not running.
    pub(crate) async fn done(&self, submitted: &Submitted) -> Option<usize> {
        let graph = {
            let jobs = self.server.state.task_manager.get_running_job_cache();
            Arc::clone(&jobs.get(&submitted.id)?.execution_graph)
        };
        let graph = graph.read().await;
        Some(
            graph
                .stages()
                .values()
                .map(|stage| match stage {
                    ExecutionStage::Running(running) => running
                        .task_infos
                        .iter()
                        .filter(|task| matches!(task.task_status, task_status::Status::Successful(_)))
                        .map(|task| task.global_input_partition_ids.len())
                        .sum(),
                    _ => 0,
                })
                .sum(),
        )
    }

    /// Stops a submitted plan.
    pub(crate) async fn cancel(&self, submitted: &Submitted) -> Result<(), ClusterError> {
        self.server.cancel_job(submitted.id.clone()).await.map_err(ClusterError::scheduler)
    }
}

impl std::fmt::Debug for Scheduler {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Scheduler").finish_non_exhaustive()
    }
}

fn config(address: &SchedulerAddress, security: &ClusterSecurity) -> SchedulerConfig {
    let for_sessions = security.clone();
    SchedulerConfig {
        external_host: address.host.clone(),
        bind_host: address.host.clone(),
        bind_port: address.port,
        scheduling_policy: TaskSchedulingPolicy::PushStaged,
        finished_job_data_clean_up_interval_seconds: settings::JOB_FILES_SECONDS,
        finished_job_state_clean_up_interval_seconds: settings::JOB_STATE_SECONDS,
        executor_termination_grace_period: settings::DRAIN_SECONDS,
        grpc_server_max_decoding_message_size: settings::MESSAGE_BYTES,
        grpc_server_max_encoding_message_size: settings::MESSAGE_BYTES,
        grpc_client_max_message_size: settings::MESSAGE_BYTES,
        executor_timeout_seconds: settings::WORKER_TIMEOUT_SECONDS,
        expire_dead_executor_interval_seconds: settings::DEAD_WORKER_CHECK_SECONDS,
        no_executors_grace_period_seconds: settings::NO_WORKER_GRACE_SECONDS,
        override_config_producer: Some(Arc::new(move || settings::session_config(&for_sessions))),
        override_create_grpc_client_endpoint: security.outgoing(),
        use_tls: security.is_tls(),
        override_physical_codec: Some(settings::physical_codec()),
        task_max_failures: settings::TASK_FAILURES,
        ..SchedulerConfig::default()
    }
}
