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
    /// A part of the specification makes no sense.
    #[error("{field} {value}: {remedy}")]
    Invalid {
        /// The part.
        field: &'static str,
        /// What it was.
        value: String,
        /// What it may be.
        remedy: &'static str,
    },
}

impl SimulateError {
    /// Refuses a share that is not in `0..=most`.
    pub(crate) fn check_share(field: &'static str, share: f64, most: f64) -> Result<(), Self> {
        if (0.0..=most).contains(&share) {
            return Ok(());
        }
        let remedy = if most < 1.0 { "give a share from 0 to 0.5" } else { "give a share from 0 to 1" };
        Err(Self::Invalid { field, value: share.to_string(), remedy })
    }
}
