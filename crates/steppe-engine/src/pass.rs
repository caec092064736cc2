//! The passes over the genotype matrix, one module each.

pub mod forward;
