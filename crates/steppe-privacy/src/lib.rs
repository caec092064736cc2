//! Probe.
pub mod cells;
mod error;
pub mod ledger;
/// x
pub mod noise;
pub mod policy;
pub use error::PrivacyError;
