//! What a coordinator knows beside the passes: which jobs there are ([`jobs`]), who may ask for what ([`identity`],
//! [`policy`]), and what it decided ([`audit`]).

pub mod audit;
mod error;
pub mod identity;
pub mod jobs;
pub mod policy;

pub use error::ServerError;
