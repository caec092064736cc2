//! Cohorts and results as SQL tables.
//!
//! | table | where it comes from | one row per |
//! |---|---|---|
//! | `samples`, `variants` | the cohort | sample, variant |
//! | `scores` | `scores.parquet` of every run | run, sample and score |
//! | `calibrated`, `recalibrations` | `calibrated.parquet`, `risks.parquet` of every calibration | run, sample and score; run, score and population |
//! | `metrics`, `reliability`, `deciles`, `evaluated` | `metrics.parquet`, `reliability.parquet`, `deciles.parquet`, `groups.parquet` of every evaluation | number; bin; tenth; group of people |
//! | `match_log` | `match_log.parquet` of every run | run and scoring-file row |
//! | `runs`, `run_scores`, `run_inputs` | `run.json` of every run | run; run and score; run and input file |
//!
//! Tables that come from runs start with a `run` column: the name of the run's folder. Columns whose names in the files would
//! need quotes have others here: `family_id`, `sample_id`, `group_name`, `interval_method`. Other files (Parquet, comma-
//! or tab-separated text) can be added under names of their own. Nothing can be written through SQL. The table function
//! `score('NAME')` is a score's rows of `scores`; one that no run has is computed then, where it is said how ([`OnDemandSource`]).
//!
//! [`open`] is for whoever owns the files, in their own process. Others come through a gateway, which knows the
//! [`SqlService`] alone: [`SqlCommand`] lets through what only reads, [`bound_functions`] keeps one expression from
//! taking all memory, and a [`ContextSession`] plans and runs what is left.

mod bounded;
mod command;
mod context_session;
mod files;
mod functions;
pub mod governed;
mod on_demand;
mod pg_catalog;
mod planned;
mod record_tables;
mod run_files;
mod runs;
mod service;
mod session;
mod stoppable;
mod ungoverned;

use std::sync::Arc;

use datafusion::{
    arrow::{array::RecordBatch, datatypes::SchemaRef},
    execution::{SendableRecordBatchStream, context::SQLOptions, runtime_env::RuntimeEnv},
    prelude::SessionContext,
};
use futures::TryStreamExt;
use steppe_store::Location;

pub use bounded::{bound_functions, check_aggregates};
pub use command::{ReadStatement, SessionCommand, SqlCommand};
pub use context_session::ContextSession;
pub use on_demand::{OnDemandSource, ScoreRunner, ScoreTask};
pub use pg_catalog::{add_pg_catalog, name_user};
pub use service::{Answer, Awaited, Notices, Prepared, SqlProtocol, SqlService, SqlSession, SqlUser};
pub use session::SqlTable;
pub use stoppable::Stopper;
pub use ungoverned::{UngovernedService, limited_runtime};

use crate::EngineError;

/// What is opened as tables.
#[derive(Debug, Clone, Default)]
pub struct SqlSources {
    /// The cohort store behind `samples` and `variants`.
    pub cohort: Option<Location>,
    /// Results of `steppe score`, `match`, `calibrate` and `evaluate`.
    pub scores: Vec<Location>,
    /// Other files, by the name of the table that each becomes: `.parquet`, `.csv`, or tab-separated `.tsv`, `.txt`,
    /// `.sscore` and `.afreq`.
    pub tables: Vec<(String, Location)>,
    /// How scores that no run has are computed, over the cohort.
    pub on_demand: Option<OnDemandSource>,
    /// Threads that a query may use; 0 takes one per core.
    pub threads: usize,
}

/// Opens everything as tables.
///
/// # Errors
/// A cohort, result or file that is not there or can not be read; two tables of one name.
pub async fn open(sources: &SqlSources) -> Result<SessionContext, EngineError> {
    session::open(sources, Arc::new(RuntimeEnv::default())).await
}

/// The tables of a session with their columns, in order of name.
///
/// # Errors
/// A table whose schema can not be read.
pub async fn tables(context: &SessionContext) -> Result<Vec<SqlTable>, EngineError> {
    session::tables(context).await
}

/// Starts a query: `SELECT`, `WITH`, `EXPLAIN`, `SHOW` or `DESCRIBE`.
///
/// # Errors
/// Text that is no query, that would change something, or that names what is not there.
pub async fn stream(context: &SessionContext, sql: &str) -> Result<SendableRecordBatchStream, EngineError> {
    let read_only =
        SQLOptions::new().with_allow_ddl(false).with_allow_dml(false).with_allow_statements(false);
    Ok(context.sql_with_options(sql, read_only).await?.execute_stream().await?)
}

/// Runs a query and holds its whole result in memory.
///
/// # Errors
/// As [`stream`], and whatever goes wrong while it runs.
pub async fn query(
    context: &SessionContext,
    sql: &str,
) -> Result<(SchemaRef, Vec<RecordBatch>), EngineError> {
    let stream = stream(context, sql).await?;
    let schema = stream.schema();
    Ok((schema, stream.try_collect().await?))
}

#[cfg(test)]
mod tests;
