//! Connections of a listener, after their TLS handshake. A slow or silent peer keeps nobody else waiting.

use std::{io, sync::Arc, time::Duration};

use futures::Stream;
use rustls::ServerConfig;
use tokio::{
    net::{TcpListener, TcpStream},
    sync::{Semaphore, mpsc},
};
use tokio_rustls::{TlsAcceptor, server::TlsStream};

/// A handshake takes at most this long.
const HANDSHAKE: Duration = Duration::from_secs(10);
/// Handshakes at once; more wait in the listener's queue.
const HANDSHAKES: usize = 256;

/// Accepts connections, ends TLS, and hands on those whose handshake succeeds. Refused ones are logged by address and
/// reason. It ends when the stream is dropped.
pub fn tls_incoming(
    listener: TcpListener,
    config: Arc<ServerConfig>,
) -> impl Stream<Item = io::Result<TlsStream<TcpStream>>> + Send + Unpin + 'static {
    let (sender, mut receiver) = mpsc::channel(16);
    let acceptor = TlsAcceptor::from(config);
    let slots = Arc::new(Semaphore::new(HANDSHAKES));
    tokio::spawn(async move {
        loop {
            let Ok(slot) = Arc::clone(&slots).acquire_owned().await else { return };
            let accepted = tokio::select! {
                accepted = listener.accept() => accepted,
                () = sender.closed() => return,
            };
            let (stream, peer) = match accepted {
                Ok(accepted) => accepted,
                Err(error) => {
                    tracing::warn!(%error, "a connection was lost before it was accepted");
                    tokio::time::sleep(Duration::from_millis(100)).await;
                    continue;
                }
            };
            let (acceptor, sender) = (acceptor.clone(), sender.clone());
            tokio::spawn(async move {
                let _slot = slot;
                let _ = stream.set_nodelay(true);
                match tokio::time::timeout(HANDSHAKE, acceptor.accept(stream)).await {
                    // Nobody waits for it any more when the server has stopped.
                    Ok(Ok(accepted)) => drop(sender.send(Ok(accepted)).await),
                    Ok(Err(error)) => tracing::warn!(%peer, %error, "refused at the handshake"),
                    Err(_) => tracing::warn!(%peer, "refused: no handshake in time"),
                }
            });
        }
    });
    futures::stream::poll_fn(move |context| receiver.poll_recv(context))
}
