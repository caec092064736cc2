use std::{net::SocketAddr, path::PathBuf};

use clap::Args;
use steppe_server::development::serve_s3;
use tokio::{
    net::TcpListener,
    signal::unix::{SignalKind, signal},
};

use crate::exit::{Outcome, Usage};

/// Serve a folder as S3, for development. The credentials are those of AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY.
#[derive(Debug, Args)]
pub(crate) struct DevS3Command {
    /// The folder; its subfolders are buckets.
    #[arg(long, value_name = "DIR")]
    root: PathBuf,
    /// Where to listen; only on loopback.
    #[arg(long, value_name = "ADDRESS")]
    listen: SocketAddr,
}

impl DevS3Command {
    /// Serves until it is told to stop.
    pub(crate) fn run(&self) -> anyhow::Result<Outcome> {
        if !self.listen.ip().is_loopback() {
            return Err(Usage::refuse(
                format!("{}: it is open to others", self.listen),
                "listen on 127.0.0.1; for others use a store that is made for it",
            ));
        }
        let variable = |name: &str| {
            std::env::var(name)
                .map_err(|_| Usage::refuse(format!("{name} is not set"), "set the store's credentials"))
        };
        let (key, secret) = (variable("AWS_ACCESS_KEY_ID")?, variable("AWS_SECRET_ACCESS_KEY")?);
        let runtime = tokio::runtime::Runtime::new()?;
        runtime.block_on(async {
            let listener = TcpListener::bind(self.listen).await?;
            let mut terminate = signal(SignalKind::terminate())?;
            let mut interrupt = signal(SignalKind::interrupt())?;
            tokio::select! {
                served = serve_s3(&self.root, listener, &key, &secret) => served?,
                _ = terminate.recv() => {}
                _ = interrupt.recv() => {}
            }
            Ok::<_, anyhow::Error>(())
        })?;
        runtime.shutdown_background();
        Ok(Outcome::Done)
    }
}
