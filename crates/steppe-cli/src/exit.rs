use std::{io, process::ExitCode};

use datafusion::error::DataFusionError;
use steppe_engine::{EngineError, ErrorKind};
use steppe_formats::FormatError;
use steppe_server::{FailureKind, ServerError, settings::SettingsError};
use steppe_store::StoreError;

use crate::interrupt::INTERRUPTED;

/// Something broke: a disk, a corrupt file, a fault of ours.
const FAILED: u8 = 1;
/// What was given can not be used; nothing was written. Also clap's status for a wrong command line.
const REFUSED: u8 = 2;
/// Some scores were computed, others were skipped by the overlap gate.
const SOME_SKIPPED: u8 = 3;

/// How a command that did not fail ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// Everything was done.
    Done,
    /// Some scores were skipped, each with its reason.
    SomeSkipped,
}

impl From<Outcome> for ExitCode {
    fn from(outcome: Outcome) -> Self {
        match outcome {
            Outcome::Done => Self::SUCCESS,
            Outcome::SomeSkipped => Self::from(SOME_SKIPPED),
        }
    }
}

/// A command that can not be carried out as it was given.
#[derive(Debug, thiserror::Error)]
#[error("{problem}; {remedy}")]
pub(crate) struct Usage {
    /// What is wrong.
    pub(crate) problem: String,
    /// What to do.
    pub(crate) remedy: String,
}

/// A job that did not succeed, on a coordinator.
#[derive(Debug, thiserror::Error)]
#[error("{line}")]
pub(crate) struct JobFailed {
    /// The job and what is wrong.
    pub(crate) line: String,
    /// The sort of failure, a word of the API.
    pub(crate) kind: String,
}

impl Usage {
    pub(crate) fn refuse(problem: impl Into<String>, remedy: impl Into<String>) -> anyhow::Error {
        Self { problem: problem.into(), remedy: remedy.into() }.into()
    }
}

/// Whether whoever read our output has had enough: `steppe sql … | head` is no failure.
pub(crate) fn is_closed_pipe(error: &anyhow::Error) -> bool {
    error
        .chain()
        .filter_map(|cause| cause.downcast_ref::<io::Error>())
        .any(|cause| cause.kind() == io::ErrorKind::BrokenPipe)
}

/// The exit status of an error.
pub(crate) fn code_of(error: &anyhow::Error) -> ExitCode {
    ExitCode::from(status_of(error))
}

fn status_of(error: &anyhow::Error) -> u8 {
    let stopped = |cause: &(dyn std::error::Error + 'static)| {
        matches!(cause.downcast_ref::<StoreError>(), Some(StoreError::Cancelled))
            || cause.downcast_ref::<EngineError>().is_some_and(|error| error.kind() == ErrorKind::Cancelled)
    };
    if error.chain().any(stopped) {
        return INTERRUPTED;
    }
    let refused = error.chain().any(|cause| {
        cause.is::<Usage>()
            || cause.is::<SettingsError>()
            || cause.downcast_ref::<JobFailed>().is_some_and(|failed| refused_there(&failed.kind))
            || cause.downcast_ref::<ServerError>().is_some_and(server_refused)
            || cause.downcast_ref::<EngineError>().is_some_and(engine_refused)
            || cause.downcast_ref::<StoreError>().is_some_and(store_refused)
            || cause.downcast_ref::<FormatError>().is_some_and(format_refused)
    });
    if refused { REFUSED } else { FAILED }
}

/// Whether a coordinator's word for a failure means that what it was given can not be used.
fn refused_there(kind: &str) -> bool {
    [
        "invalid_input",
        "not_found",
        "already_exists",
        "permission_denied",
        "unauthenticated",
        "failed_precondition",
    ]
    .contains(&kind)
}

fn server_refused(error: &ServerError) -> bool {
    match error {
        ServerError::Answer { kind, .. } => refused_there(kind),
        ServerError::Listen { .. } | ServerError::Process { .. } | ServerError::Unreachable { .. } => false,
        error => {
            let certificates = matches!(
                error,
                ServerError::TlsNoCertificate { .. }
                    | ServerError::TlsNoKey { .. }
                    | ServerError::TlsKeyMismatch { .. }
                    | ServerError::TlsExpired { .. }
                    | ServerError::TlsNotYetValid { .. }
                    | ServerError::TlsKeyExposed { .. }
                    | ServerError::TlsUnusable { .. }
                    | ServerError::PlaintextRefused { .. }
                    | ServerError::File { .. }
                    | ServerError::CertificateExists { .. }
                    | ServerError::CertificateMaking { .. }
                    | ServerError::AllowedLocation { .. }
                    | ServerError::TokenSettings { .. }
                    | ServerError::TokenKeys { .. }
                    | ServerError::JobLogUrl { .. }
                    | ServerError::PseudonymKey { .. }
            );
            certificates || refused_there(FailureKind::of(error).name())
        }
    }
}

fn engine_refused(error: &EngineError) -> bool {
    match error {
        EngineError::Refused { .. }
        | EngineError::Occupied { .. }
        | EngineError::NothingToScore { .. }
        | EngineError::Privacy(_) => true,
        EngineError::Format(error) => format_refused(error),
        EngineError::Store(error) => store_refused(error),
        EngineError::DataFusion(error) => is_query_problem(error),
        EngineError::Cluster { kind, .. } => refused_there(kind.name()),
        EngineError::Fit(_) => error.kind() == ErrorKind::InvalidInput,
        _ => false,
    }
}

fn store_refused(error: &StoreError) -> bool {
    match error {
        StoreError::NoCohort { .. } | StoreError::Refused { .. } | StoreError::Location { .. } => true,
        StoreError::Format(error) => format_refused(error),
        _ => false,
    }
}

fn format_refused(error: &FormatError) -> bool {
    match error {
        FormatError::Malformed(_) => true,
        FormatError::Io { source, .. } => is_about_input(source),
        _ => false,
    }
}

/// Whether an operating-system error means that the user named the wrong thing, or that the file is cut short.
fn is_about_input(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::NotFound
            | io::ErrorKind::PermissionDenied
            | io::ErrorKind::IsADirectory
            | io::ErrorKind::NotADirectory
            | io::ErrorKind::InvalidData
            | io::ErrorKind::InvalidInput
            | io::ErrorKind::UnexpectedEof
    )
}

/// Whether a query is at fault, and not what it reads.
fn is_query_problem(error: &DataFusionError) -> bool {
    matches!(
        error.find_root(),
        DataFusionError::SQL(..)
            | DataFusionError::Plan(_)
            | DataFusionError::SchemaError(..)
            | DataFusionError::NotImplemented(_)
            | DataFusionError::ArrowError(..)
    )
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use steppe_formats::Malformed;

    use super::*;

    #[test]
    fn refused_input_and_usage_are_two() {
        let malformed = FormatError::from(Malformed::new(Path::new("a.bim"), "too few columns", "give six"));
        assert_eq!(status_of(&malformed.into()), 2);
        assert_eq!(status_of(&Usage::refuse("no such thing", "give another")), 2);
        let engine = EngineError::refused("no", "yes");
        assert_eq!(status_of(&anyhow::Error::from(engine).context("scoring")), 2);
        let missing = io::Error::from(io::ErrorKind::NotFound);
        assert_eq!(status_of(&FormatError::io(Path::new("x"), "can not open", missing).into()), 2);
    }

    #[test]
    fn an_interrupted_fit_is_130_and_a_refused_one_is_two() {
        use steppe_fitjob::FitError;
        assert_eq!(status_of(&EngineError::Fit(FitError::Cancelled).into()), 130);
        assert_eq!(status_of(&EngineError::Fit(FitError::BlockSize).into()), 2);
    }

    #[test]
    fn what_broke_is_one() {
        let full = io::Error::from(io::ErrorKind::StorageFull);
        assert_eq!(status_of(&EngineError::write("scores.parquet")(full).into()), 1);
        assert_eq!(status_of(&anyhow::anyhow!("odd")), 1);
    }

    #[test]
    fn a_closed_pipe_is_no_failure() {
        let closed = io::Error::from(io::ErrorKind::BrokenPipe);
        assert!(is_closed_pipe(&anyhow::Error::from(closed).context("writing")));
        assert!(!is_closed_pipe(&anyhow::anyhow!("odd")));
    }
}
