//! How a child tells its parent that it works: as services tell systemd (`sd_notify`), by `READY=1` to the socket that
//! `NOTIFY_SOCKET` names.

use std::{
    ffi::OsStr,
    io,
    os::{
        linux::net::SocketAddrExt,
        unix::{
            ffi::OsStrExt,
            net::{SocketAddr, UnixDatagram},
        },
    },
    sync::atomic::{AtomicU32, Ordering},
};

use tokio::process::Command;

/// The variable that names the socket.
const SOCKET: &str = "NOTIFY_SOCKET";
/// What is told.
const READY: &[u8] = b"READY=1";

/// Where children tell it.
#[derive(Debug)]
pub(crate) struct ReadySocket {
    socket: UnixDatagram,
    name: String,
}

impl ReadySocket {
    /// A socket of a name of its own, which lies in no folder.
    pub(crate) fn bind() -> io::Result<Self> {
        static MADE: AtomicU32 = AtomicU32::new(0);
        let number = MADE.fetch_add(1, Ordering::Relaxed);
        let name = format!("steppe-ready-{}-{number}", std::process::id());
        let socket = UnixDatagram::bind_addr(&SocketAddr::from_abstract_name(&name)?)?;
        socket.set_nonblocking(true)?;
        Ok(Self { socket, name })
    }

    /// Asks a child to tell.
    pub(crate) fn ask(&self, command: &mut Command) {
        // A name that lies in no folder is written with an @.
        command.env(SOCKET, format!("@{}", self.name));
    }

    /// Whether a child has told it since this was asked last.
    pub(crate) fn was_told(&self) -> bool {
        let mut told = false;
        let mut message = [0; 64];
        while let Ok(length) = self.socket.recv(&mut message) {
            told |= message.get(..length) == Some(READY);
        }
        told
    }
}

/// Tells whoever wants to know.
///
/// # Errors
/// A socket that does not take it.
pub(crate) fn tell() -> io::Result<()> {
    std::env::var_os(SOCKET).map_or(Ok(()), |name| tell_to(&name))
}

pub(crate) fn tell_to(name: &OsStr) -> io::Result<()> {
    let address = match name.as_bytes().strip_prefix(b"@") {
        Some(name) => SocketAddr::from_abstract_name(name)?,
        None => SocketAddr::from_pathname(name)?,
    };
    UnixDatagram::unbound()?.send_to_addr(READY, &address).map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_told_is_heard_once() -> io::Result<()> {
        let (one, other) = (ReadySocket::bind()?, ReadySocket::bind()?);
        assert!(!one.was_told());
        tell_to(format!("@{}", one.name).as_ref())?;
        assert!(one.was_told());
        assert!(!one.was_told() && !other.was_told());
        // What is something else is not it.
        let address = SocketAddr::from_abstract_name(&one.name)?;
        UnixDatagram::unbound()?.send_to_addr(b"STATUS=starting", &address)?;
        assert!(!one.was_told());
        Ok(())
    }
}
