//! An answer's body: whole, or one that breaks off.

use std::{
    io,
    pin::Pin,
    task::{Context, Poll},
};

use bytes::Bytes;
use hyper::body::{Body, Frame, SizeHint};

/// Some bytes, and then the end or a failure.
pub(super) struct Reply {
    bytes: Option<Bytes>,
    breaks: bool,
    /// Whether the bytes have had the time to leave.
    sent: bool,
}

impl Reply {
    pub(super) fn whole(bytes: Bytes) -> Self {
        Self { bytes: Some(bytes), breaks: false, sent: false }
    }

    /// Breaks off after the bytes.
    pub(super) fn cut(bytes: Bytes) -> Self {
        Self { bytes: Some(bytes), breaks: true, sent: false }
    }
}

impl Body for Reply {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        if let Some(bytes) = self.bytes.take().filter(|bytes| !bytes.is_empty()) {
            return Poll::Ready(Some(Ok(Frame::data(bytes))));
        }
        if !self.breaks {
            return Poll::Ready(None);
        }
        if !self.sent {
            // One more turn: the connection writes what it has before it asks again.
            self.sent = true;
            context.waker().wake_by_ref();
            return Poll::Pending;
        }
        Poll::Ready(Some(Err(io::ErrorKind::ConnectionReset.into())))
    }

    fn is_end_stream(&self) -> bool {
        !self.breaks && self.bytes.as_ref().is_none_or(Bytes::is_empty)
    }

    fn size_hint(&self) -> SizeHint {
        match &self.bytes {
            Some(bytes) if !self.breaks => SizeHint::with_exact(bytes.len() as u64),
            _ => SizeHint::default(),
        }
    }
}
