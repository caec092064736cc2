//! `score('PGS000018')`: the rows of a score, which is computed if no run has it.
//!
//! A score that a run of the session has is those rows of `scores`. Of another one nothing is read while a statement is
//! planned; when its rows are first asked for, its scoring file is looked up ([`scoring_file`]), a run is made of it in the
//! folder of computed runs, and its rows are answered. The run's folder is named by score, scoring file and cohort, so that
//! who asks again finds it, and it appears in one step. One lock lets one computation of a folder go on at a time; it is
//! handed to whatever computes, so that it lasts as long as the work does. A computation goes on when its statement has
//! ended: the next one finds what it made.

mod compute;
mod function;
mod scan;
mod scoring_file;

use std::{fmt, fs::File, path::PathBuf, sync::Arc};

use futures::future::BoxFuture;
use steppe_store::Location;

pub(super) use compute::OnDemand;
pub(super) use function::{check_name, of_score, register, score_name, without_runs};
pub(super) use scan::absent_scores;

use super::SqlSources;
use crate::EngineError;

/// How scores that no run has are computed.
#[derive(Debug, Clone)]
pub struct OnDemandSource {
    /// A folder of scoring files, or a URL of them.
    pub scoring_files: Location,
    /// The folder in which computed runs are kept.
    pub computed: PathBuf,
    /// What computes.
    pub runner: Arc<dyn ScoreRunner>,
}

/// Computes scores, as `steppe score` does.
pub trait ScoreRunner: fmt::Debug + Send + Sync {
    /// Scores a cohort on a file. The result is there in one step when it is whole, or not at all. What is computed stops
    /// for nobody.
    fn run(&self, task: ScoreTask) -> BoxFuture<'static, Result<(), EngineError>>;

    /// Whether it computes elsewhere, where several may go on at a time.
    fn is_elsewhere(&self) -> bool {
        false
    }
}

/// A score that is to be computed.
#[derive(Debug)]
pub struct ScoreTask {
    /// The cohort.
    pub cohort: Location,
    /// The scoring file.
    pub file: PathBuf,
    /// The folder of the result.
    pub out: PathBuf,
    /// Is to be held for as long as anything works on this.
    pub lock: File,
}

/// What computes scores for a session, if it is said how.
pub(super) async fn open(sources: &SqlSources) -> Result<Option<Arc<OnDemand>>, EngineError> {
    match (&sources.on_demand, &sources.cohort) {
        (None, _) => Ok(None),
        (Some(source), Some(cohort)) => Ok(Some(Arc::new(OnDemand::open(source, cohort).await?))),
        (Some(_), None) => Err(EngineError::refused(
            "there are scoring files, and no cohort to compute scores of",
            "name the cohort",
        )),
    }
}

#[cfg(test)]
mod tests;
