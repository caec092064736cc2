use std::{
    net::{IpAddr, SocketAddr},
    path::PathBuf,
    sync::Arc,
};

use ballista_core::{config::TaskSchedulingPolicy, error::BallistaError, utils::GrpcServerConfig};
use ballista_executor::{
    executor_process::{ExecutorProcessConfig, start_executor_process},
    shutdown::Shutdown,
};
use steppe_engine::pass::PassContexts;
use steppe_kernels::Level;
use steppe_store::TileCache;
use tokio::task::JoinHandle;

use crate::{
    ClusterError, ClusterSecurity, SchedulerAddress, TaskObserver, execution::StoppingEngine, incarnation,
    settings,
};

/// How a worker's executor is set up.
#[derive(Clone)]
pub struct ExecutorConfig {
    /// Its name, the same after a restart: tiles that it has cached are bound to it.
    pub id: String,
    /// The scheduler that it works for.
    pub scheduler: SchedulerAddress,
    /// The address that it binds, and that the scheduler reaches it by.
    pub host: IpAddr,
    /// The port that the scheduler pushes tasks to.
    pub task_port: u16,
    /// How its channels are protected.
    pub security: ClusterSecurity,
    /// Tasks at once.
    pub slots: usize,
    /// A folder of its own for files that live as long as a job.
    pub scratch: PathBuf,
    /// The kernel level.
    pub level: Level,
    /// Keeps tiles that came from an object store.
    pub cache: Option<TileCache>,
    /// Watches the tasks.
    pub observer: Option<Arc<dyn TaskObserver>>,
}

/// Runs an executor in this process until it is told to stop (SIGTERM, SIGINT) or has lost its scheduler. A process
/// lives one executor's life; whoever started it starts the next one.
///
/// # Errors
/// When it can not bind, reach the scheduler, or write to its scratch folder.
pub async fn run_executor(config: &ExecutorConfig) -> Result<(), ClusterError> {
    std::fs::create_dir_all(&config.scratch).map_err(|error| ClusterError::Start {
        what: "the worker",
        reason: format!("{}: {error}", config.scratch.display()),
    })?;
    let public = SocketAddr::new(config.host, config.task_port);
    let inner = SocketAddr::new(config.security.inner_host(config.host), config.task_port);
    config.security.check_listener(public)?;
    config.security.guard(public, inner).await?;
    let security = config.security.clone();
    let contexts = Arc::new(PassContexts::new(config.level, config.cache.clone()));
    let process = ExecutorProcessConfig {
        executor_id: incarnation::begin(&config.id),
        bind_host: inner.ip().to_string(),
        external_host: Some(config.host.to_string()),
        // Nothing listens there: see `no_flight`.
        port: config.task_port,
        grpc_port: config.task_port,
        scheduler_host: config.scheduler.host.clone(),
        scheduler_port: config.scheduler.port,
        vcores: config.slots,
        task_scheduling_policy: TaskSchedulingPolicy::PushStaged,
        work_dir: Some(config.scratch.display().to_string()),
        job_data_ttl_seconds: settings::JOB_STATE_SECONDS,
        grpc_max_decoding_message_size: settings::MESSAGE_BYTES,
        grpc_max_encoding_message_size: settings::MESSAGE_BYTES,
        executor_heartbeat_interval_seconds: settings::HEARTBEAT_SECONDS,
        override_execution_engine: Some(Arc::new(StoppingEngine::new(config.observer.clone()))),
        override_physical_codec: Some(settings::physical_codec()),
        override_config_producer: Some(Arc::new(move || {
            settings::session_config(&security).with_extension(Arc::clone(&contexts))
        })),
        override_arrow_flight_service: Some(Arc::new(no_flight)),
        override_create_grpc_client_endpoint: config.security.outgoing(),
        ..ExecutorProcessConfig::default()
    };
    start_executor_process(Arc::new(process)).await.map_err(ClusterError::start("the worker"))
}

/// In place of Ballista's Flight server, which hands out files to whoever names them: our passes leave their sums in the
/// store, and nobody fetches anything from a worker.
fn no_flight(
    _work_dir: String,
    _address: SocketAddr,
    mut shutdown: Shutdown,
    _settings: GrpcServerConfig,
) -> JoinHandle<Result<(), BallistaError>> {
    tokio::spawn(async move {
        shutdown.recv().await;
        Ok(())
    })
}
