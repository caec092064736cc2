//! Messages, one at a time, none larger than it may be. The library would wait for a gigabyte, from whoever connects.

use std::io;

use bytes::BytesMut;
use pgwire::{
    api::{ClientInfo, PgWireConnectionState},
    error::PgWireError,
    messages::PgWireFrontendMessage,
    tokio::server::{MaybeTls, PgWireMessageServerCodec},
};
use tokio::io::AsyncReadExt;
use tokio_util::codec::{Decoder, Framed};

/// Bytes of a message of somebody who is not known yet: a token fits, and the names around it.
const LARGEST_UNKNOWN: usize = 32 << 10;
/// Bytes of a message of somebody who is: a statement fits, and its parameters.
const LARGEST: usize = 4 << 20;
/// Bytes that are read at once.
const PIECE: usize = 8 << 10;

/// The next message; `None` when the client has closed its side.
pub(super) async fn next<S>(
    socket: &mut Framed<MaybeTls, PgWireMessageServerCodec<S>>,
    known: bool,
) -> Result<Option<PgWireFrontendMessage>, PgWireError> {
    let most = if known { LARGEST } else { LARGEST_UNKNOWN };
    loop {
        let mut buffer = std::mem::take(socket.read_buffer_mut());
        let decoded = socket.codec_mut().decode(&mut buffer);
        let untyped = matches!(socket.state(), PgWireConnectionState::AwaitingStartup);
        let announced = announced(&buffer, untyped);
        *socket.read_buffer_mut() = buffer;
        if let Some(message) = decoded? {
            return Ok(Some(message));
        }
        if let Some(length) = announced.filter(|length| *length > most) {
            return Err(PgWireError::MessageTooLarge(most, length));
        }
        let mut piece = BytesMut::with_capacity(PIECE);
        if socket.get_mut().read_buf(&mut piece).await? == 0 {
            let cut = !socket.read_buffer().is_empty();
            return if cut { Err(io::Error::from(io::ErrorKind::UnexpectedEof).into()) } else { Ok(None) };
        }
        socket.read_buffer_mut().unsplit(piece);
    }
}

/// How long the message at the beginning of a buffer says that it is. The first of a connection has no type before it.
fn announced(buffer: &[u8], untyped: bool) -> Option<usize> {
    let start = usize::from(!untyped);
    let length: [u8; 4] = buffer.get(start..start + 4)?.try_into().ok()?;
    Some(u32::from_be_bytes(length) as usize)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_are_read_before_the_message_is_there() {
        assert_eq!(announced(&[0, 0, 1, 0], true), Some(256));
        assert_eq!(announced(&[b'Q', 0x3f, 0xff, 0xff, 0xff], false), Some(0x3fff_ffff));
        assert_eq!(announced(b"Q\0\0\0", false), None);
    }
}
