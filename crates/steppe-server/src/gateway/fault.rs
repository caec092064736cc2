//! What somebody is told of a failure, the same by both protocols: a code, what is wrong, and what to do.

use datafusion::{arrow::error::ArrowError, common::SchemaError, error::DataFusionError};
use steppe_engine::{EngineError, ErrorKind};
use steppe_privacy::statement_caps::StatementFault;
use tonic::{Code, Status};
use tonic_types::{ErrorDetails, StatusExt};

use crate::{FailureKind, ServerError, chain};

/// The domain of the error details.
const DOMAIN: &str = "steppe";

/// A failure as its cause may be told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Fault {
    /// PostgreSQL's five characters.
    pub(super) state: &'static str,
    /// gRPC's code.
    pub(super) code: Code,
    /// What is wrong.
    pub(super) message: String,
    /// What to do.
    pub(super) hint: Option<String>,
}

impl Fault {
    fn new(state: &'static str, code: Code, text: &str) -> Self {
        // Our messages end in what to do, after the last semicolon.
        let (message, hint) = match text.rsplit_once("; ") {
            Some((message, hint)) => (message, Some(hint.to_owned())),
            None => (text, None),
        };
        Self { state, code, message: message.to_owned(), hint }
    }

    /// A fault of ours, whose text may name what is not the caller's business; the log has it.
    fn internal(error: &(dyn std::error::Error + 'static)) -> Self {
        tracing::error!(error = %chain(error), "a statement failed");
        Self::new("XX000", Code::Internal, "an internal error; the gateway's log says more")
    }
}

impl From<&ServerError> for Fault {
    fn from(error: &ServerError) -> Self {
        let told = |state, code| Self::new(state, code, &error.to_string());
        match error {
            ServerError::Engine(error) => of_engine(error),
            ServerError::Token { .. } => told("28P01", Code::Unauthenticated),
            ServerError::UserName => told("28000", Code::Unauthenticated),
            ServerError::PlaintextClient => told("28000", Code::Unauthenticated),
            ServerError::Denied { .. } => told("42501", Code::PermissionDenied),
            ServerError::StatementTimeout { .. } => told("57014", Code::DeadlineExceeded),
            ServerError::StatementCancelled => told("57014", Code::Cancelled),
            ServerError::StatementCap(StatementFault::Control { .. } | StatementFault::Unfinished { .. }) => {
                told("42601", Code::InvalidArgument)
            }
            ServerError::StatementCap(_) | ServerError::AnswerTooLarge { .. } => {
                told("54000", Code::ResourceExhausted)
            }
            ServerError::TooMany { .. } => told("53300", Code::ResourceExhausted),
            ServerError::HandleUnknown { .. } => told("26000", Code::NotFound),
            ServerError::Request { .. } => told("22023", Code::InvalidArgument),
            ServerError::GatewayUnavailable { .. } => told("57P03", Code::Unavailable),
            other => match FailureKind::of(other).code() {
                Code::Internal => Self::internal(other),
                code => told("58000", code),
            },
        }
    }
}

fn of_engine(error: &EngineError) -> Fault {
    let told = |state, code| Fault::new(state, code, &error.to_string());
    match error {
        EngineError::Syntax { .. } => told("42601", Code::InvalidArgument),
        EngineError::ReadOnly { .. } => told("25006", Code::PermissionDenied),
        EngineError::Refused { .. } => told("42501", Code::PermissionDenied),
        EngineError::Cancelled => told("57014", Code::Cancelled),
        EngineError::DataFusion(error) => of_datafusion(error),
        other => match other.kind() {
            ErrorKind::InvalidInput | ErrorKind::NotFound => told("22023", Code::InvalidArgument),
            ErrorKind::ResourceExhausted => told("53200", Code::ResourceExhausted),
            ErrorKind::Unavailable => told("57P03", Code::Unavailable),
            _ => Fault::internal(other),
        },
    }
}

fn of_datafusion(error: &DataFusionError) -> Fault {
    let root = error.find_root();
    let told = |state: &'static str, code: Code, text: &str| Fault::new(state, code, text);
    match root {
        DataFusionError::External(inner) => match inner.downcast_ref::<EngineError>() {
            Some(ours) => of_engine(ours),
            None => Fault::internal(error),
        },
        DataFusionError::SQL(error, _) => told("42601", Code::InvalidArgument, &error.to_string()),
        DataFusionError::Plan(text) => told(state_of_plan(text), Code::InvalidArgument, text),
        DataFusionError::SchemaError(schema, _) => {
            let state = match schema.as_ref() {
                SchemaError::FieldNotFound { .. } => "42703",
                SchemaError::AmbiguousReference { .. } => "42702",
                _ => "42701",
            };
            told(state, Code::InvalidArgument, &schema.to_string())
        }
        DataFusionError::NotImplemented(text) => told("0A000", Code::Unimplemented, text),
        DataFusionError::Configuration(text) => told("22023", Code::InvalidArgument, text),
        DataFusionError::ResourcesExhausted(_) => {
            let text = "the statement needs more memory than there is for it; read fewer rows or columns, or group by less";
            told("53200", Code::ResourceExhausted, text)
        }
        DataFusionError::Execution(text) => told("22000", Code::InvalidArgument, text),
        DataFusionError::ArrowError(arrow, _) => match arrow.as_ref() {
            ArrowError::DivideByZero => told("22012", Code::InvalidArgument, "division by zero"),
            ArrowError::ArithmeticOverflow(text) => told("22003", Code::InvalidArgument, text),
            ArrowError::CastError(text) | ArrowError::ParseError(text) => {
                told("22P02", Code::InvalidArgument, text)
            }
            ArrowError::ComputeError(text) | ArrowError::InvalidArgumentError(text) => {
                told("22000", Code::InvalidArgument, text)
            }
            _ => Fault::internal(error),
        },
        _ => Fault::internal(error),
    }
}

/// What is wrong with a plan stands in its text alone.
fn state_of_plan(text: &str) -> &'static str {
    let lower = text.to_ascii_lowercase();
    let says = |words: &str| lower.contains(words);
    if says("table") && says("not found") {
        "42P01"
    } else if says("invalid function") || says("function") && says("not found") {
        "42883"
    } else {
        "42000"
    }
}

impl From<Fault> for Status {
    fn from(fault: Fault) -> Self {
        let message = match &fault.hint {
            Some(hint) => format!("{}; {hint}", fault.message),
            None => fault.message.clone(),
        };
        let details = ErrorDetails::with_error_info(fault.state, DOMAIN, []);
        Status::with_error_details(fault.code, message, details)
    }
}

/// The status that a caller of Flight SQL gets.
pub(super) fn status(error: &ServerError) -> Status {
    Fault::from(error).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_says_what_to_do_apart() {
        let refused = ServerError::from(EngineError::refused("it is late", "come tomorrow"));
        let fault = Fault::from(&refused);
        assert_eq!((fault.state, fault.message.as_str()), ("42501", "it is late"));
        assert_eq!(fault.hint.as_deref(), Some("come tomorrow"));
        assert_eq!(Status::from(fault).message(), "it is late; come tomorrow");
    }

    #[test]
    fn what_is_not_the_callers_business_is_not_told() {
        let inner = DataFusionError::Internal("/secret/path".to_owned());
        let fault = Fault::from(&ServerError::from(EngineError::from(inner)));
        assert_eq!(fault.state, "XX000");
        assert!(!fault.message.contains("secret"), "{fault:?}");
    }

    #[test]
    fn plans_have_the_states_that_clients_look_for() {
        for (text, state) in [
            ("table 'steppe.public.x' not found", "42P01"),
            ("Invalid function 'x'", "42883"),
            ("no such thing", "42000"),
        ] {
            let error = EngineError::from(DataFusionError::Plan(text.to_owned()));
            assert_eq!(Fault::from(&ServerError::from(error)).state, state, "{text}");
        }
    }
}
