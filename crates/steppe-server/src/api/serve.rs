//! The server around the services: TLS, limits, reflection, health.

use std::{sync::Arc, time::Duration};

use rustls::ServerConfig;
use steppe_cluster::tls_incoming;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tonic::transport::{Server, server::TcpIncoming};

use super::{cluster_service::Clusters, cohort_service::Cohorts, gate::Gate, job_service::Jobs};
use crate::{
    ServerError,
    coordinator::Core,
    entrance::EntranceLayer,
    wire::{
        DESCRIPTORS, cluster::cluster_service_server::ClusterServiceServer,
        cohort::cohort_service_server::CohortServiceServer, job::job_service_server::JobServiceServer,
    },
};

/// Bytes of the largest message that is taken; uploads come in parts of 1 MiB.
const LARGEST_MESSAGE: usize = 8 << 20;
/// A call's answer begins within this time; a client's own deadline may be shorter.
const DEADLINE: Duration = Duration::from_secs(120);
/// Calls at once on one connection.
const CALLS: usize = 64;

/// Where and how the API is served.
pub(crate) struct ApiListener {
    pub(crate) listener: TcpListener,
    /// `None` only on loopback.
    pub(crate) tls: Option<Arc<ServerConfig>>,
}

/// Serves until `stop`, and then what is under way.
pub(crate) async fn serve(
    core: Arc<Core>,
    gate: Arc<Gate>,
    at: ApiListener,
    stop: CancellationToken,
) -> Result<(), ServerError> {
    let (health, health_service) = tonic_health::server::health_reporter();
    let jobs = JobServiceServer::new(Jobs { core: Arc::clone(&core), gate: Arc::clone(&gate) })
        .max_decoding_message_size(LARGEST_MESSAGE);
    let cohorts = CohortServiceServer::new(Cohorts { core: Arc::clone(&core), gate: Arc::clone(&gate) });
    let clusters = ClusterServiceServer::new(Clusters { core, gate: Arc::clone(&gate) });
    health.set_serving::<JobServiceServer<Jobs>>().await;
    health.set_serving::<CohortServiceServer<Cohorts>>().await;
    health.set_serving::<ClusterServiceServer<Clusters>>().await;
    let reflect = || {
        tonic_reflection::server::Builder::configure()
            .register_encoded_file_descriptor_set(DESCRIPTORS)
            .register_encoded_file_descriptor_set(tonic_health::pb::FILE_DESCRIPTOR_SET)
    };
    let broken = |_| ServerError::Unavailable { problem: "can not describe its API" };
    let router = Server::builder()
        .timeout(DEADLINE)
        .concurrency_limit_per_connection(CALLS)
        .http2_keepalive_interval(Some(Duration::from_secs(30)))
        .http2_keepalive_timeout(Some(Duration::from_secs(20)))
        .layer(EntranceLayer(gate))
        .add_service(health_service)
        .add_service(reflect().build_v1().map_err(broken)?)
        .add_service(reflect().build_v1alpha().map_err(broken)?)
        .add_service(jobs)
        .add_service(cohorts)
        .add_service(clusters);
    let stopped = stop.cancelled_owned();
    let served = match at.tls {
        Some(tls) => router.serve_with_incoming_shutdown(tls_incoming(at.listener, tls), stopped).await,
        None => {
            let incoming = TcpIncoming::from(at.listener).with_nodelay(Some(true));
            router.serve_with_incoming_shutdown(incoming, stopped).await
        }
    };
    served.map_err(|error| ServerError::Listen {
        address: "the API".to_owned(),
        source: std::io::Error::other(error),
    })
}
