//! A .bim of five columns is either the known form without centimorgans (chromosome, id, position, A1, A2) or one
//! that lost a column. PLINK and bed-reader read both without a word; here the file has to prove that it is the
//! former.

use std::path::Path;

use super::position::Position;
use crate::{FormatError, Malformed};

/// Columns of a .bim without centimorgans.
pub(super) const COLUMNS: usize = 5;

/// What the rows so far prove.
#[derive(Debug, Default)]
pub(super) struct Evidence {
    /// An A1 that is letters: where the last column is lost, a position stands there.
    letter_allele1: bool,
    /// An A2 that is letters: where A2 is another number, nothing tells it from a lost column.
    letter_allele2: bool,
    /// An id that is not a number: where the id is lost, the centimorgans stand there.
    named: bool,
    /// A position above 0: where the position is lost, centimorgans of 0 stand there.
    placed: bool,
}

impl Evidence {
    pub(super) fn add(&mut self, id: &str, position: Position, alleles: [&str; 2]) {
        self.letter_allele1 |= !looks_numeric(alleles[0]);
        self.letter_allele2 |= !looks_numeric(alleles[1]);
        self.named |= !looks_numeric(id);
        self.placed |= position.value > 0;
    }

    /// Refuses a file whose rows, taken together, do not prove the form without centimorgans.
    pub(super) fn check(&self, path: &Path) -> Result<(), FormatError> {
        let problem = if !(self.letter_allele1 && self.letter_allele2) {
            "no row has five columns of which the last two are surely alleles"
        } else if !self.named {
            "the file has five columns, and the second, the id, is a number in every row"
        } else if !self.placed {
            "the file has five columns, and the third, the position, is 0 in every row"
        } else {
            return Ok(());
        };
        Err(Malformed::new(path, problem, REMEDY).into())
    }
}

const REMEDY: &str = "a column seems lost: give six columns, chromosome, id, centimorgans (0 where not known), position, A1 and A2";

/// Refuses a row whose last three columns can not be position and alleles.
pub(super) fn check_row(path: &Path, line: u64, text: &str, columns: [&str; 3]) -> Result<(), FormatError> {
    let [position, allele1, allele2] = columns;
    let whole =
        position.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'+' | b'-' | b'e' | b'E'));
    let problem = if allele1 != "0" && looks_numeric(allele1) {
        "the row has five columns, and the fourth is a number: the last column (A2) seems lost"
    } else if allele2 != "0" && looks_numeric(allele2) {
        "the row has five columns, and the fifth is a number, not surely an allele"
    } else if !whole && looks_numeric(position) {
        "the row has five columns, and the third is centimorgans: the position or the last column seems lost"
    } else {
        return Ok(());
    };
    Err(Malformed::new(path, problem, REMEDY).line(line).value(text).into())
}

/// Whether a text is a number, such as `0`, `-5` and `1.5`; `I` and `NAN` are alleles.
fn looks_numeric(text: &str) -> bool {
    text.starts_with(|first: char| first.is_ascii_digit() || matches!(first, '+' | '-' | '.'))
        && text.parse::<f64>().is_ok()
}
