//! Genotype files: Parquet whose pages are the packed matrix.
//!
//! Page headers and page order are written here, so that rows go from the importer's buffers to the file without
//! another copy; the footer and the page indexes are the Parquet library's.

mod file_writer;
mod footer;
mod page_header;
mod part_writer;

pub(crate) use file_writer::FileWriter;
pub(crate) use page_header::plain_header_length;
pub(crate) use part_writer::{PagePayload, PartIdentity, PartWriter};

/// What made the files, as their footers say.
pub(crate) const CREATED_BY: &str = concat!("steppe-store version ", env!("CARGO_PKG_VERSION"));

/// The columns of a genotype file, in order.
pub(crate) const VARIANT_INDEX: usize = 0;
/// See [`VARIANT_INDEX`].
pub(crate) const GENOTYPES: usize = 1;
/// See [`VARIANT_INDEX`].
pub(crate) const CHECKSUM: usize = 2;

/// Values of a page of the two narrow columns.
pub(crate) const NARROW_PAGE_ROWS: usize = 8192;

/// The name of a genotype file, relative to the cohort.
pub(crate) fn tile_name(block: u32, part: u32) -> String {
    format!("genotypes/{block:05}/{part:05}.parquet")
}
