use std::path::PathBuf;

use clap::Args;

/// Which coordinator runs the job; none runs it in this process.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Coordinator")]
pub(crate) struct RemoteOptions {
    /// Run the job on this coordinator (https://HOST:7070) instead of in this process.
    #[arg(long, value_name = "URL", env = "STEPPE_COORDINATOR")]
    pub(crate) coordinator: Option<String>,
    /// The folder of a development cluster (steppe cluster up): its coordinator, token, authority and store.
    #[arg(long, value_name = "DIR", env = "STEPPE_PROFILE")]
    pub(crate) profile: Option<PathBuf>,
    /// File with the bearer token; or the token itself in STEPPE_TOKEN.
    #[arg(long, value_name = "FILE", env = "STEPPE_TOKEN_FILE")]
    pub(crate) token_file: Option<PathBuf>,
    /// PEM of the authority that signed the coordinator's certificate; the system's where absent.
    #[arg(long, value_name = "FILE", env = "STEPPE_CA")]
    pub(crate) ca: Option<PathBuf>,
}
