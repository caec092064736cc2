use std::io::{self, IsTerminal};

use steppe_server::settings::{LogFormat, LogSettings};
use tracing_subscriber::EnvFilter;

use crate::exit::Usage;

/// Sends log lines to standard error: warnings, more with `--verbose`, or whatever STEPPE_LOG says.
pub(crate) fn start(verbose: u8) {
    let level = match verbose {
        0 => "warn",
        1 => "steppe=info,steppe_engine=info,steppe_store=info,warn",
        _ => "steppe=debug,steppe_engine=debug,steppe_store=debug,info",
    };
    let filter = EnvFilter::try_from_env("STEPPE_LOG").unwrap_or_else(|_| EnvFilter::new(level));
    // A second subscriber can only exist when something else in this process set one; its lines are as good.
    let _ = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(io::stderr)
        .with_ansi(io::stderr().is_terminal())
        .with_target(verbose > 1)
        .try_init();
}

/// A server's log on standard error, as its settings say.
pub(crate) fn start_server(settings: &LogSettings) -> anyhow::Result<()> {
    let filter = EnvFilter::try_new(&settings.level).map_err(|error| {
        Usage::refuse(
            format!("log.level: {:?} is no filter: {error}", settings.level),
            "write a level such as info, or targets such as steppe_server=debug,info",
        )
    })?;
    let log = tracing_subscriber::fmt().with_env_filter(filter).with_writer(io::stderr);
    // As in `start`.
    let _ = match settings.format {
        LogFormat::Json => log.json().try_init(),
        LogFormat::Text => log.with_ansi(io::stderr().is_terminal()).try_init(),
    };
    Ok(())
}
