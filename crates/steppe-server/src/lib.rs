//! What a coordinator stands on beside the passes: the durable log of its jobs ([`jobs`]), who may do what
//! ([`identity`]), what jobs may name ([`policy`]), and the record of every decision ([`audit`]).

pub mod audit;
mod error;
pub mod identity;
pub mod jobs;
pub mod policy;

pub use error::ServerError;
