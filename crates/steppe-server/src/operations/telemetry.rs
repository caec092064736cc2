//! Log lines and traces of a server process. [`start`] sets them up; [`job_trace`] makes one trace of a job, whatever
//! processes work on it.

mod endpoint;
mod exporter;
mod guard;
mod job;

use std::io::{self, IsTerminal};

use opentelemetry::trace::TracerProvider;
use tracing::level_filters::LevelFilter;
use tracing_subscriber::{
    EnvFilter, Layer, Registry,
    filter::{Directive, ParseError, Targets},
    fmt,
    layer::SubscriberExt,
    util::SubscriberInitExt,
};

pub use guard::TelemetryGuard;
pub use job::{JobTrace, job_span, job_trace, tile_failed, tile_span};

use self::guard::Traces;
use super::OperationsError;
use crate::settings::LogFormat;

/// Which program a process runs: the `service.name` of its traces.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Service {
    /// `steppe-coordinator`.
    Coordinator,
    /// `steppe-worker`.
    Worker,
    /// `steppe-gateway`.
    Gateway,
}

impl Service {
    /// The name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Coordinator => "steppe-coordinator",
            Self::Worker => "steppe-worker",
            Self::Gateway => "steppe-gateway",
        }
    }
}

/// What [`start`] sets up.
#[derive(Debug, Clone)]
pub struct TelemetrySettings {
    /// Which program this is.
    pub service: Service,
    /// Which process of that program: `service.instance.id`.
    pub instance: String,
    /// Which log lines are written: `info`, or `steppe_server=debug,warn`.
    pub log: String,
    /// How they look.
    pub format: LogFormat,
    /// Where traces go: `http://HOST:PORT` of an OTLP collector (gRPC). Nowhere, if there is none.
    pub traces: Option<String>,
}

type BoxedLayer = Box<dyn Layer<Registry> + Send + Sync>;

/// Sets up log lines on standard error, and traces if an address is given. Nothing waits for the collector, now or
/// later: while it can not be reached, one log line says so, and spans are dropped.
///
/// # Errors
/// A filter or address that can not be read, and telemetry that runs already.
pub fn start(settings: &TelemetrySettings) -> Result<TelemetryGuard, OperationsError> {
    let mut layers = vec![lines(settings)?];
    let traces = settings.traces.as_deref().map(|address| Traces::start(settings, address)).transpose()?;
    let guard = TelemetryGuard::new(traces);
    if let Some(provider) = guard.provider() {
        layers.push(spans(provider));
    }
    tracing_subscriber::registry().with(layers).try_init().map_err(|_| OperationsError::TelemetryRuns)?;
    Ok(guard)
}

fn lines(settings: &TelemetrySettings) -> Result<BoxedLayer, OperationsError> {
    let unreadable = |error: ParseError| OperationsError::LogFilter { problem: error.to_string() };
    check_words(&settings.log)?;
    let filter = EnvFilter::builder().parse(&settings.log).map_err(unreadable)?;
    // The library of traces would say of every batch that it can not be sent.
    let quiet: Directive = "opentelemetry=off".parse().map_err(unreadable)?;
    let filter = filter.add_directive(quiet);
    let lines = fmt::layer().with_writer(io::stderr);
    Ok(match settings.format {
        LogFormat::Text => lines.with_ansi(io::stderr().is_terminal()).with_filter(filter).boxed(),
        LogFormat::Json => lines.json().flatten_event(true).with_span_list(false).with_filter(filter).boxed(),
    })
}

/// To the library a single word that is no level is a target, so that `--log verbose` would silence everything.
fn check_words(filter: &str) -> Result<(), OperationsError> {
    let words = filter.split(',').filter(|part| !part.contains(['=', '[', ']', '{', '}']));
    for word in words.map(str::trim) {
        if word.is_empty() || word.parse::<LevelFilter>().is_err() {
            return Err(OperationsError::LogFilter { problem: format!("has {word:?}, which is no level") });
        }
    }
    Ok(())
}

/// Steppe's own spans, whatever the log filter says. Those of the libraries beneath would trace the sending of traces.
fn spans(provider: &opentelemetry_sdk::trace::SdkTracerProvider) -> BoxedLayer {
    tracing_opentelemetry::layer()
        .with_tracer(provider.tracer("steppe"))
        .with_location(false)
        .with_threads(false)
        .with_tracked_inactivity(false)
        .with_filter(Targets::new().with_target("steppe", LevelFilter::INFO))
        .boxed()
}
