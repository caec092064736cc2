//! The records of `tests/slt`: statements about a small simulated study, and the answers that DuckDB gives over the same
//! Parquet (`tests/slt/run.sh` compares them again). A role has a folder of files; every way in runs all of them.
//!
//! `STEPPE_SLT_ANSWERS` names a file to which every answer is appended as a line of JSON, for whoever writes records.

mod by_gateway;
mod in_process;
mod numbers;
mod way_in;

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
    process::Command,
    sync::OnceLock,
};

use sqllogictest::{DefaultColumnType, Record, Runner, parse_file};
use steppe_tests::steppe_binary;
use tempfile::TempDir;

use self::{
    by_gateway::{ByFlight, ByPostgres},
    in_process::InProcess,
    numbers::validator,
    way_in::{Asking, LOGIN, WayIn, is_ordered},
};
use crate::sets::new_folder;

/// The roles that records are asked as.
const ROLES: [&str; 3] = ["analyst", "researcher", "steward"];
/// The fewest records there shall be.
const FEWEST: usize = 300;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("slt")
}

/// The study, made once for all tests of this process.
fn study() -> &'static Path {
    static STUDY: OnceLock<TempDir> = OnceLock::new();
    let made = STUDY.get_or_init(|| {
        let study = new_folder();
        let script = folder().join("fixture.sh");
        let made =
            Command::new("bash").arg(&script).arg(steppe_binary()).arg(study.path()).output().expect("bash");
        let (out, err) = (String::from_utf8_lossy(&made.stdout), String::from_utf8_lossy(&made.stderr));
        assert!(made.status.success(), "{}: {out}{err}", script.display());
        study
    });
    made.path()
}

fn files(role: &str) -> Vec<PathBuf> {
    let listed = std::fs::read_dir(folder().join(role)).expect("a folder of records");
    let mut files: Vec<PathBuf> = listed.map(|entry| entry.expect("an entry").path()).collect();
    files.retain(|file| file.extension().is_some_and(|extension| extension == "slt"));
    files.sort();
    files
}

fn records(file: &Path) -> Vec<Record<DefaultColumnType>> {
    parse_file(file).unwrap_or_else(|error| panic!("{}: {error}", file.display()))
}

/// The statements of a file that are asked of Steppe.
fn statements(file: &Path) -> Vec<String> {
    let asked = |record: Record<DefaultColumnType>| match record {
        Record::Query { sql, .. } => Some(sql),
        Record::Statement { sql, .. } if !sql.starts_with(LOGIN) => Some(sql),
        _ => None,
    };
    records(file).into_iter().filter_map(asked).collect()
}

/// Runs the records of a role; says all that fail.
fn run(way: &dyn WayIn, role: &'static str) {
    let wrong: Vec<String> = files(role).iter().flat_map(|file| failures(way, role, file)).collect();
    assert!(wrong.is_empty(), "{} records of {role}, {}:\n{}", wrong.len(), way.name(), wrong.join("\n\n"));
}

fn failures(way: &dyn WayIn, role: &'static str, file: &Path) -> Vec<String> {
    let name = file.file_stem().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let mut logged_in: Option<String> = None;
    let mut wrong = Vec::new();
    for (at, record) in records(file).into_iter().enumerate() {
        let sql = match &record {
            Record::Query { sql, .. } | Record::Statement { sql, .. } => sql.clone(),
            _ => continue,
        };
        if let Some(user) = sql.strip_prefix(LOGIN) {
            logged_in = Some(user.to_owned());
            continue;
        }
        // A user for each record, unless the file logs in: what one was told would decide what the next is.
        let user = logged_in.clone().unwrap_or_else(|| format!("{name} {at}"));
        let mut runner = Runner::new(|| async { Ok(Asking::new(way, role, &user)) });
        runner.with_validator(validator(role == "researcher", is_ordered(&sql)));
        if let Err(error) = runner.run(record) {
            wrong.push(error.display(false).to_string());
        }
    }
    wrong
}

#[test]
fn a_researcher_in_process() {
    run(&InProcess::open(study()), "researcher");
}

#[test]
fn a_steward_in_process() {
    run(&InProcess::open(study()), "steward");
}

#[test]
fn an_analyst_in_process() {
    run(&InProcess::open(study()), "analyst");
}

#[test]
fn a_researcher_by_the_postgres_wire() {
    run(&ByPostgres::start(study()), "researcher");
}

#[test]
fn a_steward_by_the_postgres_wire() {
    run(&ByPostgres::start(study()), "steward");
}

#[test]
fn an_analyst_by_the_postgres_wire() {
    run(&ByPostgres::start(study()), "analyst");
}

#[test]
fn a_researcher_by_flight_sql() {
    run(&ByFlight::start(study()), "researcher");
}

#[test]
fn a_steward_by_flight_sql() {
    run(&ByFlight::start(study()), "steward");
}

#[test]
fn an_analyst_by_flight_sql() {
    run(&ByFlight::start(study()), "analyst");
}

#[test]
fn there_are_hundreds_of_records_and_every_question_is_among_them() {
    let all: usize = ROLES.iter().flat_map(|role| files(role)).map(|file| statements(&file).len()).sum();
    assert!(all >= FEWEST, "{all} records");
    let way = InProcess::open(study());
    let questions = way.ask("researcher", "counting", "SELECT name FROM questions").expect("the questions");
    let questions: BTreeSet<String> = questions.into_iter().flatten().collect();
    assert_eq!(questions.len(), 24);
    for role in ["analyst", "researcher"] {
        let asked: Vec<String> = files(role).iter().flat_map(|file| statements(file)).collect();
        let is_asked = |name: &&String| asked.iter().any(|sql| sql.contains(&format!("FROM {name}")));
        let missing: Vec<&String> = questions.iter().filter(|name| !is_asked(name)).collect();
        assert!(missing.is_empty(), "nobody asks as {role}: {missing:?}");
    }
}
