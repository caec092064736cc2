//! Probe.
pub mod cells;
mod error;
pub mod ledger;
/// x
pub mod noise;
pub mod policy;
pub mod statement_caps;
pub use error::PrivacyError;
