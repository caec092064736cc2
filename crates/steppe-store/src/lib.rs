//! The cohort store: Parquet tiles, variant and sample tables, manifest and checksums on object stores.
//!
//! ```text
//! <cohort>/
//!   manifest/00000001.json               what the cohort is made of, by content hash; written last
//!   samples.parquet                      one row a sample, in matrix order
//!   variants.parquet                     one row a variant, in matrix order, with genotype counts
//!   genotypes/<block>/<part>.parquet     packed genotypes: a block of samples x a run of variants
//! ```
//!
//! A *block* is a run of samples, a *part* a run of variants of one chromosome; their file holds *row groups* of
//! whole *pages*, and each row is one variant: [`SampleBlock::stride`] bytes of 2-bit codes, four samples a byte,
//! little end first, code = copies of the counted allele, 3 = missing, padding zero. An uncompressed page is the
//! packed matrix as the kernels take it.
//!
//! Everything that is stored is covered by a hash that is checked before a byte of it counts: the manifest by
//! itself, tables and file frames by the manifest, row groups in the pass that reads them, single rows by their own
//! checksum. The API blocks, and can be called from any thread, a tokio worker's included.

mod checked_file;
mod cohort;
mod error;
mod hash;
mod import;
mod layout;
mod location;
mod manifest;
mod reader;
mod runtime;
mod samples;
mod tile;
mod tile_cache;
mod variants;
mod verify;

pub use cohort::{Cohort, RowGroup};
pub use error::StoreError;
pub use import::{ImportOptions, ImportProgress, ImportReport, NoProgress, import};
pub use layout::{Codec, SampleBlock, TileLayout};
pub use location::{Location, StoreOperation, StoreOutcome, StoreTraffic};
pub use manifest::{FileEntry, Manifest, NoteCount, Part, RowGroupEntry, SourceFile, TileFile};
pub use reader::{Scratch, TileReader};
pub use samples::SampleTable;
pub use tile_cache::{TileCache, TileCacheOptions, TileCacheStatistics};
pub use variants::{CohortVariants, SexCounts};
pub use verify::{VerifyProgress, VerifyReport, verify};
