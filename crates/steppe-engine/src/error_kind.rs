use std::fmt;

use arrow::error::ArrowError;
use datafusion::error::DataFusionError;
use steppe_fit::{FitError, MatrixError};
use steppe_formats::FormatError;
use steppe_store::StoreError;

use crate::EngineError;

/// What sort of failure an error is: the part that survives every border between processes, and decides whether trying
/// again can help.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ErrorKind {
    /// The input or the request can not be used as it is.
    InvalidInput,
    /// Something that was named is not there.
    NotFound,
    /// Something else is there already.
    AlreadyExists,
    /// Memory, disk or a quota does not suffice.
    ResourceExhausted,
    /// Stored bytes are not what was written.
    DataLoss,
    /// A store or a service did not answer; later it may.
    Unavailable,
    /// Somebody cancelled it.
    Cancelled,
    /// A fault of this program.
    Internal,
}

impl ErrorKind {
    /// Every kind.
    pub const ALL: [Self; 8] = [
        Self::InvalidInput,
        Self::NotFound,
        Self::AlreadyExists,
        Self::ResourceExhausted,
        Self::DataLoss,
        Self::Unavailable,
        Self::Cancelled,
        Self::Internal,
    ];

    /// The word that stands for it.
    pub fn name(self) -> &'static str {
        match self {
            Self::InvalidInput => "invalid_input",
            Self::NotFound => "not_found",
            Self::AlreadyExists => "already_exists",
            Self::ResourceExhausted => "resource_exhausted",
            Self::DataLoss => "data_loss",
            Self::Unavailable => "unavailable",
            Self::Cancelled => "cancelled",
            Self::Internal => "internal",
        }
    }

    /// The kind that a word stands for.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }

    /// Whether the same work may succeed later.
    pub fn is_transient(self) -> bool {
        self == Self::Unavailable
    }

    /// The kind of a store's error.
    pub fn of_store(error: &StoreError) -> Self {
        match error {
            StoreError::NoCohort { .. } => Self::NotFound,
            StoreError::Refused { .. } | StoreError::Location { .. } => Self::InvalidInput,
            StoreError::Format(error) => Self::of_format(error),
            StoreError::Corrupt { .. } => Self::DataLoss,
            StoreError::Cancelled => Self::Cancelled,
            StoreError::TileCache { .. } => Self::InvalidInput,
            error if error.is_transient() => Self::Unavailable,
            StoreError::Io { source, .. } => Self::of_io(source),
            StoreError::ObjectStore { source, .. } => Self::of_object_store(source),
            _ => Self::Internal,
        }
    }

    fn of_object_store(error: &object_store::Error) -> Self {
        use object_store::Error;
        match error {
            Error::NotFound { .. } => Self::NotFound,
            Error::AlreadyExists { .. } => Self::AlreadyExists,
            Error::PermissionDenied { .. } | Error::Unauthenticated { .. } | Error::InvalidPath { .. } => {
                Self::InvalidInput
            }
            Error::NotImplemented { .. }
            | Error::NotSupported { .. }
            | Error::UnknownConfigurationKey { .. } => Self::Internal,
            // What is transient was told apart before.
            _ => Self::Internal,
        }
    }

    fn of_format(error: &FormatError) -> Self {
        match error {
            FormatError::Malformed(_) => Self::InvalidInput,
            FormatError::Io { source, .. } => Self::of_io(source),
            _ => Self::Internal,
        }
    }

    /// The kind of a system's error.
    pub fn of_io(error: &std::io::Error) -> Self {
        use std::io::ErrorKind as Io;
        match error.kind() {
            Io::NotFound => Self::NotFound,
            Io::AlreadyExists => Self::AlreadyExists,
            Io::StorageFull | Io::QuotaExceeded | Io::FileTooLarge | Io::OutOfMemory => {
                Self::ResourceExhausted
            }
            Io::PermissionDenied
            | Io::IsADirectory
            | Io::NotADirectory
            | Io::InvalidData
            | Io::InvalidInput
            | Io::UnexpectedEof
            | Io::ReadOnlyFilesystem => Self::InvalidInput,
            Io::TimedOut
            | Io::Interrupted
            | Io::ConnectionReset
            | Io::ConnectionAborted
            | Io::ConnectionRefused
            | Io::BrokenPipe
            | Io::NotConnected
            | Io::HostUnreachable
            | Io::NetworkUnreachable
            | Io::NetworkDown
            | Io::ResourceBusy
            | Io::WouldBlock => Self::Unavailable,
            _ => Self::Internal,
        }
    }
}

impl fmt::Display for ErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl EngineError {
    /// What sort of failure it is.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Format(error) => ErrorKind::of_format(error),
            Self::Store(error) => ErrorKind::of_store(error),
            Self::Fit(error) => of_fit(error),
            Self::Refused { .. }
            | Self::NothingToScore { .. }
            | Self::Syntax { .. }
            | Self::ReadOnly { .. }
            | Self::Privacy(_) => ErrorKind::InvalidInput,
            Self::Occupied { .. } => ErrorKind::AlreadyExists,
            Self::Write { source, .. } => ErrorKind::of_io(source),
            Self::Cluster { kind, .. } => *kind,
            Self::Cancelled => ErrorKind::Cancelled,
            Self::DataFusion(error) => Self::of_datafusion(error),
            Self::Parquet { source, .. } => of_parquet(source),
            Self::Kernel(_) | Self::Internal(_) | Self::Lost(_) => ErrorKind::Internal,
        }
    }

    /// The kind of an error that came out of a plan, with ours inside or not.
    pub fn of_datafusion(error: &DataFusionError) -> ErrorKind {
        match error.find_root() {
            DataFusionError::External(inner) => {
                inner.downcast_ref::<Self>().map_or(ErrorKind::Internal, Self::kind)
            }
            DataFusionError::IoError(source) => ErrorKind::of_io(source),
            DataFusionError::ArrowError(error, _) => match error.as_ref() {
                ArrowError::IoError(_, source) => ErrorKind::of_io(source),
                ArrowError::MemoryError(_) => ErrorKind::ResourceExhausted,
                _ => ErrorKind::Internal,
            },
            DataFusionError::ObjectStore(source) => ErrorKind::of_object_store(source),
            DataFusionError::ResourcesExhausted(_) => ErrorKind::ResourceExhausted,
            _ => ErrorKind::Internal,
        }
    }
}

fn of_fit(error: &FitError) -> ErrorKind {
    match error {
        FitError::Cancelled => ErrorKind::Cancelled,
        // What a pass failed of is the matrix's own error, and that is the engine's.
        FitError::Matrix(MatrixError { source: Some(source), .. }) => {
            source.downcast_ref::<EngineError>().map_or(ErrorKind::Internal, EngineError::kind)
        }
        FitError::CheckpointSink(source) | FitError::Checkpoint { source, .. } => of_storage(source.as_ref()),
        FitError::Matrix(_) | FitError::Decomposition { .. } => ErrorKind::Internal,
        _ => ErrorKind::InvalidInput,
    }
}

/// The kind of what kept a checkpoint from being stored: a store's error, ours around one, or the system's.
fn of_storage(error: &(dyn std::error::Error + Send + Sync + 'static)) -> ErrorKind {
    if let Some(error) = error.downcast_ref::<StoreError>() {
        return ErrorKind::of_store(error);
    }
    if let Some(error) = error.downcast_ref::<EngineError>() {
        return error.kind();
    }
    error.downcast_ref::<std::io::Error>().map_or(ErrorKind::Internal, ErrorKind::of_io)
}

/// Parquet wraps the system's errors.
fn of_parquet(error: &parquet::errors::ParquetError) -> ErrorKind {
    let parquet::errors::ParquetError::External(inner) = error else { return ErrorKind::Internal };
    inner.downcast_ref::<std::io::Error>().map_or(ErrorKind::Internal, ErrorKind::of_io)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_has_a_word_of_its_own() {
        for kind in ErrorKind::ALL {
            assert_eq!(ErrorKind::from_name(kind.name()), Some(kind));
        }
        assert_eq!(ErrorKind::from_name("odd"), None);
    }

    #[test]
    fn a_checkpoint_fails_as_its_store_does() {
        let full = || std::io::Error::from(std::io::ErrorKind::StorageFull);
        let gone = || StoreError::Io {
            path: "checkpoint".into(),
            action: "write",
            source: std::io::ErrorKind::ConnectionReset.into(),
        };
        let of = |source| EngineError::from(FitError::Checkpoint { block: 3, source }).kind();
        assert_eq!(of(full().into()), ErrorKind::ResourceExhausted);
        assert_eq!(of(gone().into()), ErrorKind::Unavailable);
        assert_eq!(of(StoreError::corrupt("checkpoint", "its hash", 1, 2).into()), ErrorKind::DataLoss);
        let sink = |error: EngineError| EngineError::from(FitError::CheckpointSink(error.into())).kind();
        assert_eq!(sink(gone().into()), ErrorKind::Unavailable);
        assert_eq!(sink(EngineError::write("checkpoint")(full())), ErrorKind::ResourceExhausted);
        assert_eq!(of("odd".into()), ErrorKind::Internal);
    }

    #[test]
    fn kinds_survive_a_plan() {
        let lost = EngineError::Store(StoreError::corrupt("tile", "row group 3", 1, 2));
        assert_eq!(lost.kind(), ErrorKind::DataLoss);
        let wrapped = DataFusionError::from(lost).context("a scan");
        assert_eq!(EngineError::of_datafusion(&wrapped), ErrorKind::DataLoss);
        let full = EngineError::write("x")(std::io::ErrorKind::StorageFull.into());
        assert_eq!(full.kind(), ErrorKind::ResourceExhausted);
        let reset = DataFusionError::IoError(std::io::ErrorKind::ConnectionReset.into());
        assert!(EngineError::of_datafusion(&reset).is_transient());
    }
}
