//! Column names: found, or answered with those that are close.

use std::path::Path;

use crate::{FormatError, Malformed};

/// With no more columns than this, all are named.
const FEW: usize = 8;
/// How many close names are given.
const CLOSE: usize = 3;
/// Names less alike than this (0 to 1) are no help.
const ALIKE: f64 = 0.5;

/// Where `name` stands among the header's columns.
pub(super) fn find(path: &Path, columns: &[String], name: &str) -> Result<usize, FormatError> {
    columns.iter().position(|column| column == name).ok_or_else(|| unknown(path, columns, name))
}

#[cold]
fn unknown(path: &Path, columns: &[String], name: &str) -> FormatError {
    let close = close_names(columns, name);
    let remedy = match close.as_slice() {
        [] if columns.len() <= FEW => format!("the columns are {}", columns.join(", ")),
        [] => format!("the file has {} columns, none with a name like it", columns.len()),
        [one] => format!("did you mean {one}?"),
        [rest @ .., last] => format!("did you mean {} or {last}?", rest.join(", ")),
    };
    Malformed::new(path, "the file has no column of this name", remedy).value(name).into()
}

/// The names most like `name`, best first; ties in the file's order.
fn close_names<'a>(columns: &'a [String], name: &str) -> Vec<&'a str> {
    let lower = name.to_lowercase();
    let mut alike: Vec<(f64, &str)> = columns
        .iter()
        .map(|column| {
            (strsim::normalized_damerau_levenshtein(&column.to_lowercase(), &lower), column.as_str())
        })
        .filter(|(likeness, _)| *likeness >= ALIKE)
        .collect();
    alike.sort_by(|one, other| other.0.total_cmp(&one.0));
    alike.into_iter().take(CLOSE).map(|(_, column)| column).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(columns: &[&str], name: &str) -> String {
        let columns: Vec<String> = columns.iter().map(|&column| column.to_owned()).collect();
        find(Path::new("p.tsv"), &columns, name).map_or_else(|error| error.to_string(), |at| at.to_string())
    }

    #[test]
    fn close_names_are_given() {
        assert_eq!(message(&["ldl", "height", "bmi"], "height"), "1");
        let expected = "p.tsv: the file has no column of this name (found \"Hieght\"); did you mean height?";
        assert_eq!(message(&["ldl", "height", "bmi"], "Hieght"), expected);
        assert!(message(&["Y1", "Y2", "x"], "Y3").ends_with("did you mean Y1 or Y2?"));
        assert!(message(&["Y1", "Y2"], "asthma").ends_with("the columns are Y1, Y2"));
    }
}
