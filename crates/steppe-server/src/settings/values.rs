//! The values that settings take, and how they are read.

mod host;
mod names;
mod secret;
mod size;
mod urls;

pub use host::{Host, HostPort};
pub use secret::Secret;
pub use size::Size;

pub(super) use host::{address, port};
pub(super) use names::{count, identifier, path, switch, table, text};
pub(super) use size::{size, size_or_none};
pub(super) use urls::{allowed_location, displayed, endpoint, job_log, keys_url, location};

/// What is wrong with a value, to follow it in a sentence.
pub(super) type Problem = &'static str;
