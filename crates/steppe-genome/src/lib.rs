//! Vocabulary of genetics as types, and the rules that match scoring files to variants.
//!
//! This crate is the bottom layer: it reads no file and knows neither Arrow nor tokio. Everything above
//! speaks in its types, so that a chromosome, an allele or an effect type means one thing everywhere.

mod allele;
mod chromosome;
mod effect;
mod error;
mod genome_build;
pub mod matching;
mod sex;
mod string_column;
mod variant_table;

pub use allele::{complement, is_acgt, is_palindromic};
pub use chromosome::{Chromosome, Ploidy};
pub use effect::EffectType;
pub use error::GenomeError;
pub use genome_build::GenomeBuild;
pub use sex::Sex;
pub use string_column::StringColumn;
pub use variant_table::VariantTable;
