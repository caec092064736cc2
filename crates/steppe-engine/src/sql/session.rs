use std::sync::Arc;

use datafusion::{
    arrow::datatypes::{DataType, Schema},
    execution::runtime_env::RuntimeEnv,
    prelude::{SessionConfig, SessionContext},
};
use steppe_store::{Cohort, Location};

use super::{SqlSources, files, functions, on_demand, runs};
use crate::EngineError;

/// Tables that cohorts and runs define; a user's own table can not take their names.
const OUR_TABLES: [&str; 13] = [
    "samples",
    "variants",
    "scores",
    "match_log",
    "calibrated",
    "recalibrations",
    "metrics",
    "reliability",
    "deciles",
    "evaluated",
    "runs",
    "run_scores",
    "run_inputs",
];

/// The catalog of our tables.
pub(super) const CATALOG: &str = "steppe";
/// Their schema.
pub(super) const SCHEMA: &str = "public";

/// A table as a session knows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SqlTable {
    /// Its name.
    pub name: String,
    /// Its columns in order: name and type.
    pub columns: Vec<(String, DataType)>,
}

pub(super) async fn open(
    sources: &SqlSources,
    runtime: Arc<RuntimeEnv>,
) -> Result<SessionContext, EngineError> {
    check_names(&sources.tables)?;
    let context = SessionContext::new_with_config_rt(config(sources.threads), runtime);
    functions::register(&context);
    if let Some(cohort) = &sources.cohort {
        check_cohort(cohort).await?;
        for name in ["samples", "variants"] {
            files::register(&context, name, &cohort.child(&format!("{name}.parquet"))).await?;
        }
    }
    let mut runs = runs::records(&sources.scores).await?;
    let on_demand = on_demand::open(sources).await?;
    if let Some(on_demand) = &on_demand {
        runs.extend(on_demand.earlier(&runs).await?);
    }
    runs::register(&context, &runs).await?;
    on_demand::register(&context, &runs, on_demand);
    for (name, file) in &sources.tables {
        files::register(&context, name, file).await?;
    }
    Ok(context)
}

/// The configuration of sessions.
pub(super) fn config(threads: usize) -> SessionConfig {
    let mut config = SessionConfig::new()
        .with_information_schema(true)
        .with_default_catalog_and_schema(CATALOG, SCHEMA)
        .set_bool("datafusion.execution.parquet.pushdown_filters", true)
        .set_bool("datafusion.execution.parquet.reorder_filters", true);
    if threads > 0 {
        config = config.with_target_partitions(threads);
    }
    config
}

fn check_names(tables: &[(String, Location)]) -> Result<(), EngineError> {
    for (index, (name, file)) in tables.iter().enumerate() {
        let taken = OUR_TABLES.contains(&name.as_str());
        if taken || tables[..index].iter().any(|(earlier, _)| earlier == name) {
            let by = if taken { "one of Steppe's own tables" } else { "another table" };
            return Err(EngineError::refused(
                format!("{file}: the name {name:?} is that of {by}"),
                "choose another name",
            ));
        }
    }
    Ok(())
}

/// Makes sure that a cohort is there and whole before its files are read as tables.
async fn check_cohort(cohort: &Location) -> Result<(), EngineError> {
    let cohort = cohort.clone();
    off_runtime(move || Cohort::open(&cohort).map(drop).map_err(EngineError::from)).await
}

/// Does what waits for storage outside the runtime's own threads.
pub(super) async fn off_runtime<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, EngineError> + Send + 'static,
) -> Result<T, EngineError> {
    match tokio::task::spawn_blocking(work).await {
        Ok(done) => done,
        Err(_) => Err(EngineError::Lost("a thread that reads tables")),
    }
}

pub(super) async fn tables(context: &SessionContext) -> Result<Vec<SqlTable>, EngineError> {
    let schema = context.catalog(CATALOG).and_then(|catalog| catalog.schema(SCHEMA));
    let Some(schema) = schema else { return Ok(Vec::new()) };
    let mut names = schema.table_names();
    names.sort();
    let mut tables = Vec::with_capacity(names.len());
    for name in names {
        let table_schema: Arc<Schema> = match schema.table(&name).await? {
            Some(table) => table.schema(),
            None => continue,
        };
        let columns = table_schema
            .fields()
            .iter()
            .map(|field| (field.name().clone(), field.data_type().clone()))
            .collect();
        tables.push(SqlTable { name, columns });
    }
    Ok(tables)
}
