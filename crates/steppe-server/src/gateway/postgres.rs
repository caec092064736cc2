//! The endpoint for the Postgres wire, over `pgwire`'s messages and encoders. Its loops and defaults are ours: nothing is
//! taken from a client before it is known, every failure before that ends the connection, and messages have a limit.
//!
//! The password is a bearer token, so it goes over the wire as it is, inside TLS; see the decision on passwords.

mod cancel;
mod connection;
mod encode;
mod extended;
mod messages;
mod session;
mod simple;
mod startup;

use std::{io, sync::Arc, time::Duration};

use rustls::ServerConfig;
use tokio::{
    net::{TcpListener, TcpStream},
    sync::Semaphore,
};
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;

use super::{door::Door, statements::Statements};
use crate::ServerError;
use cancel::Cancels;
use connection::{Connection, converse};

/// What clients offer that speak TLS from the first byte.
const ALPN: &[u8] = b"postgresql";
/// After a connection could not be accepted.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// Where and with what it is served.
pub(super) struct Endpoint {
    pub(super) listener: std::net::TcpListener,
    /// `None` only on loopback.
    pub(super) tls: Option<Arc<ServerConfig>>,
    pub(super) door: Arc<Door>,
    pub(super) statements: Arc<Statements>,
    /// Connections at once.
    pub(super) connections: usize,
    pub(super) stop: CancellationToken,
}

/// What all connections share.
struct Shared {
    door: Arc<Door>,
    statements: Arc<Statements>,
    cancels: Cancels,
    tls: Option<TlsAcceptor>,
}

/// Serves until it is stopped.
pub(super) async fn serve(at: Endpoint) -> Result<(), ServerError> {
    let failed = |source| ServerError::Listen { address: "the Postgres endpoint".to_owned(), source };
    at.listener.set_nonblocking(true).map_err(failed)?;
    let listener = TcpListener::from_std(at.listener).map_err(failed)?;
    let tls = at.tls.map(|config| {
        let mut config = ServerConfig::clone(&config);
        config.alpn_protocols = vec![ALPN.to_vec()];
        TlsAcceptor::from(Arc::new(config))
    });
    let shared =
        Arc::new(Shared { door: at.door, statements: at.statements, cancels: Cancels::default(), tls });
    let places = Arc::new(Semaphore::new(at.connections.max(1)));
    loop {
        // Who finds no place waits in the socket's queue, without a thread or a buffer of ours.
        let accepted = tokio::select! {
            () = at.stop.cancelled() => return Ok(()),
            accepted = async {
                let place = Arc::clone(&places).acquire_owned().await;
                (place, listener.accept().await)
            } => accepted,
        };
        let (Ok(place), Ok((stream, _))) = accepted else {
            tokio::time::sleep(ACCEPT_PAUSE).await;
            continue;
        };
        let (shared, stop) = (Arc::clone(&shared), at.stop.child_token());
        tokio::spawn(async move {
            let _place = place;
            if let Err(error) = serve_one(stream, shared, stop).await {
                tracing::debug!(%error, "a connection of the Postgres endpoint broke off");
            }
        });
    }
}

async fn serve_one(stream: TcpStream, shared: Arc<Shared>, gone: CancellationToken) -> io::Result<()> {
    // A second handle on the socket, to see when the client hangs up while a statement runs.
    let stream = stream.into_std()?;
    let watched = TcpStream::from_std(stream.try_clone()?)?;
    let watching = tokio::spawn(connection::watch(watched, gone.clone()));
    let connection = Arc::new(Connection::new(shared, gone.clone()));
    let ended = tokio::select! {
        ended = converse(TcpStream::from_std(stream)?, connection) => ended,
        () = gone.cancelled() => Ok(()),
    };
    gone.cancel();
    watching.abort();
    ended
}
