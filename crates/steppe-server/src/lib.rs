//! The coordinator, worker and gateway processes, and the client of the job API.
//!
//! A [`coordinator`] stands on the durable log of its jobs ([`jobs`]), on who may do what ([`identity`]), what jobs may
//! name ([`policy`]) and the record of every decision ([`audit`]); it serves people through [`api`] and hands passes to
//! the cluster. A [`worker`] keeps an executor alive. A [`gateway`] answers
//! people's SQL. [`client`] speaks to a coordinator. [`wire`] is the API itself.

pub mod api;
pub mod audit;
pub mod client;
pub mod coordinator;
pub mod development;
mod entrance;
mod error;
mod failure_kind;
pub mod gateway;
pub mod identity;
pub mod jobs;
pub mod operations;
pub mod policy;
mod ready;
pub mod settings;
mod supervise;
pub mod wire;
pub mod worker;

pub use error::ServerError;
pub use failure_kind::{FailureKind, chain, status_of};
