//! The HTTP server for probes and scrapes. A connection serves one request and lives a bounded time, so that a client
//! that is slow or says nothing holds a place only for that long.

mod routes;

use std::{future::Future, pin::pin, sync::Arc, time::Duration};

use axum::Router;
use hyper_util::{
    rt::{TokioExecutor, TokioIo, TokioTimer},
    server::conn::auto,
    service::TowerToHyperService,
};
use rustls::ServerConfig;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpListener, TcpStream},
    task::JoinSet,
    time::{sleep, timeout},
};
use tokio_rustls::TlsAcceptor;

use super::{Metrics, Readiness};

/// Most bytes of a request's head; the least that the HTTP library takes.
const LARGEST_HEAD: usize = 8192;
/// Most header lines of a request.
const MOST_HEADERS: usize = 64;
/// Pause when the system gives no connection, say for want of file descriptors.
const ACCEPT_PAUSE: Duration = Duration::from_millis(200);

/// What clients of the operations server may take.
#[derive(Debug, Clone, Copy)]
pub struct OperationsLimits {
    /// Most connections at a time; the next ones wait to be accepted.
    pub connections: usize,
    /// Longest time for the TLS handshake.
    pub handshake: Duration,
    /// Longest time from there to the end of the request's head.
    pub head: Duration,
    /// Longest time for the whole request and its answer.
    pub request: Duration,
    /// Longest time that open requests have when the server stops.
    pub grace: Duration,
}

impl Default for OperationsLimits {
    /// 64 connections; 3, 3 and 10 seconds; 2 seconds of grace.
    fn default() -> Self {
        Self {
            connections: 64,
            handshake: Duration::from_secs(3),
            head: Duration::from_secs(3),
            request: Duration::from_secs(10),
            grace: Duration::from_secs(2),
        }
    }
}

/// Serves `/metrics`, `/healthz` and `/readyz`. There is no authentication: none of them tells a secret.
pub struct OperationsServer {
    router: Router,
    limits: OperationsLimits,
    tls: Option<TlsAcceptor>,
}

impl OperationsServer {
    /// A server without TLS.
    pub fn new(metrics: Metrics, readiness: Readiness) -> Self {
        let router = routes::router(metrics, readiness);
        Self { router, limits: OperationsLimits::default(), tls: None }
    }

    /// The same with other limits.
    #[must_use]
    pub fn with_limits(self, limits: OperationsLimits) -> Self {
        Self { limits, ..self }
    }

    /// The same over TLS. It offers HTTP/1.1, whatever the configuration says.
    #[must_use]
    pub fn with_tls(self, config: &Arc<ServerConfig>) -> Self {
        let mut config = ServerConfig::clone(config);
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Self { tls: Some(TlsAcceptor::from(Arc::new(config))), ..self }
    }

    /// Serves until `shutdown` is done, then lets open requests end within the grace.
    pub async fn serve(self, listener: TcpListener, shutdown: impl Future<Output = ()>) {
        let Self { router, limits, tls } = self;
        let mut shutdown = pin!(shutdown);
        let mut connections = JoinSet::new();
        loop {
            tokio::select! {
                () = &mut shutdown => break,
                Some(_) = connections.join_next() => {}
                accepted = accept(&listener), if connections.len() < limits.connections.max(1) => {
                    if let Some(stream) = accepted {
                        connections.spawn(connection(stream, router.clone(), tls.clone(), limits));
                    }
                }
            }
        }
        drop(listener);
        let ended = async { while connections.join_next().await.is_some() {} };
        if timeout(limits.grace, ended).await.is_err() {
            tracing::debug!("connections of the operations server are cut off");
        }
    }
}

async fn accept(listener: &TcpListener) -> Option<TcpStream> {
    match listener.accept().await {
        Ok((stream, _)) => Some(stream),
        Err(error) => {
            tracing::debug!(%error, "the operations server got no connection");
            sleep(ACCEPT_PAUSE).await;
            None
        }
    }
}

/// Serves one connection. What goes wrong with it is its client's affair.
async fn connection(stream: TcpStream, router: Router, tls: Option<TlsAcceptor>, limits: OperationsLimits) {
    let Some(tls) = tls else {
        return request(stream, router, limits).await;
    };
    if let Ok(Ok(stream)) = timeout(limits.handshake, tls.accept(stream)).await {
        request(stream, router, limits).await;
    }
}

async fn request<S>(stream: S, router: Router, limits: OperationsLimits)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let mut builder = auto::Builder::new(TokioExecutor::new()).http1_only();
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(limits.head)
        .max_buf_size(LARGEST_HEAD)
        .max_headers(MOST_HEADERS)
        .keep_alive(false);
    let served = builder.serve_connection(TokioIo::new(stream), TowerToHyperService::new(router));
    if !matches!(timeout(limits.request, served).await, Ok(Ok(()))) {
        tracing::debug!("a request to the operations server broke off");
    }
}
