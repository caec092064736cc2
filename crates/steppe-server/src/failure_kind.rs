//! The one table from the kind of an error to its gRPC status.

use steppe_engine::ErrorKind;
use tonic::{Code, Status};
use tonic_types::{ErrorDetails, StatusExt};

use crate::{ServerError, identity::roles::Denial};

/// The domain of the error details.
const DOMAIN: &str = "steppe";

/// What sort of failure a caller sees.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FailureKind {
    /// A failure of a job.
    Job(ErrorKind),
    /// No token, or one that is not accepted.
    Unauthenticated,
    /// The token does not allow it.
    PermissionDenied,
    /// The state of things does not allow it.
    FailedPrecondition,
}

impl FailureKind {
    /// The word in error details and in the job log.
    pub fn name(self) -> &'static str {
        match self {
            Self::Job(kind) => kind.name(),
            Self::Unauthenticated => "unauthenticated",
            Self::PermissionDenied => "permission_denied",
            Self::FailedPrecondition => "failed_precondition",
        }
    }

    /// The gRPC status.
    pub fn code(self) -> Code {
        match self {
            Self::Job(ErrorKind::InvalidInput) => Code::InvalidArgument,
            Self::Job(ErrorKind::NotFound) => Code::NotFound,
            Self::Job(ErrorKind::AlreadyExists) => Code::AlreadyExists,
            Self::Job(ErrorKind::ResourceExhausted) => Code::ResourceExhausted,
            Self::Job(ErrorKind::DataLoss) => Code::DataLoss,
            Self::Job(ErrorKind::Unavailable) => Code::Unavailable,
            Self::Job(ErrorKind::Cancelled) => Code::Cancelled,
            Self::Job(ErrorKind::Internal) => Code::Internal,
            Self::Unauthenticated => Code::Unauthenticated,
            Self::PermissionDenied => Code::PermissionDenied,
            Self::FailedPrecondition => Code::FailedPrecondition,
        }
    }

    /// The kind of one of our errors.
    pub fn of(error: &ServerError) -> Self {
        match error {
            ServerError::Engine(error) => Self::Job(error.kind()),
            ServerError::Store(error) => Self::Job(ErrorKind::of_store(error)),
            ServerError::Token { .. } | ServerError::UserName | ServerError::PlaintextClient => {
                Self::Unauthenticated
            }
            ServerError::StatementTimeout { .. } | ServerError::StatementCancelled => {
                Self::Job(ErrorKind::Cancelled)
            }
            ServerError::StatementCap(_)
            | ServerError::AnswerTooLarge { .. }
            | ServerError::TooMany { .. } => Self::Job(ErrorKind::ResourceExhausted),
            ServerError::Denied { .. } | ServerError::LocationRefused { .. } | ServerError::CohortDenied => {
                Self::PermissionDenied
            }
            ServerError::JobUnknown { .. }
            | ServerError::JobNotFound { .. }
            | ServerError::FileUnknown { .. }
            | ServerError::HandleUnknown { .. }
            | ServerError::ResultsGone { .. } => Self::Job(ErrorKind::NotFound),
            ServerError::IdempotencyConflict { .. } => Self::Job(ErrorKind::AlreadyExists),
            ServerError::JobInvalid { .. }
            | ServerError::Request { .. }
            | ServerError::JobAmbiguous { .. } => Self::Job(ErrorKind::InvalidInput),
            ServerError::IllegalTransition { .. }
            | ServerError::JobNotRunning { .. }
            | ServerError::JobNotDone { .. } => Self::FailedPrecondition,
            ServerError::Fenced { .. }
            | ServerError::JobLogQuery { .. }
            | ServerError::Unavailable { .. }
            | ServerError::GatewayUnavailable { .. } => Self::Job(ErrorKind::Unavailable),
            ServerError::JobLogFull { .. } => Self::Job(ErrorKind::ResourceExhausted),
            ServerError::File { source, .. } if is_full(source) => Self::Job(ErrorKind::ResourceExhausted),
            _ => Self::Job(ErrorKind::Internal),
        }
    }
}

/// Whether a disk or a quota is full.
fn is_full(error: &std::io::Error) -> bool {
    use std::io::ErrorKind as Io;
    matches!(error.kind(), Io::StorageFull | Io::QuotaExceeded | Io::FileTooLarge)
}

/// The status that a caller gets. Faults of ours say no more than that there was one: their text may name what is not
/// the caller's business; the log has it.
pub fn status_of(error: &ServerError) -> Status {
    let kind = FailureKind::of(error);
    let message = match kind {
        FailureKind::Job(ErrorKind::Internal) => {
            tracing::error!(error = %chain(error), "a call failed");
            "an internal error; the coordinator's log says more".to_owned()
        }
        FailureKind::Job(ErrorKind::Unavailable | ErrorKind::ResourceExhausted) => {
            tracing::warn!(error = %chain(error), "a call failed");
            error.to_string()
        }
        _ => error.to_string(),
    };
    let details = ErrorDetails::with_error_info(kind.name(), DOMAIN, []);
    Status::with_error_details(kind.code(), message, details)
}

/// An error with its causes, for the log.
pub fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let said = error.to_string();
        if !text.contains(&said) {
            text.push_str(": ");
            text.push_str(&said);
        }
        cause = error.source();
    }
    text
}

impl From<ServerError> for Status {
    fn from(error: ServerError) -> Self {
        status_of(&error)
    }
}

impl From<Denial> for ServerError {
    fn from(denial: Denial) -> Self {
        Self::Denied { denial }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_and_codes_are_one_to_one() {
        let jobs = ErrorKind::ALL.into_iter().map(FailureKind::Job);
        let others =
            [FailureKind::Unauthenticated, FailureKind::PermissionDenied, FailureKind::FailedPrecondition];
        let all: Vec<FailureKind> = jobs.chain(others).collect();
        let codes: std::collections::BTreeSet<i32> = all.iter().map(|kind| kind.code() as i32).collect();
        let names: std::collections::BTreeSet<&str> = all.iter().map(|kind| kind.name()).collect();
        assert_eq!((codes.len(), names.len()), (all.len(), all.len()));
    }

    #[test]
    fn a_status_names_its_kind() {
        let refused =
            ServerError::Request { field: "cohort", problem: "is empty".into(), remedy: "name one" };
        let status = status_of(&refused);
        assert_eq!(status.code(), Code::InvalidArgument);
        let details = status.get_error_details();
        let info = details.error_info().expect("details");
        assert_eq!((info.reason.as_str(), info.domain.as_str()), ("invalid_input", "steppe"));
    }
}
