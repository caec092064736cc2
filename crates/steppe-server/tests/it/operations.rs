//! What an operator sees of a server process.

mod metrics;
mod open_metrics;
mod probe;
mod readiness;
mod server;
mod telemetry;
mod tls;
