use std::{
    collections::{BTreeSet, HashSet},
    sync::Arc,
};

use datafusion::prelude::SessionContext;
use steppe_store::Location;

use super::{
    files, record_tables,
    run_files::{RunFile, RunFiles},
    session::off_runtime,
};
use crate::{
    EngineError,
    output::{RunRecord, ScoreRecord},
};

/// A run's folder with the name that its rows carry.
#[derive(Debug)]
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

/// Registers the tables of all runs; none where there is no run.
pub(super) async fn register(context: &SessionContext, runs: &[NamedRun]) -> Result<(), EngineError> {
    if runs.is_empty() {
        return Ok(());
    }
    for (name, file, kind) in TABLES {
        if let Some(all) = table(context, runs, (file, kind), called).await? {
            context.register_table(name, Arc::new(all))?;
        }
    }
    record_tables::register(context, runs)
}

/// The runs of some folders, each with a name of its own.
pub(super) async fn records(folders: &[Location]) -> Result<Vec<NamedRun>, EngineError> {
    let folders = folders.to_vec();
    off_runtime(move || read_records(folders)).await
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

pub(super) fn read_record(folder: &Location) -> Result<RunRecord, EngineError> {
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

impl NamedRun {
    /// The scores that it computed.
    pub(super) fn computed(&self) -> impl Iterator<Item = &ScoreRecord> {
        self.record.scores.iter().filter(|score| score.skipped.is_none())
    }
}

/// One file of every run that has it, one under the other.
async fn files_of<'a>(
    context: &SessionContext,
    runs: impl Iterator<Item = &'a NamedRun>,
    file: &str,
) -> Result<Vec<RunFile>, EngineError> {
    let mut all = Vec::new();
    for run in runs.filter(|run| run.record.outputs.iter().any(|output| output.name == file)) {
        all.push(file_of(context, run, file).await?);
    }
    Ok(all)
}

/// A file of a run.
pub(super) async fn file_of(
    context: &SessionContext,
    run: &NamedRun,
    file: &str,
) -> Result<RunFile, EngineError> {
    let rows = files::read(context, &run.folder.child(file)).await?;
    let scores: BTreeSet<String> = run.record.scores.iter().map(|score| score.name.clone()).collect();
    let scores = Some(scores).filter(|scores| !scores.is_empty());
    Ok(RunFile { run: run.name.clone(), rows, scores })
}

/// A column's name in SQL.
pub(super) fn called(name: &str) -> String {
    let renamed = COLUMNS.iter().find(|(there, _)| *there == name);
    renamed.map_or(name, |(_, called)| called).to_owned()
}

/// The table of a file of runs; `None` where no run has it.
pub(super) async fn table(
    context: &SessionContext,
    runs: &[NamedRun],
    (file, kind): (&str, Option<&str>),
    called: impl Fn(&str) -> String,
) -> Result<Option<RunFiles>, EngineError> {
    let of_kind = runs.iter().filter(|run| kind.is_none_or(|kind| run.record.kind == kind));
    let files = files_of(context, of_kind, file).await?;
    Ok((!files.is_empty()).then(|| RunFiles::new(files, called)))
}
