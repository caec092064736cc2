use url::Url;

use super::{
    error::SettingsError,
    resolved::Resolved,
    values::{Problem, endpoint, text},
};

/// How the process says what it does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogSettings {
    /// How lines are written.
    pub format: LogFormat,
    /// Which lines are written, as `tracing_subscriber::EnvFilter` reads it.
    pub level: String,
}

/// How log lines are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogFormat {
    /// For people.
    Text,
    /// One object a line.
    Json,
}

/// Where traces go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TraceSettings {
    /// An OTLP gRPC endpoint; `None` sends none.
    pub endpoint: Option<Url>,
}

impl LogSettings {
    pub(super) fn read(values: &Resolved) -> Result<Self, SettingsError> {
        Ok(Self { format: values.get("log.format", format)?, level: values.get("log.level", text)? })
    }
}

fn format(text: &str) -> Result<LogFormat, Problem> {
    match text {
        "text" => Ok(LogFormat::Text),
        "json" => Ok(LogFormat::Json),
        _ => Err("is neither"),
    }
}

impl TraceSettings {
    pub(super) fn read(values: &Resolved) -> Result<Self, SettingsError> {
        Ok(Self { endpoint: values.optional("trace.endpoint", endpoint)? })
    }
}
