use std::{
    collections::HashSet,
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use ballista_core::{
    JobId,
    config::TaskSchedulingPolicy,
    serde::protobuf::{
        JobStatus, job_status::Status, scheduler_grpc_server::SchedulerGrpcServer, task_status,
    },
};
use ballista_scheduler::{
    cluster::{BallistaCluster, ClusterState},
    config::{SchedulerConfig, TaskDistributionPolicy},
    scheduler_process::create_scheduler,
    scheduler_server::SchedulerServer,
    state::execution_stage::ExecutionStage,
};
use datafusion::{execution::SessionStateBuilder, physical_plan::ExecutionPlan, prelude::SessionContext};
use datafusion_proto::protobuf::{LogicalPlanNode, PhysicalPlanNode};
use tokio::{net::TcpListener, sync::mpsc};
use tonic::transport::server::TcpIncoming;

use crate::{
    ClusterError, ClusterSecurity, Placement, check_plan, incarnation::worker_of,
    scheduler_service::SchedulerService, settings, tls_incoming,
};

type Server = SchedulerServer<LogicalPlanNode, PhysicalPlanNode>;

/// Where a scheduler listens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SchedulerAddress {
    /// Host name or address: what a scheduler binds, what a worker connects to.
    pub host: String,
    /// Port.
    pub port: u16,
    /// The name or address that workers reach a scheduler by, where it is another one.
    pub public: Option<String>,
}

/// The scheduler inside a coordinator. One a process.
#[derive(Clone)]
pub struct Scheduler {
    server: Server,
    cluster: Arc<dyn ClusterState>,
    session: Arc<SessionContext>,
    lose: Arc<AtomicUsize>,
}

/// A worker as the scheduler sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WorkerState {
    /// Its name, the same after a restart.
    pub id: String,
    /// The address that tasks are pushed to.
    pub address: String,
    /// Tasks at once.
    pub slots: usize,
    /// Since its last heartbeat.
    pub heartbeat_age: Duration,
}

/// Where the partitions of a submitted plan are.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Standing {
    /// How many are done.
    pub(crate) done: usize,
    /// Those that run, and the life of the worker that each is on.
    pub(crate) running: Vec<(usize, String)>,
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
        let placement = Placement::new(worker_of);
        let config = Arc::new(config(address, security, &placement));
        let cluster =
            BallistaCluster::new_from_config(&config).await.map_err(ClusterError::start("the scheduler"))?;
        let cluster_state = cluster.cluster_state();
        let events =
            cluster_state.cluster_state_events().await.map_err(ClusterError::start("the scheduler"))?;
        let server: Server = create_scheduler(cluster, Arc::clone(&config))
            .await
            .map_err(ClusterError::start("the scheduler"))?;
        placement.attach(events, server.clone());
        let listener = TcpListener::bind(bind).await.map_err(|error| failed(format!("{bind}: {error}")))?;
        let lose = Arc::new(AtomicUsize::new(0));
        let service = SchedulerService {
            server: server.clone(),
            cluster: Arc::clone(&cluster_state),
            lose: Arc::clone(&lose),
        };
        serve(service, listener, security);
        let state = SessionStateBuilder::new()
            .with_default_features()
            .with_config(settings::session_config(security))
            .build();
        let session = Arc::new(SessionContext::new_with_state(state));
        Ok(Self { server, cluster: cluster_state, session, lose })
    }

    /// The workers that are registered.
    ///
    /// # Errors
    /// When the scheduler does not answer.
    pub async fn workers(&self) -> Result<Vec<WorkerState>, ClusterError> {
        let states = self.server.state.executor_manager.get_executors_state().await;
        let states = states.map_err(ClusterError::scheduler)?;
        let heartbeats = self.cluster.executor_heartbeats();
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let age = |id: &str| {
            let last = heartbeats.get(id).map(|heartbeat| Duration::from_secs(heartbeat.timestamp));
            last.map_or(Duration::ZERO, |last| now.saturating_sub(last))
        };
        Ok(states
            .into_iter()
            .map(|(worker, _, _)| WorkerState {
                id: worker_of(&worker.id).to_owned(),
                address: format!("{}:{}", worker.host, worker.grpc_port),
                slots: worker.specification.vcores as usize,
                heartbeat_age: age(&worker.id),
            })
            .collect())
    }

    /// Loses so many of the next reports of tasks, as a network may: for tests of what happens then.
    #[doc(hidden)]
    pub fn lose_reports(&self, reports: usize) {
        self.lose.store(reports, SeqCst);
    }

    /// The lives of workers that are registered.
    pub(crate) fn lives(&self) -> HashSet<String> {
        self.cluster.executor_heartbeats().into_keys().collect()
    }

    /// Submits a plan, after it has been checked.
    pub(crate) async fn submit(
        &self,
        name: &str,
        plan: Arc<dyn ExecutionPlan>,
    ) -> Result<Submitted, ClusterError> {
        let slots = self.workers().await?.iter().map(|worker| worker.slots).max().unwrap_or(1);
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

    /// Where the partitions of a submitted plan are; `None` when it is not running.
    pub(crate) async fn standing(&self, submitted: &Submitted) -> Option<Standing> {
        let graph = {
            let jobs = self.server.state.task_manager.get_running_job_cache();
            Arc::clone(&jobs.get(&submitted.id)?.execution_graph)
        };
        let graph = graph.read().await;
        let mut standing = Standing::default();
        for stage in graph.stages().values() {
            let ExecutionStage::Running(running) = stage else { continue };
            for task in &running.task_infos {
                match &task.task_status {
                    task_status::Status::Successful(_) => {
                        standing.done += task.global_input_partition_ids.len();
                    }
                    task_status::Status::Running(on) => {
                        let partitions = task.global_input_partition_ids.iter();
                        standing.running.extend(partitions.map(|&id| (id, on.executor_id.clone())));
                    }
                    task_status::Status::Failed(_) => {}
                }
            }
        }
        Some(standing)
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

/// Serves workers until the process ends.
fn serve(service: SchedulerService, listener: TcpListener, security: &ClusterSecurity) {
    let service = SchedulerGrpcServer::new(service)
        .max_decoding_message_size(settings::MESSAGE_BYTES as usize)
        .max_encoding_message_size(settings::MESSAGE_BYTES as usize);
    let router = tonic::transport::Server::builder().add_service(service);
    let tls = match security {
        ClusterSecurity::Mutual(certificates) => Some(certificates.server()),
        ClusterSecurity::PlaintextOnLoopback => None,
    };
    tokio::spawn(async move {
        let served = match tls {
            Some(tls) => router.serve_with_incoming(tls_incoming(listener, tls)).await,
            None => router.serve_with_incoming(TcpIncoming::from(listener).with_nodelay(Some(true))).await,
        };
        if let Err(error) = served {
            tracing::error!(%error, "the scheduler has stopped listening");
        }
    });
}

fn config(
    address: &SchedulerAddress,
    security: &ClusterSecurity,
    placement: &Arc<Placement>,
) -> SchedulerConfig {
    let for_sessions = security.clone();
    SchedulerConfig {
        external_host: address.public.clone().unwrap_or_else(|| address.host.clone()),
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
        task_distribution: TaskDistributionPolicy::Custom(Arc::<Placement>::clone(placement)),
        ..SchedulerConfig::default()
    }
}
