//! The process that keeps the serving one alive and within its memory.

use std::{net::SocketAddr, os::fd::OwnedFd, process::Stdio, time::Duration};

use tokio::process::Command;

use super::Listeners;
use crate::{
    ServerError,
    ready::ReadySocket,
    supervise::{Supervised, supervise},
};

/// What the log calls the child.
const WHAT: &str = "the serving process";
/// Before a child is started again; whoever kills it does not keep others waiting.
const PAUSE: [Duration; 2] = [Duration::from_millis(50), Duration::from_secs(1)];

/// Binds the sockets of the two endpoints.
///
/// # Errors
/// An address that can not be bound.
pub fn bind(flight: SocketAddr, postgres: SocketAddr) -> Result<Listeners, ServerError> {
    let bound = |address: SocketAddr| {
        let failed = |source| ServerError::Listen { address: address.to_string(), source };
        std::net::TcpListener::bind(address).map_err(failed)
    };
    Ok(Listeners { flight: bound(flight)?, postgres: bound(postgres)? })
}

/// Keeps a child of what `command` makes alive until SIGTERM or SIGINT. It gets the sockets as its standard input and
/// output, and is killed when it takes more memory than it may.
///
/// # Errors
/// A child that can not be started, or that ended before any served.
pub async fn keep_alive(
    listeners: &Listeners,
    memory: u64,
    command: impl Fn() -> Command,
) -> Result<(), ServerError> {
    let with_sockets = || {
        let mut command = command();
        let copy = |listener: &std::net::TcpListener| {
            let socket = OwnedFd::from(listener.try_clone()?);
            Ok::<_, std::io::Error>(Stdio::from(socket))
        };
        command.stdin(copy(&listeners.flight)?).stdout(copy(&listeners.postgres)?);
        Ok(command)
    };
    let ready = ReadySocket::bind().map_err(|source| ServerError::Process { what: WHAT, source })?;
    let (memory, ready) = (Some(memory), Some(ready));
    supervise(Supervised { what: WHAT, command: with_sockets, pause: PAUSE, memory, ready }).await
}
