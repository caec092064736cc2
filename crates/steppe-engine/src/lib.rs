//! The passes over a cohort's genotypes as DataFusion operators, scoring jobs on top of them, and the SQL tables.
//!
//! A *pass* ([`pass`]) is a DataFusion physical plan of our own operators over the tiles of a cohort store; the
//! [`Engine`] trait runs one, [`LocalEngine`] in this process. A *job* ([`score`]) is a small program over passes:
//! it reads scoring files, matches them, quantises the weights, runs the forward pass and writes the result
//! ([`output`]). [`sql`] opens cohorts and results as tables.

mod codec;
mod engine;
mod error;
mod error_kind;
mod matrix;
pub mod output;
pub mod pass;
mod progress;
pub mod score;
pub mod sql;

pub use codec::PassCodec;
pub use engine::{Engine, LocalEngine};
pub use error::EngineError;
pub use error_kind::ErrorKind;
pub use matrix::EngineMatrix;
pub use progress::{PassProgress, SilentProgress};
