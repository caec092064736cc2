//! `leakage.tsv` for people, `leakage.json` for programs.

use std::path::Path;

use steppe_engine::{EngineError, output::OutputRecord};

use super::{
    super::{
        output_file::write_file,
        table::{Cells, Table},
    },
    LeakageRow,
};

/// Writes both.
pub(super) fn write(folder: &Path, rows: &[LeakageRow]) -> Result<Vec<OutputRecord>, EngineError> {
    let text = |of: &dyn Fn(&LeakageRow) -> Option<String>| {
        Cells::Text(rows.iter().map(|row| of(row).map(Into::into)).collect())
    };
    let number = |of: &dyn Fn(&LeakageRow) -> Option<f64>| Cells::Number(rows.iter().map(of).collect());
    let count = |of: &dyn Fn(&LeakageRow) -> Option<u64>| {
        Cells::Count(rows.iter().map(|row| of(row).and_then(|count| count.try_into().ok())).collect())
    };
    let tsv = Table(vec![
        ("score", text(&|row| Some(row.score.clone()))),
        ("file", text(&|row| Some(row.file.clone()))),
        ("variants", count(&|row| Some(row.variants))),
        ("release", text(&|row| row.release.clone())),
        ("people", count(&|row| Some(row.people))),
        ("baseline", number(&|row| row.baseline)),
        ("recovered", number(&|row| row.recovered)),
        ("excess", number(&|row| row.excess)),
        ("whole", count(&|row| row.whole)),
        ("consistent", number(&|row| row.consistent)),
        ("most_exposed", text(&|row| row.most_exposed.clone())),
        ("most_exposed_excess", number(&|row| row.most_exposed_excess)),
        ("verdict", text(&|row| Some(row.verdict.as_str().to_owned()))),
        ("reason", text(&|row| row.reason.clone())),
    ])
    .write_text(folder, "leakage.tsv")?;
    let mut json = serde_json::to_vec_pretty(rows)
        .map_err(|error| EngineError::write("leakage.json")(std::io::Error::other(error)))?;
    json.push(b'\n');
    Ok(vec![tsv, write_file(folder, "leakage.json", &json)?])
}
