//! Allele frequencies as `plink2 --freq` writes them (.afreq).

mod columns;

use std::{
    hash::{DefaultHasher, Hash, Hasher},
    path::{Path, PathBuf},
};

use steppe_genome::StringColumn;

use self::columns::{Columns, Row};
use crate::{FileNote, FormatError, Malformed, NoteKind, note::NoteTally, text::LineReader};

/// Frequencies by variant id and alleles; one row per alternate allele.
#[derive(Debug, Clone)]
pub struct FrequencyTable {
    /// The file.
    pub path: PathBuf,
    /// Variant ids.
    pub ids: StringColumn,
    /// Reference alleles (A2 of a .bim).
    pub reference: StringColumn,
    /// Alternate alleles (A1 of a .bim); a variant with several has a row for each.
    pub alternate: StringColumn,
    /// Frequency of the alternate allele, in 0..=1.
    pub frequency: Vec<f64>,
    /// What is odd about the file.
    pub notes: Vec<FileNote>,
    /// Frequency of the reference allele, in 0..=1.
    reference_frequency: Vec<f64>,
    /// (hash of the id, row), sorted.
    index: Vec<(u64, u32)>,
}

impl FrequencyTable {
    /// How many rows there are.
    pub fn len(&self) -> usize {
        self.frequency.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.frequency.is_empty()
    }

    /// The frequency of `allele` of the variant `id`; `None` where the file has none, or where rows of the same id
    /// say different things of it ([`Self::of_variant`] tells them apart).
    pub fn get(&self, id: &str, allele: &str) -> Option<f64> {
        let mut found = None;
        for row in self.rows_of(id) {
            let value = if self.alternate.get(row) == allele {
                self.frequency[row]
            } else if self.reference.get(row) == allele {
                self.reference_frequency[row]
            } else {
                continue;
            };
            if found.is_some_and(|before| before != value) {
                return None;
            }
            found = Some(value);
        }
        found
    }

    /// The frequency of the counted allele of the variant `id` with exactly these two alleles, in either role.
    pub fn of_variant(&self, id: &str, counted: &str, other: &str) -> Option<f64> {
        self.rows_of(id).find_map(|row| {
            let (alternate, reference) = (self.alternate.get(row), self.reference.get(row));
            if (alternate, reference) == (counted, other) {
                Some(self.frequency[row])
            } else if (alternate, reference) == (other, counted) {
                Some(self.reference_frequency[row])
            } else {
                None
            }
        })
    }

    /// The rows of one id, in the file's order.
    fn rows_of<'a>(&'a self, id: &'a str) -> impl Iterator<Item = usize> + 'a {
        let hash = hash_of(id);
        let first = self.index.partition_point(|entry| entry.0 < hash);
        self.index[first..]
            .iter()
            .take_while(move |entry| entry.0 == hash)
            .map(|entry| entry.1 as usize)
            .filter(move |&row| self.ids.get(row) == id)
    }

    /// Sorts the index, and refuses a variant that has two frequencies.
    fn build_index(&mut self, lines: &[u64], notes: &mut NoteTally) -> Result<(), FormatError> {
        for (row, id) in self.ids.iter().enumerate() {
            let row_number = u32::try_from(row).map_err(|_| {
                Malformed::new(&self.path, "the file has more than 2^32 rows", "split it by chromosome")
            })?;
            if id != "." {
                self.index.push((hash_of(id), row_number));
            }
        }
        self.index.sort_unstable();
        for entries in self.index.chunk_by(|one, next| one.0 == next.0) {
            for (later, &(_, second)) in entries.iter().enumerate() {
                for &(_, first) in &entries[..later] {
                    self.compare(first as usize, second as usize, lines, notes)?;
                }
            }
        }
        Ok(())
    }

    /// Notes two rows that say the same twice; refuses two that contradict each other.
    fn compare(
        &self,
        first: usize,
        second: usize,
        lines: &[u64],
        notes: &mut NoteTally,
    ) -> Result<(), FormatError> {
        let key = |row| (self.ids.get(row), self.reference.get(row), self.alternate.get(row));
        if key(first) != key(second) {
            return Ok(());
        }
        let id = self.ids.get(second);
        if self.frequency[first] == self.frequency[second] {
            notes.add(NoteKind::DuplicateRows, lines[second], || format!("variant {id}"));
            return Ok(());
        }
        let problem = format!("the variant has another frequency on line {}", lines[first]);
        Err(Malformed::new(&self.path, problem, "keep one row per variant")
            .line(lines[second])
            .field("ID")
            .value(id)
            .into())
    }
}

/// Reads plink2's .afreq (plain, gzip or zstd), with the columns ID, REF, ALT and ALT_FREQS in any order among
/// others. Rows without a frequency (`nan`: no genotype was observed) and without an id are passed over, and noted.
///
/// # Errors
/// The file can not be read, is not UTF-8 text, lacks one of those columns; a row has another number of columns than
/// the header; frequencies that are no numbers in 0..=1, or sum to more than 1; a variant with two frequencies.
pub fn read_frequencies(path: &Path) -> Result<FrequencyTable, FormatError> {
    let mut lines = LineReader::open(path)?;
    let mut notes = NoteTally::new(path);
    let columns = read_header(path, &mut lines)?;
    let mut table = FrequencyTable {
        path: path.to_owned(),
        ids: StringColumn::new(),
        reference: StringColumn::new(),
        alternate: StringColumn::new(),
        frequency: Vec::new(),
        notes: Vec::new(),
        reference_frequency: Vec::new(),
        index: Vec::new(),
    };
    let mut row_lines = Vec::new();
    while let Some((line, text)) = lines.next_row()? {
        let row = columns.row(path, line, text)?;
        if row.id == "." {
            notes.add(NoteKind::MissingVariantIds, line, || "the id is .".to_owned());
            continue;
        }
        if row.is_unknown() {
            notes.add(NoteKind::Other, line, || format!("variant {} has no frequency", row.id));
            continue;
        }
        push_row(path, line, &row, &mut table)?;
        row_lines.resize(table.len(), line);
    }
    table.build_index(&row_lines, &mut notes)?;
    table.notes = lines.notes();
    table.notes.extend(notes.to_notes());
    Ok(table)
}

/// Passes over `##` lines and reads the line of column names.
fn read_header(path: &Path, lines: &mut LineReader) -> Result<Columns, FormatError> {
    while let Some((line, text)) = lines.next_row()? {
        if !text.starts_with("##") {
            return Columns::of_header(path, line, text);
        }
    }
    Err(Malformed::new(path, "the file has no header", columns::REMEDY).into())
}

/// Appends one row per alternate allele.
fn push_row(path: &Path, line: u64, row: &Row<'_>, table: &mut FrequencyTable) -> Result<(), FormatError> {
    let refuse = |problem: &str| {
        let refused = Malformed::new(path, problem, columns::REMEDY);
        FormatError::from(refused.line(line).field("ALT_FREQS").value(row.frequencies))
    };
    if row.alternates.split(',').count() != row.frequencies.split(',').count() {
        return Err(refuse("there is not one frequency per allele of ALT"));
    }
    let mut sum = 0.0;
    for (alternate, text) in row.alternates.split(',').zip(row.frequencies.split(',')) {
        let frequency = text.parse::<f64>().ok().filter(|value| (0.0..=1.0).contains(value));
        let frequency = frequency.ok_or_else(|| refuse("this is no frequency between 0 and 1"))?;
        sum += frequency;
        table.ids.push(row.id);
        table.reference.push(row.reference);
        table.alternate.push(alternate);
        table.frequency.push(frequency);
    }
    // plink2 prints six digits.
    if sum > 1.0 + 1e-4 {
        return Err(refuse("the frequencies sum to more than 1"));
    }
    table.reference_frequency.resize(table.len(), (1.0 - sum).max(0.0));
    Ok(())
}

fn hash_of(id: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    id.hash(&mut hasher);
    hasher.finish()
}

#[cfg(test)]
mod tests;
