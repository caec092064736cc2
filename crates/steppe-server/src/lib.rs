//! What a coordinator stands on beside the passes: so far the durable log of its jobs ([`jobs`]).

mod error;
pub mod jobs;

pub use error::ServerError;
