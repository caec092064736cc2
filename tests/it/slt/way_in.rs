//! How a statement gets to Steppe, and what comes back.

use std::{fs::OpenOptions, io::Write as _};

use arrow::{
    array::RecordBatch,
    util::display::{ArrayFormatter, FormatOptions},
};
use serde_json::json;
use sqllogictest::{DB, DBOutput, DefaultColumnType};

/// `login NAME` as a statement: what follows in the file is asked by this user. Not Steppe's SQL.
pub(super) const LOGIN: &str = "login ";

/// Rows of texts; null is `NULL`.
pub(super) type Rows = Vec<Vec<String>>;

/// A way in: in the process, or by a protocol.
pub(super) trait WayIn: Send + Sync {
    /// What failures call it.
    fn name(&self) -> &'static str;

    /// Asks as a user whose token has one role.
    fn ask(&self, role: &str, user: &str, sql: &str) -> Result<Rows, String>;
}

/// What a statement was refused with.
#[derive(Debug)]
pub(super) struct Refused(String);

impl std::fmt::Display for Refused {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Refused {}

/// Somebody who asks, as records know them.
pub(super) struct Asking<'a> {
    way: &'a dyn WayIn,
    role: &'static str,
    user: String,
}

impl<'a> Asking<'a> {
    pub(super) fn new(way: &'a dyn WayIn, role: &'static str, user: &str) -> Self {
        Self { way, role, user: user.to_owned() }
    }
}

impl DB for Asking<'_> {
    type Error = Refused;
    type ColumnType = DefaultColumnType;

    fn run(&mut self, sql: &str) -> Result<DBOutput<DefaultColumnType>, Refused> {
        let mut rows = self.way.ask(self.role, &self.user, sql).map_err(Refused)?;
        if !is_ordered(sql) {
            rows.sort();
        }
        write_down(self.role, sql, &rows);
        let types = vec![DefaultColumnType::Any; rows.first().map_or(1, Vec::len)];
        Ok(DBOutput::Rows { types, rows })
    }
}

/// Whether a statement says in which order its rows are.
pub(super) fn is_ordered(sql: &str) -> bool {
    let last = sql.rsplit(')').next().unwrap_or(sql);
    last.to_uppercase().contains("ORDER BY")
}

/// A cell as records have it.
pub(super) fn cell(text: Option<String>) -> String {
    match text {
        None => "NULL".to_owned(),
        Some(text) if text.is_empty() => "(empty)".to_owned(),
        Some(text) => text,
    }
}

/// The values of a batch.
pub(super) fn texts(batch: &RecordBatch) -> Rows {
    let options = FormatOptions::default().with_null("NULL");
    let columns: Vec<ArrayFormatter<'_>> = batch
        .columns()
        .iter()
        .map(|column| ArrayFormatter::try_new(column.as_ref(), &options).expect("a column of plain values"))
        .collect();
    let text = |column: &ArrayFormatter<'_>, row: usize| cell(Some(column.value(row).to_string()));
    (0..batch.num_rows()).map(|row| columns.iter().map(|column| text(column, row)).collect()).collect()
}

fn write_down(role: &str, sql: &str, rows: &Rows) {
    let Some(file) = std::env::var_os("STEPPE_SLT_ANSWERS") else { return };
    let mut file = OpenOptions::new().create(true).append(true).open(file).expect("a file for answers");
    writeln!(file, "{}", json!({ "role": role, "sql": sql, "rows": rows })).expect("room for answers");
}
