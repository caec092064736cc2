use std::path::PathBuf;

/// Why a cohort could not be made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SimulateError {
    /// A PLINK file could not be written.
    #[error(transparent)]
    Format(#[from] steppe_formats::FormatError),
    /// Another file could not be written.
    #[error("{}: can not write: {source}", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// The system's answer.
        source: std::io::Error,
    },
    /// A file of that name is there.
    #[error("{}: it exists; choose another prefix or overwrite it on request", path.display())]
    Exists {
        /// The file.
        path: PathBuf,
    },
    /// Nothing to simulate.
    #[error("a cohort needs at least one population, one sample and {least} variants (found {found})")]
    Empty {
        /// The least number of variants.
        least: u32,
        /// What was asked for.
        found: u32,
    },
}
