//! What an operator sees of a server process: [`metrics`](Metrics), [`readiness`](Readiness), the small HTTP
//! [`server`](OperationsServer) that shows both, and [`telemetry`]: its log lines and traces.

mod error;
mod export;
mod labels;
mod metrics;
mod readiness;
mod server;
pub mod telemetry;

pub use error::OperationsError;
pub use export::StoreExport;
pub use labels::{ApiMethod, AttemptReason, ByteDirection, CacheOutcome};
pub use metrics::{JobTiles, Metrics, NAMED_WORKERS, WorkerName};
pub use readiness::{Check, Readiness};
pub use server::{OperationsLimits, OperationsServer};
