//! The list of allowed locations: tables of what passes and what does not, and properties of whatever passes.

mod properties;
mod tables;
