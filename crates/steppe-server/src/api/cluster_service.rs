//! `steppe.cluster.v1.ClusterService`.

use std::sync::{Arc, PoisonError};

use tonic::{Request, Response, Status};

use super::{gate::Gate, job_service::principal};
use crate::{
    ServerError,
    coordinator::Core,
    identity::roles::Action,
    wire::cluster::{DescribeRequest, DescribeResponse, Worker, cluster_service_server::ClusterService},
};

/// See the module.
pub(super) struct Clusters {
    pub(super) core: Arc<Core>,
    pub(super) gate: Arc<Gate>,
}

#[tonic::async_trait]
impl ClusterService for Clusters {
    async fn describe(
        &self,
        request: Request<DescribeRequest>,
    ) -> Result<Response<DescribeResponse>, Status> {
        let principal = principal(&request)?;
        self.gate.admit(&principal, Action::ReadCluster, "the cluster", None).await?;
        let workers = self.core.scheduler.workers().await.map_err(ServerError::from)?;
        let mut workers: Vec<Worker> = workers
            .into_iter()
            .map(|worker| Worker {
                id: worker.id,
                address: worker.address,
                slots: u32::try_from(worker.slots).unwrap_or(u32::MAX),
                heartbeat_age: worker.heartbeat_age.try_into().ok(),
            })
            .collect();
        workers.sort_unstable_by(|one, other| one.id.cmp(&other.id));
        let running = self.core.running.lock().unwrap_or_else(PoisonError::into_inner).len();
        Ok(Response::new(DescribeResponse {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            epoch: self.core.epoch,
            workers,
            running_jobs: running as u64,
        }))
    }
}
