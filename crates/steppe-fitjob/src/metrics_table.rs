//! `metrics.tsv` and `metrics.parquet`: how well the chosen models predict.

use std::path::Path;
use steppe_engine::{EngineError, output::OutputRecord};

use super::{
    evaluation::{MetricRow, metric_name},
    table::{Cells, Table},
};

/// Writes both.
pub(super) fn write(folder: &Path, rows: &[MetricRow]) -> Result<Vec<OutputRecord>, EngineError> {
    let text = |of: &dyn Fn(&MetricRow) -> &'static str| {
        Cells::Text(rows.iter().map(|row| Some(of(row).into())).collect())
    };
    let count = |of: &dyn Fn(&MetricRow) -> Option<u64>| {
        Cells::Count(rows.iter().map(|row| of(row).map(|count| count as u32)).collect())
    };
    let number = |of: &dyn Fn(&MetricRow) -> Option<f64>| Cells::Number(rows.iter().map(of).collect());
    let notes = rows.iter().map(|row| (!row.note.is_empty()).then(|| row.note.into())).collect();
    let table = Table(vec![
        ("trait", Cells::Text(rows.iter().map(|row| Some(row.trait_name.as_str().into())).collect())),
        ("model", text(&|row| row.model.as_str())),
        ("split", text(&|row| row.part.as_str())),
        ("population", Cells::Text(rows.iter().map(|row| Some(row.population.as_str().into())).collect())),
        ("n", count(&|row| Some(row.samples))),
        ("cases", count(&|row| row.cases)),
        ("metric", text(&|row| metric_name(row.metric))),
        ("value", number(&|row| row.value)),
        ("covariates_alone", number(&|row| row.covariates)),
        ("incremental", number(&MetricRow::incremental)),
        ("note", Cells::Text(notes)),
    ]);
    table.write_both(folder, "metrics")
}
