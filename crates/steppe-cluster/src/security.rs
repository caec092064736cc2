//! Who may speak on the cluster's channels. Ballista writes `http://` wherever it connects and has no hook for TLS where
//! an executor listens; both are put right here.

use std::{
    net::{IpAddr, Ipv4Addr, SocketAddr},
    sync::Arc,
    time::Duration,
};

use ballista_core::extension::EndpointOverrideFn;
use futures::StreamExt;
use rustls::ServerConfig;
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::server::TlsStream;
use tonic::transport::{Certificate, ClientTlsConfig, Endpoint, Identity};

use crate::{ClusterError, tls_incoming};

/// How the channels between coordinator and workers are protected.
#[derive(Clone)]
pub enum ClusterSecurity {
    /// Both ends show a certificate of the cluster's authority.
    Mutual(Arc<ClusterCertificates>),
    /// No protection. Only between processes of one machine.
    PlaintextOnLoopback,
}

/// How a member shows who it is, and whom it believes.
pub struct ClusterCertificates {
    server: Arc<ServerConfig>,
    client: ClientTlsConfig,
}

impl ClusterCertificates {
    /// `server` must demand certificates of the members that may call: workers at a coordinator, coordinators at a
    /// worker. The rest is PEM: the authority that is believed, this member's certificate and key, and the name that
    /// every member's certificate carries, because members come and go, and so do their addresses.
    pub fn new(
        server: Arc<ServerConfig>,
        authority: &[u8],
        certificate: &[u8],
        key: &[u8],
        server_name: &str,
    ) -> Self {
        let client = ClientTlsConfig::new()
            .ca_certificate(Certificate::from_pem(authority))
            .identity(Identity::from_pem(certificate, key))
            .domain_name(server_name);
        Self { server, client }
    }

    pub(crate) fn server(&self) -> Arc<ServerConfig> {
        Arc::clone(&self.server)
    }
}

impl std::fmt::Debug for ClusterSecurity {
    /// Names no key.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Mutual(_) => "Mutual",
            Self::PlaintextOnLoopback => "PlaintextOnLoopback",
        })
    }
}

impl ClusterSecurity {
    /// Refuses an unprotected listener that others could reach.
    pub(crate) fn check_listener(&self, address: SocketAddr) -> Result<(), ClusterError> {
        match self {
            Self::PlaintextOnLoopback if !address.ip().is_loopback() => {
                Err(refused(format!("{address}: without certificates only loopback addresses are served")))
            }
            _ => Ok(()),
        }
    }

    /// What to do to every connection that Ballista is about to make.
    pub(crate) fn outgoing(&self) -> Option<EndpointOverrideFn> {
        let Self::Mutual(certificates) = self else { return None };
        let tls = certificates.client.clone();
        Some(Arc::new(move |endpoint: Endpoint| {
            let authority = endpoint.uri().authority().map(ToString::to_string).unwrap_or_default();
            Ok(Endpoint::from_shared(format!("https://{authority}"))?
                .tcp_nodelay(true)
                .connect_timeout(Duration::from_secs(10))
                .timeout(Duration::from_secs(60))
                .http2_keep_alive_interval(Duration::from_secs(20))
                .keep_alive_timeout(Duration::from_secs(20))
                .tls_config(tls.clone())?)
        }))
    }

    pub(crate) fn is_tls(&self) -> bool {
        matches!(self, Self::Mutual(_))
    }

    /// The address that an executor's own, unprotected server binds where the world sees `public`: another one of this
    /// machine, behind [`Self::guard`].
    pub(crate) fn inner_host(&self, public: IpAddr) -> IpAddr {
        const INNER: [IpAddr; 2] = [IpAddr::V4(Ipv4Addr::LOCALHOST), IpAddr::V4(Ipv4Addr::new(127, 0, 0, 2))];
        match self {
            Self::PlaintextOnLoopback => public,
            Self::Mutual(_) => INNER[usize::from(public == INNER[0])],
        }
    }

    /// Listens in front of an unprotected server: ends TLS, and hands the bytes on.
    pub(crate) async fn guard(&self, public: SocketAddr, inner: SocketAddr) -> Result<(), ClusterError> {
        let Self::Mutual(certificates) = self else { return Ok(()) };
        let listener =
            TcpListener::bind(public).await.map_err(|error| refused(format!("{public}: {error}")))?;
        let mut incoming = tls_incoming(listener, certificates.server());
        tokio::spawn(async move {
            while let Some(accepted) = incoming.next().await {
                if let Ok(accepted) = accepted {
                    tokio::spawn(pass_on(accepted, inner));
                }
            }
        });
        Ok(())
    }
}

async fn pass_on(mut accepted: TlsStream<TcpStream>, inner: SocketAddr) {
    match TcpStream::connect(inner).await {
        Ok(mut inner) => {
            let _ = inner.set_nodelay(true);
            // Either end may go at any time; gRPC notices.
            let _ = tokio::io::copy_bidirectional(&mut accepted, &mut inner).await;
        }
        Err(error) => tracing::warn!(%error, "the executor behind its guard does not listen"),
    }
}

fn refused(reason: String) -> ClusterError {
    ClusterError::Security { reason }
}
