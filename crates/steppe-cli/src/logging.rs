use std::io::{self, IsTerminal};

use steppe_server::{
    operations::telemetry::{self, Service, TelemetryGuard, TelemetrySettings},
    settings::{LogSettings, TraceSettings},
};
use tracing_subscriber::EnvFilter;

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

/// A server's log on standard error and its traces, as its settings say. They end with the guard.
pub(crate) fn start_server(
    service: Service,
    instance: &str,
    log: &LogSettings,
    trace: &TraceSettings,
) -> anyhow::Result<TelemetryGuard> {
    let settings = TelemetrySettings {
        service,
        instance: instance.to_owned(),
        log: log.level.clone(),
        format: log.format,
        traces: trace.endpoint.as_ref().map(ToString::to_string),
    };
    Ok(telemetry::start(&settings)?)
}
