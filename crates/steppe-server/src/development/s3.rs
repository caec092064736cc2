//! A real S3 over a folder, for development clusters and tests.

use std::path::Path;

use hyper_util::{
    rt::{TokioExecutor, TokioIo},
    server::conn::auto::Builder,
};
use s3s::{auth::SimpleAuth, service::S3ServiceBuilder};
use s3s_fs::FileSystem;
use tokio::net::TcpListener;

use crate::ServerError;

/// Serves the buckets of a folder, its subfolders, to whoever has the key and its secret. Ends when it is dropped.
///
/// # Errors
/// A folder that can not be used.
pub async fn serve_s3(
    root: &Path,
    listener: TcpListener,
    key: &str,
    secret: &str,
) -> Result<(), ServerError> {
    let unusable = |error: s3s_fs::Error| {
        ServerError::file(root, "serve the folder")(std::io::Error::other(format!("{error:?}")))
    };
    let mut builder = S3ServiceBuilder::new(FileSystem::new(root).map_err(unusable)?);
    builder.set_auth(SimpleAuth::from_single(key, secret));
    let service = builder.build();
    let http = Builder::new(TokioExecutor::new());
    loop {
        let (socket, _) = match listener.accept().await {
            Ok(accepted) => accepted,
            Err(error) => {
                tracing::warn!(%error, "a connection was lost before it was accepted");
                tokio::time::sleep(std::time::Duration::from_millis(100)).await;
                continue;
            }
        };
        let _ = socket.set_nodelay(true);
        let connection = http.serve_connection(TokioIo::new(socket), service.clone()).into_owned();
        tokio::spawn(async move {
            // A client may go at any time.
            let _ = connection.await;
        });
    }
}
