use std::path::{Path, PathBuf};

use steppe_genome::StringColumn;

use super::ids::Ids;
use crate::{
    FileNote, FormatError, Malformed, NoteKind,
    note::NoteTally,
    text::{Fields, LineReader},
};

/// Penalty factors by variant id.
#[derive(Debug, Clone)]
pub struct PenaltyFactors {
    /// The file.
    pub path: PathBuf,
    /// What is odd about the file.
    pub notes: Vec<FileNote>,
    ids: Ids,
    factors: Vec<f64>,
}

impl PenaltyFactors {
    /// The factor of a variant, finite and not negative; `None` where the file has none.
    pub fn get(&self, id: &str) -> Option<f64> {
        self.ids.find(id).map(|row| self.factors[row])
    }

    /// How many variants have one.
    pub fn len(&self) -> usize {
        self.ids.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

const REMEDY: &str = "give a variant id and a factor of 0 (not penalised) or more per line";

/// Reads penalty factors (plain, gzip or zstd): a variant id and a number per line, separated by blanks, with a header
/// that starts with `#` or `ID`, or none.
///
/// # Errors
/// The file can not be read or is not UTF-8 text, or has no rows; a row has another number of columns; a factor is no
/// finite number or negative; a variant has two factors.
pub fn read_penalty_factors(path: &Path) -> Result<PenaltyFactors, FormatError> {
    let mut lines = LineReader::open(path)?;
    let mut notes = NoteTally::new(path);
    let (mut ids, mut factors, mut line_of) = (StringColumn::new(), Vec::new(), Vec::new());
    while let Some((line, text)) = lines.next_row()? {
        let fields = Fields::<2>::split(path, line, text)?;
        let [id, factor] = fields.values;
        if factors.is_empty() && (id.starts_with('#') || id == "ID") {
            continue;
        }
        if fields.count != 2 {
            let problem = format!("the row has {} columns, not 2", fields.count);
            return Err(Malformed::new(path, problem, REMEDY).line(line).value(text).into());
        }
        let Some(value) = factor.parse::<f64>().ok().filter(|value| value.is_finite() && *value >= 0.0)
        else {
            let refused = Malformed::new(path, "this is no penalty factor", REMEDY);
            return Err(refused.line(line).field("factor").value(factor).into());
        };
        ids.push(id);
        factors.push(value);
        line_of.push(line);
    }
    let (ids, mut repeated) = Ids::new(path, ids)?;
    if factors.is_empty() {
        return Err(Malformed::new(path, "the file has no rows", REMEDY).into());
    }
    repeated.sort_unstable_by_key(|&(_, second)| second);
    for (first, second) in repeated {
        if factors[first] != factors[second] {
            let problem = format!("the variant has another factor on line {}", line_of[first]);
            return Err(Malformed::new(path, problem, "keep one row per variant")
                .line(line_of[second])
                .field("variant id")
                .value(ids.ids.get(second))
                .into());
        }
        notes.add(NoteKind::DuplicateRows, line_of[second], || format!("variant {}", ids.ids.get(second)));
    }
    let mut all = lines.notes();
    all.extend(notes.to_notes());
    Ok(PenaltyFactors { path: path.to_owned(), notes: all, ids, factors })
}
