//! Which column holds what, told from the column names or from the user's options.

mod named;
mod table;
mod wide;

use std::path::Path;

pub(super) use named::note_unused_harmonisation;

use super::{
    columns::{Naming, Role, naming},
    fields::{Fields, Separator},
    tally::Tally,
};
use crate::{
    FormatError, Malformed, NoteKind,
    scoring_file::{COLUMNS_OPTION, HEADER_OPTION, ScoringFormat},
};

/// The first line after the header: column names, or the first row of a table without them.
#[derive(Debug)]
pub(super) struct FirstLine {
    pub(super) text: String,
    pub(super) number: u64,
}

/// The columns of one file.
#[derive(Debug)]
pub(super) struct Layout {
    pub(super) separator: Separator,
    /// Column names; `column 3` where a table has none.
    pub(super) names: Vec<String>,
    places: [Option<usize>; Role::COUNT],
    /// The weight columns; none where dosage weights or odds ratios are the only weights.
    pub(super) weights: Vec<usize>,
    /// The scores' names; `None` for one that is named after the file.
    pub(super) scores: Vec<Option<String>>,
}

impl Layout {
    fn new(separator: Separator, names: Vec<String>) -> Self {
        Self { separator, names, places: [None; Role::COUNT], weights: Vec::new(), scores: Vec::new() }
    }

    /// Tells the columns of a file; `first_row` is the line after the names, where there is one.
    pub(super) fn resolve(
        path: &Path,
        first: &FirstLine,
        first_row: Option<&str>,
        format: &ScoringFormat,
        tally: &mut Tally,
    ) -> Result<Self, FormatError> {
        let separator = Separator::of(&first.text);
        let names = split_names(&first.text, separator);
        let header = Names { path, line: first.number, names };
        let layout = match format {
            ScoringFormat::Table(columns) => table::layout(&header, separator, columns),
            _ => {
                header.refuse_other_separators()?;
                header.refuse_rows()?;
                match wide::layout(&header, separator) {
                    Some(layout) if *format == ScoringFormat::Auto => Ok(layout),
                    _ => named::layout(&header, separator, first_row, *format == ScoringFormat::Auto, tally),
                }
            }
        }?;
        header.refuse_repeated_scores(&layout)?;
        Ok(layout)
    }

    /// The column of a role.
    pub(super) fn at(&self, role: Role) -> Option<usize> {
        self.places[role as usize]
    }

    fn set(&mut self, role: Role, column: usize) {
        self.places[role as usize] = Some(column);
        if role == Role::Weight {
            self.weights.push(column);
        }
    }

    /// Whether the dosage weights are there.
    pub(super) fn has_dosage_weights(&self) -> bool {
        self.at(Role::Dosage0).is_some()
    }

    /// The first weight column's name for messages.
    pub(super) fn weight_name(&self) -> &str {
        self.weights.first().map_or("weight", |&column| self.name(column))
    }

    /// A column's name for messages.
    pub(super) fn name(&self, column: usize) -> &str {
        self.names.get(column).map_or("row", String::as_str)
    }
}

/// The names of a line, without empty ones at its end.
fn split_names(text: &str, separator: Separator) -> Vec<String> {
    let mut fields = Fields::default();
    fields.split(text, separator);
    fields.drop_trailing_empty(1);
    (0..fields.len()).map(|index| fields.get(text, index).to_owned()).collect()
}

/// A line of column names, for the rules that read it and the messages that refuse it.
struct Names<'a> {
    path: &'a Path,
    line: u64,
    names: Vec<String>,
}

impl Names<'_> {
    fn refuse(&self, problem: impl Into<String>, remedy: impl Into<String>) -> Malformed {
        Malformed::new(self.path, problem, remedy).line(self.line)
    }

    /// Commas and semicolons are no separators of this format.
    fn refuse_other_separators(&self) -> Result<(), FormatError> {
        let [only] = self.names.as_slice() else { return Ok(()) };
        for (separator, word) in [(',', "comma"), (';', "semicolon")] {
            if only.contains(separator) {
                let problem = format!("the columns are {word}-separated");
                return Err(self.refuse(problem, "separate the columns with tabs").value(only).into());
            }
        }
        Ok(())
    }

    /// A line with no known name and with numbers is a row, not a line of names.
    fn refuse_rows(&self) -> Result<(), FormatError> {
        let unknown = |name: &String| matches!(naming(name), Naming::Unknown);
        if self.names.iter().all(unknown) && self.names.iter().any(|name| name.parse::<f64>().is_ok()) {
            let remedy = format!(
                "put a line of column names before the rows, such as chr_name, chr_position, effect_allele, \
                 other_allele, effect_weight; or name the columns by number with {COLUMNS_OPTION} 1,2,3 \
                 {HEADER_OPTION} none"
            );
            let problem = "there is no column header: the first line after the header is a row";
            return Err(self.refuse(problem, remedy).value(&self.names.join(" ")).into());
        }
        Ok(())
    }

    fn refuse_repeated_scores(&self, layout: &Layout) -> Result<(), FormatError> {
        let mut names: Vec<&str> = layout.scores.iter().flatten().map(String::as_str).collect();
        names.sort_unstable();
        match names.windows(2).find(|pair| pair[0] == pair[1]) {
            Some(pair) => {
                let problem = "two weight columns have the same name";
                Err(self.refuse(problem, "give every score its own name").value(pair[0]).into())
            }
            None => Ok(()),
        }
    }
}

/// Says which columns are not read.
fn note_unknown(header: &Names<'_>, column: usize, tally: &mut Tally) {
    tally.add(NoteKind::UnknownField, "columns that are not read", header.line, &header.names[column]);
}
