//! Reads a scoring file: header lines, column names, rows.

mod columns;
mod duplicates;
mod fields;
mod header;
mod layout;
mod row;
mod tally;

use std::{fs, path::Path};

use steppe_genome::EffectType;

use self::{
    columns::{Naming, Role, naming},
    header::HeaderLines,
    layout::{FirstLine, Layout, note_unused_harmonisation},
    row::RowReader,
    tally::Tally,
};
use super::{Header, ReadOptions, ScoringFile, ScoringFormat, TableHeader, file_stem};
use crate::{FormatError, Malformed, NoteKind, text::LineReader};

/// Reads a scoring file, plain, gz or zst.
///
/// # Errors
/// Everything that would make a score wrong without a word: weights that are no finite numbers, missing columns or
/// column names, positions that are no positions, rows without a variant, rows that contradict each other, unknown
/// builds, files without rows, and text that is cut, not UTF-8 or otherwise broken.
pub fn read_scoring_file(path: &Path, options: &ReadOptions) -> Result<ScoringFile, FormatError> {
    if options.default_effect == EffectType::Dosage {
        let problem = "dosage weights can not be the effect type of rows that do not say theirs";
        return Err(Malformed::new(path, problem, "choose additive, dominant or recessive").into());
    }
    let bytes = fs::metadata(path).map_err(|source| FormatError::io(path, "can not open", source))?.len();
    let mut lines = LineReader::open(path)?;
    let mut tally = Tally::default();
    let mut header_lines = HeaderLines::default();
    let first = first_line(path, &mut lines, &mut header_lines)?;
    let header = header_lines.finish(path, &mut tally)?;
    let first_row = match &options.format {
        ScoringFormat::Table(columns) if columns.header == TableHeader::None => {
            Some(FirstLine { text: first.text.clone(), number: first.number })
        }
        _ => next_line(&mut lines)?,
    };
    let row_text = first_row.as_ref().map(|row| row.text.as_str());
    let layout = Layout::resolve(path, &first, row_text, &options.format, &mut tally)?;
    let harmonised = is_harmonised(path, &header, &layout, &first, &mut tally)?;

    let expected = row_text.map_or(0, |row| expected_rows(bytes, row));
    let mut reader = RowReader::new(path, &layout, harmonised, (options.default_effect, tally), expected);
    if let Some(row) = first_row {
        add(path, &mut reader, row.number, &row.text)?;
    }
    while let Some((number, line)) = lines.next_line()? {
        add(path, &mut reader, number, line)?;
    }
    finish(path, header, &layout, reader, lines.notes(), bytes)
}

/// About how many rows a file of so many bytes has, so that columns need not grow; compressed ones have more.
fn expected_rows(bytes: u64, first_row: &str) -> usize {
    const MOST: u64 = 1 << 22;
    (bytes / (first_row.len() as u64 + 1)).min(MOST) as usize
}

/// The first line that is no header line, and the header lines before it.
fn first_line(
    path: &Path,
    lines: &mut LineReader,
    header: &mut HeaderLines,
) -> Result<FirstLine, FormatError> {
    while let Some(FirstLine { text, number }) = next_line(lines)? {
        if !text.starts_with('#') {
            return Ok(FirstLine { text, number });
        }
        if !header.take(path, &text, number)? && names_columns(&text) {
            return Ok(FirstLine { text: text.trim_start_matches('#').to_owned(), number });
        }
    }
    let remedy = "give a file with column names and rows";
    Err(Malformed::new(path, "the file has no column names and no rows", remedy).into())
}

/// Whether a line that starts with `#` names columns, as in plink2's own files.
fn names_columns(text: &str) -> bool {
    let has = |wanted: &[Role]| {
        text.trim_start_matches('#').split_ascii_whitespace().any(|name| match naming(name) {
            Naming::Exact(role) | Naming::Alias(role) => wanted.contains(&role),
            _ => false,
        })
    };
    has(&[Role::EffectAllele]) && has(&[Role::Id, Role::Chromosome])
}

/// The next line that is not blank.
fn next_line(lines: &mut LineReader) -> Result<Option<FirstLine>, FormatError> {
    while let Some((number, line)) = lines.next_line()? {
        if !line.trim_ascii().is_empty() {
            return Ok(Some(FirstLine { text: line.to_owned(), number }));
        }
    }
    Ok(None)
}

/// Whether rows are read at their harmonised positions.
fn is_harmonised(
    path: &Path,
    header: &Header,
    layout: &Layout,
    first: &FirstLine,
    tally: &mut Tally,
) -> Result<bool, FormatError> {
    if header.harmonised.is_none() {
        note_unused_harmonisation(layout, first.number, tally);
        return Ok(false);
    }
    for (role, name) in [(Role::HarmonisedChromosome, "hm_chr"), (Role::HarmonisedPosition, "hm_pos")] {
        if layout.at(role).is_none() {
            let problem = "the header says that the file is harmonised, and this column is missing";
            let remedy = "add the column, or remove the HmPOS_ lines from the header";
            return Err(Malformed::new(path, problem, remedy).line(first.number).field(name).into());
        }
    }
    Ok(true)
}

fn add(path: &Path, reader: &mut RowReader<'_>, number: u64, line: &str) -> Result<(), FormatError> {
    if line.starts_with('#') {
        let problem = "a header line among the rows: two files may have been joined";
        return Err(Malformed::new(path, problem, "give one scoring file per file")
            .line(number)
            .value(line)
            .into());
    }
    if line.trim_ascii().is_empty() { Ok(()) } else { reader.add(number, line) }
}

/// Checks what only the whole file shows, and puts it together.
fn finish(
    path: &Path,
    header: Header,
    layout: &Layout,
    reader: RowReader<'_>,
    mut notes: Vec<crate::FileNote>,
    bytes: u64,
) -> Result<ScoringFile, FormatError> {
    let RowReader { rows, unsupported, keys, mut tally, accession, .. } = reader;
    let row_count = (rows.len() + unsupported.len()) as u64;
    if row_count == 0 {
        let remedy = "give a scoring file with at least one row after the column names";
        return Err(Malformed::new(path, "the file has no variants", remedy).into());
    }
    let duplicates = duplicates::find(&keys, &rows).map_err(|duplicates::Conflict { first_row, row }| {
        let problem =
            format!("the same variant and alleles have another weight on line {}", rows.line[first_row]);
        let malformed = Malformed::new(path, problem, "keep one of the two rows").line(rows.line[row]);
        malformed.field(layout.weight_name()).value(&described(&rows, row))
    })?;
    for duplicate in &duplicates {
        let example = described(&rows, duplicate.row);
        tally.add(NoteKind::DuplicateRows, "rows that repeat an earlier row", duplicate.line, &example);
    }
    if let Some(claimed) = header.variants_number.filter(|&claimed| claimed != row_count) {
        let example = format!("{claimed}, and the file has {row_count}");
        tally.add(NoteKind::Other, "variants_number is not the number of rows", 0, &example);
    }
    let own_name = || header.pgs_id.clone().or_else(|| accession.clone()).unwrap_or_else(|| file_stem(path));
    let columns = layout.scores.iter().map(|name| name.clone().unwrap_or_else(own_name)).collect();
    notes.extend(tally.into_notes(path));
    Ok(ScoringFile { path: path.to_owned(), columns, header, rows, unsupported, duplicates, notes, bytes })
}

/// A row for people: `1:1000 T/C -0.2`.
fn described(rows: &super::ScoringRows, row: usize) -> String {
    let variant = match (&rows.chromosome[row], rows.position[row]) {
        (Some(chromosome), position) if position != 0 => format!("{chromosome}:{position}"),
        _ => rows.id.get(row).to_owned(),
    };
    let weights = match (rows.dosage_weights(row), rows.weights.as_slice()) {
        (Some(weights), _) => format!("{weights:?}"),
        (None, [only]) => only[row].to_string(),
        (None, _) => String::new(),
    };
    format!("{variant} {}/{} {weights}", rows.effect_allele.get(row), rows.other_allele.get(row))
}
