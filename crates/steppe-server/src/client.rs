//! A client of a coordinator's job API.

mod connect;
mod jobs;

pub use connect::{ClientConfig, Connection};
pub use jobs::{Uploaded, answer};
