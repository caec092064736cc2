//! The first line of a file by sample: which columns there are, and what separates them.

use std::path::Path;

use super::Role;
use crate::{FormatError, Malformed};

pub(super) const REMEDY: &str =
    "start the file with #FID IID or #IID and the names of the columns, or give family and sample id first";

/// What separates the columns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Separator {
    /// Runs of blanks and tabs, as plink2 reads.
    Blanks,
    /// Single commas.
    Comma,
}

/// The columns of a file.
#[derive(Debug)]
pub(super) struct Header {
    pub(super) separator: Separator,
    /// Whether the first column is a family id.
    pub(super) has_family: bool,
    /// How many columns come before the named ones.
    pub(super) id_columns: usize,
    /// The names of the columns after the ids.
    pub(super) names: Vec<String>,
    /// Whether the line was a header, not a row.
    pub(super) is_line: bool,
}

impl Header {
    /// All columns of a row.
    pub(super) fn columns(&self) -> usize {
        self.id_columns + self.names.len()
    }

    /// Reads the first line that is no comment.
    pub(super) fn read(path: &Path, line: u64, text: &str, role: Role) -> Result<Self, FormatError> {
        let blank = text.trim_matches([' ', '\t']).contains([' ', '\t']);
        let separator = if !blank && text.contains(',') { Separator::Comma } else { Separator::Blanks };
        let mut cells = Vec::new();
        split(path, line, text, separator, &mut cells)?;
        let first = cells.first().copied().unwrap_or_default();
        let second = cells.get(1).copied().unwrap_or_default();
        let name = first.strip_prefix('#').unwrap_or(first);
        let ids = match (name.to_ascii_uppercase().as_str(), second.to_ascii_uppercase().as_str()) {
            ("FID", "IID") => 2,
            ("IID", _) => 1,
            _ if first.starts_with('#') || name.eq_ignore_ascii_case("FID") => {
                let problem = "the header is not known";
                return Err(Malformed::new(path, problem, REMEDY).line(line).value(text).into());
            }
            _ => return Self::of_row(path, line, separator, cells.len(), role),
        };
        // plink2 knows a source id behind the sample id, and so do we; it is not used.
        let id_columns = ids + usize::from(cells.get(ids).is_some_and(|cell| *cell == "SID"));
        let names: Vec<String> = cells[id_columns..].iter().map(|&cell| cell.to_owned()).collect();
        check_names(path, line, &names)?;
        Ok(Self { separator, has_family: ids == 2, id_columns, names, is_line: true })
    }

    /// A file without a header: family id, sample id, values.
    fn of_row(
        path: &Path,
        line: u64,
        separator: Separator,
        count: usize,
        role: Role,
    ) -> Result<Self, FormatError> {
        if count < 3 {
            let problem = "the file has no header, and its first row no value after family and sample id";
            return Err(Malformed::new(path, problem, REMEDY).line(line).into());
        }
        let names = (1..=count - 2).map(|number| role.column_name(number)).collect();
        Ok(Self { separator, has_family: true, id_columns: 2, names, is_line: false })
    }
}

fn check_names(path: &Path, line: u64, names: &[String]) -> Result<(), FormatError> {
    let refuse = |problem: &str, name: &str, remedy: &str| {
        Err(Malformed::new(path, problem, remedy).line(line).field("header").value(name).into())
    };
    if names.is_empty() {
        return refuse("the file has no columns after the sample ids", "", "give a file with values");
    }
    let mut sorted: Vec<&str> = names.iter().map(String::as_str).collect();
    sorted.sort_unstable();
    if sorted.first().is_some_and(|name| name.is_empty()) {
        return refuse("a column has no name", "", "name every column");
    }
    match sorted.windows(2).find(|pair| pair[0] == pair[1]) {
        Some(pair) => {
            refuse("two columns have the same name", pair[0], "give every column a name of its own")
        }
        None => Ok(()),
    }
}

/// Splits a row; `cells` is cleared first. A refusal does not show the row, which has a sample's id.
pub(super) fn split<'a>(
    path: &Path,
    line: u64,
    text: &'a str,
    separator: Separator,
    cells: &mut Vec<&'a str>,
) -> Result<(), FormatError> {
    cells.clear();
    let control = |byte: u8| byte < b' ' && byte != b'\t';
    if text.bytes().any(control) {
        let problem = "the line has a control character";
        let remedy = "separate the columns by tabs, spaces or commas";
        return Err(Malformed::new(path, problem, remedy).line(line).into());
    }
    match separator {
        Separator::Blanks => cells.extend(text.split([' ', '\t']).filter(|cell| !cell.is_empty())),
        Separator::Comma => {
            if text.contains('"') {
                let problem = "the line has a quotation mark";
                let remedy = "write values without quotation marks, or separate the columns by tabs";
                return Err(Malformed::new(path, problem, remedy).line(line).into());
            }
            cells.extend(text.split(',').map(str::trim));
        }
    }
    Ok(())
}
