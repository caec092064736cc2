//! Numbers and tables as people read them.

mod numbers;
mod table;

pub(crate) use numbers::{bytes, count, duration, percent, quantity, things};
pub(crate) use table::{Align, facts, table};
