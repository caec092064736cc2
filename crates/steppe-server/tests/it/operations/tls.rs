//! The pages over TLS.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use rustls::{
    ClientConfig, RootCertStore, ServerConfig,
    pki_types::{CertificateDer, PrivatePkcs8KeyDer, ServerName},
};
use steppe_server::operations::{Metrics, OperationsLimits, OperationsServer, Readiness};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};
use tokio_rustls::{TlsConnector, client::TlsStream};

use super::probe::{Running, ask, run};

const HANDSHAKE: Duration = Duration::from_millis(400);

/// A server with a certificate for `localhost`, and that certificate.
async fn server() -> (Running, CertificateDer<'static>) {
    let own = rcgen::generate_simple_self_signed(["localhost".to_owned()]).expect("a certificate");
    let certificate = own.cert.der().clone();
    let key = PrivatePkcs8KeyDer::from(own.signing_key.serialize_der());
    let mut config = ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_no_client_auth()
        .with_single_cert(vec![certificate.clone()], key.into())
        .expect("a configuration");
    // As the cluster's own configurations are.
    config.alpn_protocols = vec![b"h2".to_vec()];
    let limits = OperationsLimits { handshake: HANDSHAKE, connections: 3, ..OperationsLimits::default() };
    let server = OperationsServer::new(Metrics::new(), Readiness::default());
    (run(server.with_limits(limits).with_tls(&Arc::new(config))).await, certificate)
}

async fn connect(
    running: &Running,
    authority: &CertificateDer<'static>,
    protocol: &[u8],
) -> std::io::Result<TlsStream<TcpStream>> {
    let mut roots = RootCertStore::empty();
    roots.add(authority.clone()).expect("an authority");
    let mut config = ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = vec![protocol.to_vec()];
    let name = ServerName::try_from("localhost").expect("a name");
    TlsConnector::from(Arc::new(config)).connect(name, running.connect().await).await
}

#[tokio::test]
async fn pages_come_over_tls() {
    let (running, certificate) = server().await;
    let stream = connect(&running, &certificate, b"http/1.1").await.expect("a handshake");
    assert_eq!(stream.get_ref().1.alpn_protocol(), Some(b"http/1.1".as_slice()));
    let answer = ask(stream, "GET", "/metrics").await;
    assert_eq!(answer.status, 200);
    assert!(answer.body.ends_with("# EOF\n"));
    assert!(connect(&running, &certificate, b"h2").await.is_err(), "it speaks HTTP/1.1 only");
}

#[tokio::test]
async fn strangers_and_plaintext_are_refused() {
    let (running, certificate) = server().await;
    let (_, stranger) = server().await;
    assert!(connect(&running, &stranger, b"http/1.1").await.is_err());
    let mut plain = running.connect().await;
    plain.write_all(b"GET /healthz HTTP/1.1\r\n\r\n").await.expect("sent");
    let mut bytes = Vec::new();
    let _ = timeout(HANDSHAKE * 3, plain.read_to_end(&mut bytes)).await.expect("closed");
    assert!(!bytes.starts_with(b"HTTP"), "{bytes:?}");
    let stream = connect(&running, &certificate, b"http/1.1").await.expect("a handshake");
    assert_eq!(ask(stream, "GET", "/healthz").await.status, 200);
}

#[tokio::test]
async fn handshakes_that_do_not_begin_block_nobody() {
    let (running, certificate) = server().await;
    let mut silent = vec![running.connect().await, running.connect().await];
    let begin = Instant::now();
    let stream = connect(&running, &certificate, b"http/1.1").await.expect("a handshake");
    assert_eq!(ask(stream, "GET", "/healthz").await.status, 200);
    assert!(begin.elapsed() < HANDSHAKE, "{:?}", begin.elapsed());
    for stream in &mut silent {
        let read = timeout(HANDSHAKE * 3, stream.read_to_end(&mut Vec::new())).await;
        assert!(read.is_ok(), "the handshake has a limit");
    }
}
