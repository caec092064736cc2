use std::{path::PathBuf, sync::Arc};

use ballista_core::config::TaskSchedulingPolicy;
use ballista_executor::executor_process::{ExecutorProcessConfig, start_executor_process};
use steppe_engine::pass::forward::ForwardContexts;
use steppe_kernels::Level;

use crate::{ClusterError, SchedulerAddress, execution::StoppingEngine, settings};

/// How a worker's executor is set up.
#[derive(Debug, Clone)]
pub struct ExecutorConfig {
    /// Its name, the same after a restart: tiles that it has cached are bound to it.
    pub id: String,
    /// The scheduler that it works for.
    pub scheduler: SchedulerAddress,
    /// The address that it binds and that others reach it by.
    pub host: String,
    /// The port of its Flight service.
    pub flight_port: u16,
    /// The port that the scheduler pushes tasks to.
    pub task_port: u16,
    /// Tasks at once.
    pub slots: usize,
    /// A folder of its own for files that live as long as a job.
    pub scratch: PathBuf,
    /// The kernel level.
    pub level: Level,
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
    let contexts = Arc::new(ForwardContexts::new(config.level));
    let process = ExecutorProcessConfig {
        executor_id: config.id.clone(),
        bind_host: config.host.clone(),
        external_host: Some(config.host.clone()),
        port: config.flight_port,
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
        override_execution_engine: Some(Arc::new(StoppingEngine::new())),
        override_physical_codec: Some(settings::physical_codec()),
        override_config_producer: Some(Arc::new(move || {
            settings::session_config().with_extension(Arc::clone(&contexts))
        })),
        ..ExecutorProcessConfig::default()
    };
    start_executor_process(Arc::new(process)).await.map_err(ClusterError::start("the worker"))
}
