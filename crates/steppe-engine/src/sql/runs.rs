use std::collections::HashSet;

use datafusion::{
    logical_expr::{Expr, lit},
    prelude::{DataFrame, SessionContext, ident},
};
use steppe_store::Location;

use super::{files, record_tables, session::off_runtime};
use crate::{EngineError, output::RunRecord};

/// A run's folder with the name that its rows carry.
pub(super) struct NamedRun {
    pub name: String,
    pub folder: Location,
    pub record: RunRecord,
}

/// Tables that are files of runs: name, file, and the kind of run that writes it; of any kind where several do.
const TABLES: [(&str, &str, Option<&str>); 8] = [
    ("scores", "scores.parquet", None),
    ("match_log", "match_log.parquet", None),
    ("calibrated", "calibrated.parquet", Some("calibrate")),
    ("recalibrations", "risks.parquet", Some("calibrate")),
    ("metrics", "metrics.parquet", Some("evaluate")),
    ("reliability", "reliability.parquet", Some("evaluate")),
    ("deciles", "deciles.parquet", Some("evaluate")),
    ("evaluated", "groups.parquet", Some("evaluate")),
];

/// Columns whose names in files SQL can take only in quotes, or takes for something else, and what they are called instead.
const COLUMNS: [(&str, &str); 4] =
    [("#FID", "family_id"), ("IID", "sample_id"), ("group", "group_name"), ("interval", "interval_method")];

/// Registers the tables of all runs; none where no run is given.
pub(super) async fn register(context: &SessionContext, folders: &[Location]) -> Result<(), EngineError> {
    if folders.is_empty() {
        return Ok(());
    }
    let folders = folders.to_vec();
    let runs = off_runtime(move || read_records(folders)).await?;
    for (table, file, kind) in TABLES {
        let of_kind = runs.iter().filter(|run| kind.is_none_or(|kind| run.record.kind == kind));
        if let Some(all) = union(context, of_kind, file).await? {
            context.register_table(table, all.into_view())?;
        }
    }
    record_tables::register(context, &runs)
}

fn read_records(folders: Vec<Location>) -> Result<Vec<NamedRun>, EngineError> {
    let mut names = HashSet::new();
    folders
        .into_iter()
        .map(|folder| {
            let record = read_record(&folder)?;
            let mut name = folder_name(&folder);
            if !names.insert(name.clone()) {
                name = format!("{name}#{}", record.job.get(..12).unwrap_or(&record.job));
                if !names.insert(name.clone()) {
                    return Err(EngineError::refused(
                        format!("{folder}: the same result is given twice"),
                        "name each result once",
                    ));
                }
            }
            Ok(NamedRun { name, folder, record })
        })
        .collect()
}

fn read_record(folder: &Location) -> Result<RunRecord, EngineError> {
    let file = folder.child("run.json");
    if !file.exists()? {
        return Err(EngineError::refused(
            format!("{folder}: there is no result of steppe (no run.json)"),
            "give the folder that steppe score, match, calibrate or evaluate wrote with --out",
        ));
    }
    Ok(RunRecord::from_bytes(&file.to_string(), &file.read()?)?)
}

/// The last part of a location.
fn folder_name(folder: &Location) -> String {
    let text = folder.to_string();
    let resolved = folder.local_path().and_then(|path| std::fs::canonicalize(path).ok());
    match resolved.as_deref().and_then(std::path::Path::file_name) {
        Some(name) => name.to_string_lossy().into_owned(),
        None => text.trim_end_matches('/').rsplit('/').next().unwrap_or(&text).to_owned(),
    }
}

/// One file of every run that has it, one under the other, with the run's name in front. What a run's file has no column
/// for is null.
async fn union<'a>(
    context: &SessionContext,
    runs: impl Iterator<Item = &'a NamedRun>,
    file: &str,
) -> Result<Option<DataFrame>, EngineError> {
    let mut all: Option<DataFrame> = None;
    for run in runs.filter(|run| run.record.outputs.iter().any(|output| output.name == file)) {
        let rows = files::read(context, &run.folder.child(file)).await?;
        let mut columns = vec![lit(run.name.as_str()).alias("run")];
        columns.extend(rows.schema().fields().iter().map(|field| column(field.name())));
        let named = rows.select(columns)?;
        all = Some(match all {
            Some(above) => above.union_by_name(named)?,
            None => named,
        });
    }
    Ok(all)
}

fn column(name: &str) -> Expr {
    match COLUMNS.iter().find(|(there, _)| *there == name) {
        Some((_, called)) => ident(name).alias(*called),
        None => ident(name),
    }
}
