//! The endpoint for Arrow Flight SQL. Every call shows a token before anything else; whatever this endpoint does not do
//! is unimplemented to somebody known, and nothing to anybody else.
//!
//! A ticket is a random number, for one user and a few minutes: what it stands for never leaves the process.

mod actions;
mod authenticate;
mod bind;
mod catalog;
mod service;
mod tickets;

use std::{
    collections::BTreeMap,
    sync::Arc,
    time::{Duration, Instant},
};

use arrow_flight::flight_service_server::FlightServiceServer;
use rustls::ServerConfig;
use steppe_cluster::tls_incoming;
use steppe_engine::sql::SqlUser;
use tokio::{net::TcpListener, sync::Mutex};
use tokio_util::sync::CancellationToken;
use tonic::transport::{Server, server::TcpIncoming};

use super::{
    door::Door,
    statements::{Session, Statements},
};
use crate::{ServerError, entrance::EntranceLayer};
use tickets::Tickets;

/// Bytes of the largest message that is taken: a statement, or a batch of parameters.
const LARGEST_MESSAGE: usize = 4 << 20;
/// Bytes of a call's headers: a token that is too long is told so, and recorded, like any other that is no good.
const LARGEST_HEADERS: u32 = 32 << 10;
/// Calls at once on one connection.
const CALLS: usize = 64;
/// How long a session serves its user's calls, so that new data and changed roles are seen.
const SESSION: Duration = Duration::from_secs(30);

/// Where and with what it is served.
pub(super) struct Endpoint {
    pub(super) listener: std::net::TcpListener,
    /// `None` only on loopback.
    pub(super) tls: Option<Arc<ServerConfig>>,
    pub(super) door: Arc<Door>,
    pub(super) statements: Arc<Statements>,
    pub(super) stop: CancellationToken,
}

/// The service's state.
pub(super) struct FlightGateway {
    statements: Arc<Statements>,
    sessions: Mutex<BTreeMap<SqlUser, (Instant, Session)>>,
    tickets: Tickets,
}

impl FlightGateway {
    /// The session of whoever calls.
    async fn session(&self, who: &SqlUser) -> Result<Session, ServerError> {
        let mut sessions = self.sessions.lock().await;
        sessions.retain(|_, (opened, _)| opened.elapsed() < SESSION);
        if let Some((_, session)) = sessions.get(who) {
            return Ok(session.clone());
        }
        drop(sessions);
        let session = self.statements.session(who.clone()).await?;
        self.sessions.lock().await.insert(who.clone(), (Instant::now(), session.clone()));
        Ok(session)
    }
}

/// Serves until it is stopped, and then what is under way.
pub(super) async fn serve(at: Endpoint) -> Result<(), ServerError> {
    let failed = |source| ServerError::Listen { address: "the Flight endpoint".to_owned(), source };
    at.listener.set_nonblocking(true).map_err(failed)?;
    let listener = TcpListener::from_std(at.listener).map_err(failed)?;
    let gateway =
        FlightGateway { statements: at.statements, sessions: Mutex::default(), tickets: Tickets::default() };
    let service = FlightServiceServer::new(gateway).max_decoding_message_size(LARGEST_MESSAGE);
    let router = Server::builder()
        .concurrency_limit_per_connection(CALLS)
        .http2_max_header_list_size(LARGEST_HEADERS)
        .http2_keepalive_interval(Some(Duration::from_secs(30)))
        .http2_keepalive_timeout(Some(Duration::from_secs(20)))
        .layer(EntranceLayer(at.door))
        .add_service(service);
    let stopped = at.stop.cancelled_owned();
    let served = match at.tls {
        Some(tls) => router.serve_with_incoming_shutdown(tls_incoming(listener, tls), stopped).await,
        None => {
            let incoming = TcpIncoming::from(listener).with_nodelay(Some(true));
            router.serve_with_incoming_shutdown(incoming, stopped).await
        }
    };
    served.map_err(|error| failed(std::io::Error::other(error)))
}
