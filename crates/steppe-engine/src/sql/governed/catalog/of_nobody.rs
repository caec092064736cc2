//! Tables that are about nobody. Where jobs wrote counts of people, those are left out, or rows that have few.

use std::sync::Arc;

use datafusion::{
    arrow::{
        array::{Float64Array, RecordBatch},
        datatypes::{DataType, Field, Schema},
    },
    catalog::TableProvider,
    error::DataFusionError,
    logical_expr::lit,
    prelude::ident,
};

use super::{About, CohortSource, Opening};
use crate::{
    EngineError,
    sql::{
        files, record_tables,
        runs::{self, NamedRun},
    },
};

/// Columns of variants; counts of genotypes are of few people where they are rare.
const OF_VARIANTS: [&str; 6] = ["index", "chromosome", "position", "id", "counted_allele", "other_allele"];
/// Columns of populations without their counts.
const OF_POPULATIONS: [&str; 4] = ["run", "population", "mean_admixture", "admixture_error"];
/// Columns of scores: how they matched, and nothing of the people.
const SCORE_SETS: [&str; 14] = [
    "run",
    "score",
    "result",
    "skipped",
    "rows",
    "rows_matched",
    "rows_excluded",
    "rows_unmatched",
    "rows_unsupported",
    "unsupported_weight_share",
    "overlap_rows",
    "overlap_weight",
    "overlap_variance",
    "error_bound",
];
/// Columns of jobs.
const JOBS: [&str; 7] = ["job", "kind", "run", "finished", "seconds", "variants", "scores"];
/// Columns of runs: not where files lie, nor how many people were kept.
const RUNS: [&str; 11] = [
    "run",
    "kind",
    "job",
    "finished",
    "cohort_digest",
    "genome_build",
    "variants",
    "scores",
    "scores_skipped",
    "steppe_version",
    "kernel_semantics",
];

/// Adds them.
pub(super) async fn add(
    opening: &mut Opening<'_>,
    source: &CohortSource,
    runs: &[NamedRun],
) -> Result<(), EngineError> {
    let reader = opening.reader;
    let variants = files::read(reader, &source.location.child("variants.parquet")).await?;
    let variants = variants.select(OF_VARIANTS.map(ident).to_vec())?.into_view();
    opening.add("variants", variants, About::Nobody)?;
    if let Some(log) = runs::table(reader, runs, ("match_log.parquet", None), runs::called).await? {
        let log: Arc<dyn TableProvider> = Arc::new(log);
        let matched = reader.read_table(Arc::clone(&log))?;
        let matched = matched.filter(ident("status").eq(lit("matched")))?;
        opening.add("score_variants", matched.into_view(), About::Nobody)?;
        opening.add("match_log", log, About::Nobody)?;
    }
    if let Some(table) =
        runs::table(reader, runs, ("populations.parquet", Some("ancestry")), runs::called).await?
    {
        let rows = reader.read_table(Arc::new(table))?;
        opening.add(
            "populations",
            rows.select(OF_POPULATIONS.map(ident).to_vec())?.into_view(),
            About::Nobody,
        )?;
    }
    if let Some(table) =
        runs::table(reader, runs, ("metrics.parquet", Some("evaluate")), runs::called).await?
    {
        opening.add("metrics", Arc::new(table), About::Counts)?;
    }
    let runs_table = record_tables::runs_table(runs).map_err(DataFusionError::from)?;
    let scores = record_tables::scores_table(runs).map_err(DataFusionError::from)?;
    for (name, all, columns) in [
        ("score_sets", &scores, &SCORE_SETS[..]),
        ("jobs", &jobs(&runs_table, runs)?, &JOBS),
        ("runs", &runs_table, &RUNS),
    ] {
        let rows = reader
            .read_batch(all.clone())?
            .select(columns.iter().map(|name| ident(*name)).collect::<Vec<_>>())?;
        opening.add(name, rows.into_view(), About::Nobody)?;
    }
    Ok(())
}

/// What is known of runs, with how long each took.
fn jobs(runs_table: &RecordBatch, runs: &[NamedRun]) -> Result<RecordBatch, DataFusionError> {
    let seconds = |run: &NamedRun| run.record.timings.get("total").and_then(serde_json::Value::as_f64);
    let seconds: Float64Array = runs.iter().map(seconds).collect();
    let mut fields = runs_table.schema().fields().to_vec();
    fields.push(Arc::new(Field::new("seconds", DataType::Float64, true)));
    let mut columns = runs_table.columns().to_vec();
    columns.push(Arc::new(seconds));
    Ok(RecordBatch::try_new(Arc::new(Schema::new(fields)), columns)?)
}
