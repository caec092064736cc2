//! What a task's failure looks like between a worker and its coordinator. Ballista sends the text of an error and
//! whether trying again may help; the sort of failure travels inside the text.

use std::{error::Error, fmt, io};

use ballista_core::error::BallistaError;
use datafusion::{arrow::error::ArrowError, error::DataFusionError};
use steppe_engine::{EngineError, ErrorKind};

const BEGIN: &str = "steppe-failure[";
const MIDDLE: &str = "]{";
const END: &str = "}steppe-failure";

/// A failure with its kind. Its text survives `Debug`, which Ballista prints errors with.
pub(crate) struct Failure {
    pub(crate) kind: ErrorKind,
    pub(crate) message: String,
}

impl Failure {
    /// What a task's error becomes: Ballista tries input and output errors again, and nothing else. `scratch` is named
    /// where a full disk names no file: it is the library's own writing there.
    pub(crate) fn on_worker(error: &DataFusionError, scratch: &str) -> DataFusionError {
        let root = root_of(error);
        let kind = kind_of(error);
        let mut message = message(root);
        if kind == ErrorKind::ResourceExhausted && !message.contains('/') {
            message = format!("the worker's scratch folder {scratch}: {message}");
        }
        let failure = Self { kind, message };
        if failure.kind.is_transient() {
            DataFusionError::IoError(io::Error::other(failure))
        } else {
            DataFusionError::External(Box::new(failure))
        }
    }

    /// The failure in what the scheduler says of a job. What is not from our operators is the cluster's own trouble,
    /// and may go away.
    pub(crate) fn at_coordinator(text: &str) -> Self {
        let ours = || {
            let (_, rest) = text.split_once(BEGIN)?;
            let (kind, rest) = rest.split_once(MIDDLE)?;
            let (message, _) = rest.split_once(END)?;
            Some(Self { kind: ErrorKind::from_name(kind)?, message: message.to_owned() })
        };
        ours().unwrap_or_else(|| Self { kind: ErrorKind::Unavailable, message: text.to_owned() })
    }
}

/// The error below everything that plans and Ballista have wrapped around it.
pub(crate) fn root_of(error: &DataFusionError) -> &DataFusionError {
    let root = error.find_root();
    match root {
        DataFusionError::External(inner) => match inner.downcast_ref::<BallistaError>() {
            Some(BallistaError::DataFusionError(inner)) => root_of(inner),
            _ => root,
        },
        _ => root,
    }
}

/// The kind of a task's error. Ballista writes its own files through Arrow, and wraps what the system says as its own.
pub(crate) fn kind_of(error: &DataFusionError) -> ErrorKind {
    let root = root_of(error);
    let ballista = match root {
        DataFusionError::External(inner) => inner.downcast_ref::<BallistaError>(),
        _ => None,
    };
    match ballista {
        Some(BallistaError::IoError(system)) => ErrorKind::of_io(system),
        Some(BallistaError::ArrowError(error)) => match error.as_ref() {
            ArrowError::IoError(_, system) => ErrorKind::of_io(system),
            _ => ErrorKind::Internal,
        },
        _ => EngineError::of_datafusion(root),
    }
}

/// Our own error's text without what a plan wrapped around it.
fn message(root: &DataFusionError) -> String {
    let text = match root {
        DataFusionError::External(inner) => inner.to_string(),
        other => other.to_string(),
    };
    text.replace(END, "")
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{BEGIN}{}{MIDDLE}{}{END}", self.kind, self.message)
    }
}

impl fmt::Debug for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Error for Failure {}

#[cfg(test)]
mod tests {
    use ballista_core::serde::protobuf::{FailedTask, failed_task::FailedReason};
    use steppe_store::StoreError;

    use super::*;

    fn over_the_wire(error: &DataFusionError) -> (FailedTask, Failure) {
        let task =
            FailedTask::from(BallistaError::DataFusionError(Box::new(Failure::on_worker(error, "/scratch"))));
        let failure = Failure::at_coordinator(&format!("Job failed due to stage 1 failed: {}", task.error));
        (task, failure)
    }

    #[test]
    fn data_loss_stays_data_loss_and_is_not_tried_again() {
        let corrupt = EngineError::Store(StoreError::corrupt("tiles \"x\".parquet", "row group 3", "a", "b"));
        let text = corrupt.to_string();
        // As Ballista's shuffle writer hands it on.
        let wrapped =
            BallistaError::DataFusionError(Box::new(DataFusionError::from(corrupt).context("scan")));
        let (task, failure) = over_the_wire(&DataFusionError::External(Box::new(wrapped)).context("stage"));
        assert!(!task.retryable);
        assert_eq!((failure.kind, failure.message), (ErrorKind::DataLoss, text));
    }

    #[test]
    fn a_full_disk_names_a_folder() {
        let full = DataFusionError::IoError(io::ErrorKind::StorageFull.into());
        let (task, failure) = over_the_wire(&full);
        assert!(!task.retryable && failure.kind == ErrorKind::ResourceExhausted);
        assert!(failure.message.contains("/scratch"), "{}", failure.message);
    }

    #[test]
    fn a_full_disk_is_seen_through_arrow() {
        let full = ArrowError::IoError("full".to_owned(), io::ErrorKind::StorageFull.into());
        let (_, failure) = over_the_wire(&BallistaError::from(full).into_datafusion());
        assert_eq!(failure.kind, ErrorKind::ResourceExhausted);
        assert!(failure.message.contains("/scratch"), "{}", failure.message);
    }

    #[test]
    fn a_store_that_does_not_answer_is_tried_again() {
        let reset = EngineError::write("tile")(io::ErrorKind::ConnectionReset.into());
        let (task, failure) = over_the_wire(&reset.into());
        assert!(task.retryable && matches!(task.failed_reason, Some(FailedReason::IoError(_))));
        assert_eq!(failure.kind, ErrorKind::Unavailable);
        assert!(failure.message.starts_with("tile: "), "{}", failure.message);
    }

    #[test]
    fn what_ballista_says_itself_is_the_clusters_trouble() {
        let failure = Failure::at_coordinator("Executor lost");
        assert_eq!((failure.kind, failure.message.as_str()), (ErrorKind::Unavailable, "Executor lost"));
    }
}
