//! Who may speak on the cluster's channels. Ballista writes `http://` wherever it connects and has no hook for TLS where
//! an executor listens; both are put right here.

use std::{
    error::Error,
    net::{IpAddr, Ipv4Addr, SocketAddr},
    path::Path,
    sync::Arc,
    time::Duration,
};

use ballista_core::extension::EndpointOverrideFn;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tonic::transport::{Certificate, ClientTlsConfig, Endpoint, Identity, ServerTlsConfig};

use crate::ClusterError;

/// How the channels between coordinator and workers are protected.
#[derive(Clone)]
pub enum ClusterSecurity {
    /// Both ends show a certificate of the cluster's authority.
    Mutual(Arc<ClusterCertificates>),
    /// No protection. Only between processes of one machine.
    PlaintextOnLoopback,
}

/// A member's certificate, and the authority that signed all members' certificates. PEM.
pub struct ClusterCertificates {
    authority: Vec<u8>,
    certificate: Vec<u8>,
    key: Vec<u8>,
    /// The name that every member's certificate carries: members come and go, and so do their addresses.
    server_name: String,
}

impl ClusterCertificates {
    /// Reads the three files.
    ///
    /// # Errors
    /// A file that can not be read; a key that does not belong to the certificate.
    pub fn read(
        authority: &Path,
        certificate: &Path,
        key: &Path,
        server_name: &str,
    ) -> Result<Self, ClusterError> {
        let read = |path: &Path| {
            std::fs::read(path).map_err(|error| refused(format!("{}: {error}", path.display())))
        };
        let read = Self {
            authority: read(authority)?,
            certificate: read(certificate)?,
            key: read(key)?,
            server_name: server_name.to_owned(),
        };
        read.acceptor().map_err(|reason| {
            refused(format!("{} and {}: {reason}", certificate.display(), key.display()))
        })?;
        Ok(read)
    }

    fn identity(&self) -> Identity {
        Identity::from_pem(&self.certificate, &self.key)
    }

    fn client(&self) -> ClientTlsConfig {
        ClientTlsConfig::new()
            .ca_certificate(Certificate::from_pem(&self.authority))
            .identity(self.identity())
            .domain_name(&self.server_name)
    }

    pub(crate) fn server(&self) -> ServerTlsConfig {
        ServerTlsConfig::new()
            .identity(self.identity())
            .client_ca_root(Certificate::from_pem(&self.authority))
    }

    /// Accepts members, and nobody else.
    fn acceptor(&self) -> Result<TlsAcceptor, Box<dyn Error + Send + Sync>> {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let mut authorities = rustls::RootCertStore::empty();
        for authority in CertificateDer::pem_slice_iter(&self.authority) {
            authorities.add(authority?)?;
        }
        let verifier = rustls::server::WebPkiClientVerifier::builder_with_provider(
            Arc::new(authorities),
            Arc::clone(&provider),
        )
        .build()?;
        let chain = CertificateDer::pem_slice_iter(&self.certificate).collect::<Result<Vec<_>, _>>()?;
        let mut config = rustls::ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .with_client_cert_verifier(verifier)
            .with_single_cert(chain, PrivateKeyDer::from_pem_slice(&self.key)?)?;
        config.alpn_protocols = vec![b"h2".to_vec()];
        Ok(TlsAcceptor::from(Arc::new(config)))
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
        let tls = certificates.client();
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
        let acceptor = certificates.acceptor().map_err(|error| refused(error.to_string()))?;
        let listener =
            TcpListener::bind(public).await.map_err(|error| refused(format!("{public}: {error}")))?;
        tokio::spawn(async move {
            loop {
                match listener.accept().await {
                    Ok((stream, peer)) => drop(tokio::spawn(pass_on(acceptor.clone(), stream, peer, inner))),
                    Err(error) => {
                        tracing::warn!(%error, "a connection was lost before it was accepted");
                        tokio::time::sleep(Duration::from_millis(100)).await;
                    }
                }
            }
        });
        Ok(())
    }
}

async fn pass_on(acceptor: TlsAcceptor, stream: TcpStream, peer: SocketAddr, inner: SocketAddr) {
    const HANDSHAKE: Duration = Duration::from_secs(10);
    let accepted = match tokio::time::timeout(HANDSHAKE, acceptor.accept(stream)).await {
        Ok(Ok(accepted)) => accepted,
        Ok(Err(error)) => return tracing::warn!(%peer, %error, "refused: no member of the cluster"),
        Err(_) => return tracing::warn!(%peer, "refused: no handshake in time"),
    };
    let mut accepted = accepted;
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
