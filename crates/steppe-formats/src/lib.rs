//! Readers and writers of the files that genetics uses: PLINK 1 filesets, PGS scoring files, allele frequencies,
//! lists of samples and variants, phenotypes and covariates, tables of association, regenie's predictions.
//!
//! Readers refuse what is broken with a [`FormatError`] that says where (file, line, field), what (the value as it
//! stands) and what to do; what is merely odd is read, and reported as a [`FileNote`].

pub mod association;
mod error;
pub mod frequency;
mod note;
mod number;
mod output;
pub mod phenotype;
pub mod plink1;
pub mod regenie;
pub mod sample_list;
pub mod scoring_file;
mod text;
pub mod variant_list;

pub use error::{FormatError, Malformed};
pub use note::{FileNote, NoteKind};
