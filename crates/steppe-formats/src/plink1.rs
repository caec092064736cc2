//! PLINK 1 filesets: genotypes in a .bed, variants in a .bim, samples in a .fam.
//!
//! The counted allele is A1 of the .bim (plink2's ALT). In a .bed row, sample i has two bits, low bits first:
//! `00` two copies of A1, `01` missing, `10` one copy, `11` none. Genotype codes of the cohort store ("tile codes")
//! are the number of copies, and 3 for missing.

mod bed;
mod bed_writer;
mod bim;
mod bim_writer;
mod fam;
mod fam_writer;
mod fileset;

pub use bed::{BedReader, open_bed};
pub use bed_writer::BedWriter;
pub use bim::{BimReader, BimRecord, open_bim};
pub use bim_writer::BimWriter;
pub use fam::{FamRecord, FamTable, read_fam};
pub use fam_writer::write_fam;
pub use fileset::{Fileset, FilesetPaths};
