//! Readers and writers of the files that genetics uses: PLINK 1 filesets, PGS scoring files, allele frequencies
//! and sample lists.
//!
//! Readers refuse what is broken with a [`FormatError`] that says where (file, line, field), what (the value as it
//! stands) and what to do; what is merely odd is read, and reported as a [`FileNote`].

mod error;
pub mod frequency;
mod note;
pub mod plink1;
pub mod sample_list;
pub mod scoring_file;
mod text;

pub use error::{FormatError, Malformed};
pub use note::{FileNote, NoteKind};
