//! Errors of the methods as those of a job.

use steppe_calibrate::CalibrateError;
use steppe_engine::EngineError;
use steppe_fit::FitError;

/// An error of the methods; its remedy follows its last semicolon. A pass that failed stays what it was.
pub(super) fn refused(error: &CalibrateError) -> EngineError {
    let text = error.to_string();
    match text.rsplit_once("; ") {
        Some((problem, remedy)) => EngineError::refused(problem, remedy),
        None => EngineError::refused(text, "check the input"),
    }
}

/// The same of methods that make passes.
pub(super) fn failed(error: CalibrateError) -> EngineError {
    match error {
        CalibrateError::Matrix(error) => FitError::from(error).into(),
        other => refused(&other),
    }
}
