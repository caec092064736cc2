mod transient;

use std::path::{Path, PathBuf};

pub(crate) use transient::is_transient;

/// Why a cohort can not be made, opened or read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// There is no cohort at a location.
    #[error(
        "{location}: no cohort here; make one with steppe import --bfile PREFIX --out {location}, or check the path"
    )]
    NoCohort {
        /// Where it was looked for.
        location: String,
    },
    /// Input, options or what already lies at the output do not allow it.
    #[error("{problem}; {remedy}")]
    Refused {
        /// What is wrong.
        problem: String,
        /// What to do.
        remedy: String,
    },
    /// A PLINK file that can not be used.
    #[error(transparent)]
    Format(#[from] steppe_formats::FormatError),
    /// Stored bytes are not what was written (data loss).
    #[error(
        "{file}: {place} is corrupt: expected {expected}, found {found}; restore the file, or import the cohort again"
    )]
    Corrupt {
        /// The file, relative to the cohort.
        file: String,
        /// Which row group, row or other region.
        place: String,
        /// The hash, size or value that was stored.
        expected: String,
        /// What is there now.
        found: String,
    },
    /// The operating system could not do something with a file.
    #[error("{}: {action}: {source}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What was being done, such as `can not open`.
        action: &'static str,
        /// The system's answer.
        source: std::io::Error,
    },
    /// An object store could not do something.
    #[error("{location}: {action}: {source}")]
    ObjectStore {
        /// The object.
        location: String,
        /// What was being done.
        action: &'static str,
        /// The store's answer.
        source: object_store::Error,
    },
    /// A location that is no path and no URL of a kind that we know.
    #[error(
        "{location:?}: {problem}; give a folder, or a URL that starts with file://, s3://, gs:// or az://"
    )]
    Location {
        /// The text as it was given.
        location: String,
        /// What is wrong with it.
        problem: String,
    },
    /// Parquet could not be written or read.
    #[error("{file}: {source}")]
    Parquet {
        /// The file.
        file: String,
        /// The library's answer.
        source: parquet::errors::ParquetError,
    },
    /// The folder of a tile cache can not be used.
    #[error(
        "{}: no tile cache can be kept here: {problem}; give another folder, or keep tiles in memory alone",
        folder.display()
    )]
    TileCache {
        /// The folder.
        folder: PathBuf,
        /// What is wrong with it.
        problem: String,
    },
    /// The caller asked to stop.
    #[error("stopped on request; the same command goes on from the finished parts")]
    Cancelled,
    /// A fault of this program.
    #[error("internal: {0}")]
    Internal(&'static str),
}

impl StoreError {
    /// A request that can not be served, and what to do about it.
    pub(crate) fn refused(problem: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self::Refused { problem: problem.into(), remedy: remedy.into() }
    }

    /// Bytes that are not what was written.
    #[expect(clippy::needless_pass_by_value, reason = "callers give numbers and strings alike")]
    /// A file that is not what its checksum or its manifest says, at a place of it.
    pub fn corrupt(
        file: &str,
        place: impl Into<String>,
        expected: impl ToString,
        found: impl ToString,
    ) -> Self {
        Self::Corrupt {
            file: file.to_owned(),
            place: place.into(),
            expected: expected.to_string(),
            found: found.to_string(),
        }
    }

    /// An operating-system error on `path` while doing `action`.
    pub(crate) fn io(path: &Path, action: &'static str) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::Io { path, action, source }
    }

    /// A Parquet error in the named file.
    pub(crate) fn parquet(file: &str) -> impl FnOnce(parquet::errors::ParquetError) -> Self {
        let file = file.to_owned();
        move |source| Self::Parquet { file, source }
    }

    /// Whether stored bytes were lost or changed, so that trying again can not help.
    pub fn is_data_loss(&self) -> bool {
        matches!(self, Self::Corrupt { .. })
    }

    /// Whether the same may succeed when it is tried again later: an object store that did not answer in time or said
    /// that it is busy, a connection that broke, a device or network file system that is away. The client of object
    /// stores has tried again itself by then. Corrupt bytes, refusals and missing objects stay what they are.
    pub fn is_transient(&self) -> bool {
        match self {
            Self::ObjectStore { source, .. } => is_transient(source),
            Self::Io { source, .. } => transient::is_transient_kind(source.kind()),
            _ => false,
        }
    }
}
