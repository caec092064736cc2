use std::{
    io,
    sync::{Arc, Mutex, OnceLock, PoisonError},
    time::Duration,
};

use pgwire::{
    api::{ClientInfo, NoopHandler, PgWireConnectionState},
    error::{ErrorInfo, PgWireError},
    messages::PgWireFrontendMessage,
    tokio::server::{negotiate_tls, process_error, process_message},
};
use tokio::{io::Interest, net::TcpStream};
use tokio_util::sync::CancellationToken;

use super::{Shared, cancel::Registration, messages, session::Settings};
use crate::{
    ServerError, chain,
    gateway::{fault::Fault, statements::Session},
    identity::token::TokenRefusal,
};

/// From the first byte to a known user.
const STARTUP: Duration = Duration::from_secs(30);
/// Between two looks at whether a client that has sent more is still there.
const LOOK: Duration = Duration::from_millis(200);

/// One client's connection.
pub(super) struct Connection {
    pub(super) shared: Arc<Shared>,
    /// Raised when the client has hung up or the process stops.
    gone: CancellationToken,
    running: Mutex<CancellationToken>,
    session: OnceLock<Session>,
    pub(super) settings: Mutex<Settings>,
    pub(super) registration: OnceLock<Registration>,
}

/// What handles a connection's messages.
pub(super) struct Client(pub(super) Arc<Connection>);

impl Connection {
    pub(super) fn new(shared: Arc<Shared>, gone: CancellationToken) -> Self {
        let running = Mutex::new(gone.child_token());
        let (session, registration) = (OnceLock::new(), OnceLock::new());
        Self { shared, gone, running, session, settings: Mutex::default(), registration }
    }

    /// The session of a client that is known.
    pub(super) fn session(&self) -> Result<&Session, PgWireError> {
        let unknown = ServerError::Token { refusal: TokenRefusal::Missing };
        self.session.get().ok_or_else(|| fatal(&unknown))
    }

    /// The client is known from now on.
    pub(super) fn open(&self, session: Session) {
        // A second one would come after a second password, which nobody asks for.
        let _ = self.session.set(session);
    }

    fn is_open(&self) -> bool {
        self.session.get().is_some()
    }

    /// What ends the text, or the part of a statement, that begins now: a cancel request, or the client's going.
    pub(super) fn begin(&self) -> CancellationToken {
        let token = self.gone.child_token();
        *self.running.lock().unwrap_or_else(PoisonError::into_inner) = token.clone();
        token
    }

    /// Ends the statement that runs.
    pub(super) fn cancel(&self) {
        self.running.lock().unwrap_or_else(PoisonError::into_inner).cancel();
    }

    pub(super) fn with_settings<T>(&self, on: impl FnOnce(&mut Settings) -> T) -> T {
        on(&mut self.settings.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Talks to a client until one of the two has had enough.
pub(super) async fn converse(stream: TcpStream, connection: Arc<Connection>) -> io::Result<()> {
    let startup = tokio::time::sleep(STARTUP);
    tokio::pin!(startup);
    let tls = connection.shared.tls.clone();
    let negotiated = tokio::select! {
        () = &mut startup => return Ok(()),
        negotiated = negotiate_tls(stream, tls) => negotiated?,
    };
    let Some(mut socket) = negotiated else { return Ok(()) };
    let client = Arc::new(Client(Arc::clone(&connection)));
    loop {
        let known = connection.is_open();
        let message = tokio::select! {
            () = &mut startup, if !known => return Ok(()),
            message = messages::next(&mut socket, known) => message,
        };
        let (result, extended) = match message {
            Ok(None | Some(PgWireFrontendMessage::Terminate(_))) => return Ok(()),
            Ok(Some(message)) => {
                let extended = message.is_extended_query();
                let is_last = matches!(message, PgWireFrontendMessage::CancelRequest(_));
                let on = || Arc::clone(&client);
                let nothing = Arc::new(NoopHandler);
                let processed = process_message(message, &mut socket, on(), on(), on(), nothing, on()).await;
                if is_last {
                    return Ok(());
                }
                (processed, extended)
            }
            Err(error) => (Err(error), false),
        };
        let Err(error) = result else { continue };
        let broken = matches!(error, PgWireError::IoError(_));
        // Before the client is known, and when it does not speak the protocol, there is nothing to go on with.
        let error = if connection.is_open() { error } else { as_fatal(error) };
        let info = ErrorInfo::from(error);
        let last = broken || info.is_fatal();
        process_error(&mut socket, PgWireError::UserError(Box::new(info)), extended).await?;
        if last {
            return Ok(());
        }
        if !matches!(socket.state(), PgWireConnectionState::AwaitingSync) {
            socket.set_state(PgWireConnectionState::ReadyForQuery);
        }
    }
}

/// Raises `gone` when the client has hung up. What it has sent before stays unread here.
pub(super) async fn watch(socket: TcpStream, gone: CancellationToken) {
    loop {
        match socket.ready(Interest::READABLE).await {
            Ok(ready) if !ready.is_read_closed() => tokio::time::sleep(LOOK).await,
            _ => break,
        }
    }
    gone.cancel();
}

/// A failure as the protocol tells it.
pub(super) fn told(error: &ServerError) -> PgWireError {
    PgWireError::UserError(Box::new(info(error, "ERROR")))
}

/// A failure that ends the connection.
pub(super) fn fatal(error: &ServerError) -> PgWireError {
    PgWireError::UserError(Box::new(info(error, "FATAL")))
}

fn info(error: &ServerError, severity: &str) -> ErrorInfo {
    let fault = Fault::from(error);
    let mut info = ErrorInfo::new(severity.to_owned(), fault.state.to_owned(), fault.message);
    info.severity_nonlocalized = Some(severity.to_owned());
    info.hint = fault.hint;
    info
}

fn as_fatal(error: PgWireError) -> PgWireError {
    tracing::debug!(error = %chain(&error), "a client of the Postgres endpoint is not let in");
    let mut info = ErrorInfo::from(error);
    "FATAL".clone_into(&mut info.severity);
    info.severity_nonlocalized = Some(info.severity.clone());
    PgWireError::UserError(Box::new(info))
}
