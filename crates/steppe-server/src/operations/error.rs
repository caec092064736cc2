use std::{fmt, io};

/// Why a process can not be observed as asked.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OperationsError {
    /// A worker's name that can not be a label.
    #[error("the worker's name {problem}; use 1 to 64 letters, digits, dots, dashes and underscores")]
    WorkerName {
        /// What is wrong with it.
        problem: &'static str,
    },
    /// The metrics can not be written as text.
    #[error("can not write the metrics as text; this is a fault of steppe, report it")]
    MetricsText {
        /// What the encoder said.
        #[from]
        source: fmt::Error,
    },
    /// A filter of log lines that can not be read.
    #[error(
        "the log filter {problem}; write off, error, warn, info, debug or trace, or TARGET=LEVEL, or several with commas"
    )]
    LogFilter {
        /// What is wrong with it.
        problem: String,
    },
    /// An address for traces that can not be used. The address itself may hold a secret and is not repeated.
    #[error("the address for traces {problem}; write http://HOST:PORT of an OTLP collector (gRPC)")]
    TracesEndpoint {
        /// What is wrong with it.
        problem: &'static str,
    },
    /// Traces that can not be set up.
    #[error("can not set up the sending of traces: {problem}; check OTEL_EXPORTER_OTLP_… in the environment")]
    TracesSetup {
        /// What is wrong.
        problem: String,
    },
    /// No thread for the sending of traces.
    #[error("can not start a thread that sends traces; check the limit on threads of this process")]
    TracesThread {
        /// What the system said.
        source: io::Error,
    },
    /// Somebody else receives this process's log lines.
    #[error("telemetry runs in this process already; start it once, and keep its guard")]
    TelemetryRuns,
}
