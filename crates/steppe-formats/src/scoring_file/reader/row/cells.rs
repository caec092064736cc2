use std::path::Path;

use crate::{
    FormatError, Malformed,
    scoring_file::reader::{columns::Role, fields::Fields, layout::Layout},
};

/// One row as the file has it.
pub(super) struct Cells<'a> {
    pub(super) path: &'a Path,
    pub(super) layout: &'a Layout,
    pub(super) fields: &'a Fields,
    pub(super) line: &'a str,
    /// The 1-based line.
    pub(super) number: u64,
}

impl<'a> Cells<'a> {
    /// A cell by its column.
    pub(super) fn cell(&self, column: usize) -> &'a str {
        self.fields.get(self.line, column)
    }

    /// A cell by its role; empty where the file has no such column.
    pub(super) fn get(&self, role: Role) -> &'a str {
        self.layout.at(role).map_or("", |column| self.cell(column))
    }

    /// Refuses a cell.
    pub(super) fn bad(&self, role: Role, problem: &str, remedy: &str) -> FormatError {
        self.place(Malformed::new(self.path, problem, remedy), self.layout.at(role))
    }

    /// Says on which line, in which column and on which value.
    pub(super) fn place(&self, malformed: Malformed, column: Option<usize>) -> FormatError {
        let malformed = malformed.line(self.number);
        match column {
            Some(column) => malformed.field(self.layout.name(column)).value(self.cell(column)),
            None => malformed.value(self.line),
        }
        .into()
    }
}
