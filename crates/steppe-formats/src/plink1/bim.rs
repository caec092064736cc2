mod five_columns;
mod id_hashes;
mod oddities;
mod position;

use std::path::{Path, PathBuf};

use steppe_genome::Chromosome;

use self::{five_columns::Evidence, oddities::Oddities, position::Position};
use crate::{
    FileNote, FormatError, Malformed,
    text::{Fields, LineReader},
};

/// Columns of a .bim with the centimorgan column.
const COLUMNS: usize = 6;

/// One variant of a .bim.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BimRecord {
    /// Column 1.
    pub chromosome: Chromosome,
    /// Column 2; `.` where there is none.
    pub id: String,
    /// The 1-based position, at most 2,147,483,646; 0 where the file has 0 or a negative number.
    pub position: u32,
    /// A1, the counted allele (plink2's ALT).
    pub allele1: String,
    /// A2, the other allele (plink2's REF).
    pub allele2: String,
}

impl Default for BimRecord {
    /// An unplaced variant without a name, to be read into.
    fn default() -> Self {
        Self {
            chromosome: Chromosome::Unplaced,
            id: String::new(),
            position: 0,
            allele1: String::new(),
            allele2: String::new(),
        }
    }
}

/// Reads the variants of a .bim one by one (plain, gzip or zstd; columns separated by blanks).
///
/// A .bim has six columns: chromosome, id, centimorgans, position, A1, A2. The form without centimorgans has five,
/// as has a .bim that lost a column; it is read only when the whole file shows that it is the former, so the last
/// call, at the end of the file, can still refuse it.
///
/// Memory does not grow with the file but for the check of duplicate ids: 16 bytes an id, for the first 16,777,216
/// ids; [`Self::without_duplicate_check`] does without.
pub struct BimReader {
    path: PathBuf,
    lines: LineReader,
    layout: Option<Layout>,
    oddities: Oddities,
    /// The last chromosome's text and meaning: a chromosome is parsed once, not once a variant.
    chromosome: (String, Chromosome),
    variants: u64,
    /// Nothing more comes: the end was reached, or an error was given.
    ended: bool,
}

/// Which columns the file has; the first row tells.
enum Layout {
    Six,
    Five(Evidence),
}

/// The columns of one row.
struct Row<'a> {
    chromosome: &'a str,
    id: &'a str,
    position: Position,
    allele1: &'a str,
    allele2: &'a str,
}

/// Opens a .bim.
///
/// # Errors
/// The file can not be opened, or is UTF-16.
pub fn open_bim(path: &Path) -> Result<BimReader, FormatError> {
    Ok(BimReader {
        path: path.to_owned(),
        lines: LineReader::open(path)?,
        layout: None,
        oddities: Oddities::new(path),
        chromosome: (String::new(), Chromosome::Unplaced),
        variants: 0,
        ended: false,
    })
}

impl BimReader {
    /// Does not look for duplicate ids, which saves their memory.
    #[must_use]
    pub fn without_duplicate_check(mut self) -> Self {
        self.oddities.forget_ids();
        self
    }

    /// The 1-based line of the last record; 0 before the first.
    pub fn line(&self) -> u64 {
        self.lines.line()
    }

    /// How many variants were read.
    pub fn variants(&self) -> u64 {
        self.variants
    }

    /// What is odd about the file, as far as it was read; duplicate ids are known at its end.
    pub fn notes(&self) -> Vec<FileNote> {
        let mut notes = self.lines.notes();
        notes.extend(self.oddities.notes());
        notes
    }

    /// Reads the next variant into `record`, whose buffers are used again; `false` after the last.
    ///
    /// # Errors
    /// The file can not be read, is not UTF-8 text, or has no variants; a row has another number of columns than
    /// the first, a position or centimorgan that is none; five columns that are not surely those without
    /// centimorgans. After an error nothing more is read.
    pub fn read_into(&mut self, record: &mut BimRecord) -> Result<bool, FormatError> {
        if self.ended {
            return Ok(false);
        }
        let more = self.read_next(record);
        self.ended = !matches!(more, Ok(true));
        more
    }

    fn read_next(&mut self, record: &mut BimRecord) -> Result<bool, FormatError> {
        let path = self.path.as_path();
        let Some((line, text)) = self.lines.next_row()? else {
            return self.check_end().map(|()| false);
        };
        let fields = Fields::<COLUMNS>::split(path, line, text)?;
        let layout = match &mut self.layout {
            Some(layout) => layout,
            unknown => unknown.insert(layout_of(path, line, text, fields.count)?),
        };
        let row = layout.row(path, line, text, &fields)?;
        if row.chromosome != self.chromosome.0 {
            self.chromosome = (row.chromosome.to_owned(), Chromosome::parse(row.chromosome));
        }
        record.chromosome.clone_from(&self.chromosome.1);
        record.position = row.position.value;
        for (buffer, text) in
            [(&mut record.id, row.id), (&mut record.allele1, row.allele1), (&mut record.allele2, row.allele2)]
        {
            buffer.clear();
            buffer.push_str(text);
        }
        self.oddities.look(line, record, row.position);
        self.variants += 1;
        Ok(true)
    }

    /// What only the end of the file shows.
    fn check_end(&mut self) -> Result<(), FormatError> {
        match &self.layout {
            None => {
                let remedy = "give the fileset's .bim";
                return Err(Malformed::new(&self.path, "the file has no variants", remedy).into());
            }
            Some(Layout::Six) => {}
            Some(Layout::Five(evidence)) => {
                evidence.check(&self.path)?;
                self.oddities.no_centimorgan_column(self.variants);
            }
        }
        self.oddities.finish();
        Ok(())
    }
}

impl Iterator for BimReader {
    type Item = Result<BimRecord, FormatError>;

    fn next(&mut self) -> Option<Self::Item> {
        let mut record = BimRecord::default();
        self.read_into(&mut record).map(|more| more.then_some(record)).transpose()
    }
}

fn layout_of(path: &Path, line: u64, text: &str, columns: usize) -> Result<Layout, FormatError> {
    if text.starts_with('#') {
        let remedy = "give a .bim without a header: plink2 --make-bed writes one";
        return Err(Malformed::new(path, "the file has a header line, as a plink2 .pvar", remedy)
            .line(line)
            .value(text)
            .into());
    }
    match columns {
        COLUMNS => Ok(Layout::Six),
        five_columns::COLUMNS => Ok(Layout::Five(Evidence::default())),
        _ => Err(wrong_columns(path, line, text, columns, COLUMNS)),
    }
}

impl Layout {
    /// The columns of a row, checked.
    fn row<'a>(
        &mut self,
        path: &Path,
        line: u64,
        text: &str,
        fields: &Fields<'a, COLUMNS>,
    ) -> Result<Row<'a>, FormatError> {
        let [chromosome, id, third, fourth, fifth, sixth] = fields.values;
        match self {
            Self::Six => {
                if fields.count != COLUMNS {
                    return Err(wrong_columns(path, line, text, fields.count, COLUMNS));
                }
                check_centimorgan(path, line, third)?;
                let position = parse_position(path, line, fourth)?;
                Ok(Row { chromosome, id, position, allele1: fifth, allele2: sixth })
            }
            Self::Five(evidence) => {
                if fields.count != five_columns::COLUMNS {
                    return Err(wrong_columns(path, line, text, fields.count, five_columns::COLUMNS));
                }
                five_columns::check_row(path, line, text, [third, fourth, fifth])?;
                let position = parse_position(path, line, third)?;
                evidence.add(id, position, [fourth, fifth]);
                Ok(Row { chromosome, id, position, allele1: fourth, allele2: fifth })
            }
        }
    }
}

fn check_centimorgan(path: &Path, line: u64, text: &str) -> Result<(), FormatError> {
    if text == "0" || text.parse::<f64>().is_ok_and(f64::is_finite) {
        return Ok(());
    }
    let remedy = "write a number, 0 where it is not known; the columns are chromosome, id, centimorgans, position, A1, A2";
    Err(Malformed::new(path, "this is no number of centimorgans", remedy)
        .line(line)
        .field("centimorgans")
        .value(text)
        .into())
}

fn parse_position(path: &Path, line: u64, text: &str) -> Result<Position, FormatError> {
    position::parse(text).map_err(|problem| {
        let remedy = "write a whole number from 1 to 2147483646, 0 where it is not known";
        Malformed::new(path, problem, remedy).line(line).field("position").value(text).into()
    })
}

fn wrong_columns(path: &Path, line: u64, text: &str, found: usize, expected: usize) -> FormatError {
    let problem = format!("the row has {found} columns, not {expected}");
    let remedy =
        "a .bim has chromosome, id, centimorgans, position, A1 and A2 in every row, separated by blanks";
    Malformed::new(path, problem, remedy).line(line).value(text).into()
}

#[cfg(test)]
mod tests;
