//! What both ends of the cluster agree on, and why not Ballista's defaults.

use std::sync::Arc;

use ballista_core::{extension::SessionConfigExt, serde::BallistaPhysicalExtensionCodec};
use datafusion::prelude::SessionConfig;
use datafusion_proto::physical_plan::PhysicalExtensionCodec;
use steppe_engine::PassCodec;

use crate::ClusterSecurity;

/// Bytes of the largest message. All tasks of a worker travel in one.
pub(crate) const MESSAGE_BYTES: u32 = 64 << 20;
/// A worker says that it lives.
pub(crate) const HEARTBEAT_SECONDS: u64 = 5;
/// A worker that has not said so for this long is dead, and its tasks run elsewhere.
pub(crate) const WORKER_TIMEOUT_SECONDS: u64 = 20;
/// How often the dead are looked for.
pub(crate) const DEAD_WORKER_CHECK_SECONDS: u64 = 1;
/// How long Ballista keeps a job without workers. The engine gives up earlier, and says why.
pub(crate) const NO_WORKER_GRACE_SECONDS: u64 = 24 * 3600;
/// A finished job's files go after this long; sums are in the store by then.
pub(crate) const JOB_FILES_SECONDS: u64 = 30;
/// A finished job's graph stays in memory this long.
pub(crate) const JOB_STATE_SECONDS: u64 = 300;
/// A worker that leaves has this long for the tasks that it runs; with 0 they would run again.
pub(crate) const DRAIN_SECONDS: u64 = 30;
/// A task that failed so often fails its job.
pub(crate) const TASK_FAILURES: usize = 3;

/// The session of every job: one task a partition, messages as large as the servers take, and no second guesses at
/// run time about a plan that is made to be run as it stands.
pub(crate) fn session_config(security: &ClusterSecurity) -> SessionConfig {
    let config = SessionConfig::new_with_ballista().with_ballista_use_tls(security.is_tls());
    let config = match security.outgoing() {
        Some(secure) => config.with_ballista_override_create_grpc_client_endpoint(secure),
        None => config,
    };
    config
        .with_ballista_grpc_client_max_message_size(MESSAGE_BYTES as usize)
        .set_str("ballista.scheduler.max_partitions_per_task", "1")
        .set_str("ballista.planner.adaptive.enabled", "false")
}

/// Our operators, then Ballista's.
pub(crate) fn physical_codec() -> Arc<dyn PhysicalExtensionCodec> {
    Arc::new(PassCodec::new(Arc::new(BallistaPhysicalExtensionCodec::default())))
}
