use std::path::PathBuf;

use crate::ErrorKind;

/// Why a job or a pass could not be done.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EngineError {
    /// A scoring file, frequency file or sample list that can not be used.
    #[error(transparent)]
    Format(#[from] steppe_formats::FormatError),
    /// The cohort store: not there, not readable, or corrupt.
    #[error(transparent)]
    Store(#[from] steppe_store::StoreError),
    /// A kernel was handed shapes that do not fit; a fault of this program.
    #[error("internal: {0}")]
    Kernel(#[from] steppe_kernels::KernelError),
    /// A fit, or what it needs, can not be computed.
    #[error(transparent)]
    Fit(#[from] steppe_fit::FitError),
    /// A policy, a ledger or a table of counts that can not be used.
    #[error(transparent)]
    Privacy(#[from] steppe_privacy::PrivacyError),
    /// A request that can not be served as it stands.
    #[error("{problem}; {remedy}")]
    Refused {
        /// What is wrong.
        problem: String,
        /// What to do.
        remedy: String,
    },
    /// No scoring file passed the overlap gate.
    #[error(
        "none of the {scores} scores can be computed: {reasons}; see {} for every row's reason, or lower --min-overlap",
        summary.display()
    )]
    NothingToScore {
        /// How many scores there were.
        scores: usize,
        /// The scores' reasons, joined.
        reasons: String,
        /// The match summary.
        summary: PathBuf,
    },
    /// Output could not be written.
    #[error("{what}: {source}")]
    Write {
        /// Which file.
        what: String,
        /// The system's answer.
        source: std::io::Error,
    },
    /// Parquet could not be written or read.
    #[error("{what}: {source}")]
    Parquet {
        /// Which file.
        what: String,
        /// The library's answer.
        source: parquet::errors::ParquetError,
    },
    /// DataFusion could not plan or run a query or a pass.
    #[error("{0}")]
    DataFusion(Box<datafusion::error::DataFusionError>),
    /// Text that is no SQL.
    #[error("the statement can not be read: {problem}; correct it")]
    Syntax {
        /// What is wrong, and where.
        problem: String,
    },
    /// A statement that does more than read.
    #[error("{found} is not allowed: only reading is; send SELECT, WITH, VALUES, EXPLAIN or SHOW TABLES")]
    ReadOnly {
        /// Its first word, or the part of it.
        found: String,
    },
    /// Something else lies where the result shall go.
    #[error("{problem}; {remedy}")]
    Occupied {
        /// What is there.
        problem: String,
        /// What to do.
        remedy: String,
    },
    /// The cluster could not do a pass.
    #[error("{source}")]
    Cluster {
        /// What sort of failure it is.
        kind: ErrorKind,
        /// What the cluster said.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// Somebody cancelled the work.
    #[error("cancelled")]
    Cancelled,
    /// Something that this program made itself is not as it should be.
    #[error("internal: {0}")]
    Internal(&'static str),
    /// A thread of the job stopped without an answer.
    #[error("internal: {0} stopped without an answer")]
    Lost(&'static str),
}

impl EngineError {
    /// A request that can not be served, and what to do about it.
    pub fn refused(problem: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self::Refused { problem: problem.into(), remedy: remedy.into() }
    }

    /// The same, naming a file of a folder in full.
    pub(crate) fn in_folder(self, folder: &std::path::Path) -> Self {
        let full = |what: String| folder.join(what).display().to_string();
        match self {
            Self::Write { what, source } => Self::Write { what: full(what), source },
            Self::Parquet { what, source } => Self::Parquet { what: full(what), source },
            other => other,
        }
    }

    /// A write error on the named file.
    pub fn write(what: impl Into<String>) -> impl FnOnce(std::io::Error) -> Self {
        let what = what.into();
        move |source| Self::Write { what, source }
    }

    /// A Parquet error on the named file.
    pub fn parquet(what: impl Into<String>) -> impl FnOnce(parquet::errors::ParquetError) -> Self {
        let what = what.into();
        move |source| Self::Parquet { what, source }
    }
}

impl From<datafusion::error::DataFusionError> for EngineError {
    /// Our own errors come back as themselves after their way through a plan.
    fn from(error: datafusion::error::DataFusionError) -> Self {
        use datafusion::error::DataFusionError;
        match error {
            DataFusionError::External(inner) => match inner.downcast::<Self>() {
                Ok(ours) => *ours,
                Err(other) => Self::DataFusion(Box::new(DataFusionError::External(other))),
            },
            DataFusionError::Shared(shared) => match std::sync::Arc::try_unwrap(shared) {
                Ok(inner) => Self::from(inner),
                // Several partitions have it: a refusal can be said again.
                Err(shared) => match ours(&shared) {
                    Some(Self::Refused { problem, remedy }) => Self::refused(problem, remedy),
                    _ => Self::DataFusion(Box::new(DataFusionError::Shared(shared))),
                },
            },
            // A rule's name before what it says.
            DataFusionError::Context(_, inner) | DataFusionError::Diagnostic(_, inner)
                if ours(&inner).is_some() =>
            {
                Self::from(*inner)
            }
            other => Self::DataFusion(Box::new(other)),
        }
    }
}

/// Our own error at the root of one of DataFusion's.
fn ours(error: &datafusion::error::DataFusionError) -> Option<&EngineError> {
    match error.find_root() {
        datafusion::error::DataFusionError::External(inner) => inner.downcast_ref(),
        _ => None,
    }
}

impl From<EngineError> for datafusion::error::DataFusionError {
    fn from(error: EngineError) -> Self {
        Self::External(Box::new(error))
    }
}
