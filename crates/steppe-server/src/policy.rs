//! What a job may name.

pub mod locations;
