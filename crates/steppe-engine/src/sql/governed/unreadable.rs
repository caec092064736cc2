//! What went wrong where persons' values are, without the values: readers and casts name what they fail on.

use datafusion::error::DataFusionError;

use crate::EngineError;

/// The failure of reading a table about persons.
pub(super) fn without_values(error: DataFusionError) -> DataFusionError {
    told(
        error,
        "a table about persons can not be read",
        "whoever keeps the data has to look into the gateway's log",
    )
}

/// The failure of calculating with rows that are not shown.
pub(super) fn without_values_below(error: DataFusionError) -> DataFusionError {
    told(
        error,
        "the statement failed on rows that are not shown to your role",
        "leave out casts and calculations that do not fit every value",
    )
}

fn told(error: DataFusionError, problem: &str, remedy: &str) -> DataFusionError {
    match EngineError::from(error) {
        ours @ (EngineError::Refused { .. } | EngineError::Cancelled | EngineError::Internal(_)) => {
            ours.into()
        }
        // It names operators and bytes.
        EngineError::DataFusion(error)
            if matches!(error.find_root(), DataFusionError::ResourcesExhausted(_)) =>
        {
            *error
        }
        other => {
            tracing::warn!(error = %other, "{problem}");
            EngineError::refused(problem, remedy).into()
        }
    }
}
