//! Rows by sample, as text.

use std::path::{Path, PathBuf};

use steppe_genome::StringColumn;

use super::{
    Role, Selection,
    header::{Header, Separator, split},
    names,
};
use crate::{FileNote, FormatError, Malformed, text::LineReader};

/// The samples of a file, in its order; no sample is there twice.
#[derive(Debug, Clone)]
pub struct SampleIds {
    /// The file.
    pub path: PathBuf,
    /// Family ids; `None` where the file has sample ids only, which then mean the sample in any family.
    pub family_id: Option<StringColumn>,
    /// Sample ids.
    pub sample_id: StringColumn,
    /// The 1-based line of each.
    pub line: Vec<u64>,
}

impl SampleIds {
    /// How many there are.
    pub fn len(&self) -> usize {
        self.line.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.line.is_empty()
    }

    /// Family id (empty where there is none) and sample id of a row.
    pub(super) fn key(&self, row: usize) -> (&str, &str) {
        let family = self.family_id.as_ref().map_or("", |families| families.get(row));
        (family, self.sample_id.get(row))
    }

    /// Refuses a sample that is there twice, and says both lines.
    fn refuse_duplicates(&self) -> Result<(), FormatError> {
        let mut order: Vec<usize> = (0..self.len()).collect();
        order.sort_by(|&one, &other| self.key(one).cmp(&self.key(other)));
        // The sort is stable: of equal keys the earlier row comes first.
        let repeated = order.windows(2).filter(|pair| self.key(pair[0]) == self.key(pair[1]));
        let Some(pair) = repeated.min_by_key(|pair| pair[1]) else { return Ok(()) };
        let problem = format!("the sample is also on line {}", self.line[pair[0]]);
        Err(Malformed::new(&self.path, problem, "keep one row per sample")
            .line(self.line[pair[1]])
            .field("sample id")
            .into())
    }
}

/// One column as the file has it.
#[derive(Debug, Clone)]
pub struct TextColumn {
    /// Its name.
    pub name: String,
    /// One value per row; empty where a comma-separated file has nothing.
    pub values: StringColumn,
}

/// Columns of text by sample, for `--split`, `--population`, `--weights` and the like.
#[derive(Debug, Clone)]
pub struct SampleTable {
    /// The file.
    pub path: PathBuf,
    /// Its samples.
    pub samples: SampleIds,
    /// The columns that were asked for, in that order.
    pub columns: Vec<TextColumn>,
    /// What is odd about the file.
    pub notes: Vec<FileNote>,
}

/// Reads columns of text by sample (plain, gzip or zstd), laid out as phenotype files are.
///
/// # Errors
/// Those of [`super::read_phenotypes`], other than of values.
pub fn read_sample_table<S: AsRef<str>>(
    path: &Path,
    names: impl IntoIterator<Item = S>,
) -> Result<SampleTable, FormatError> {
    read(path, &Selection::names(names), Role::Phenotype)
}

/// Where the selected columns stand among the named ones.
fn places(path: &Path, header: &Header, selection: &Selection) -> Result<Vec<usize>, FormatError> {
    let Selection::Named(requests) = selection else { return Ok((0..header.names.len()).collect()) };
    let mut places = Vec::with_capacity(requests.len());
    for request in requests {
        let place = names::find(path, &header.names, &request.name)?;
        if places.contains(&place) {
            let remedy = "name every column once";
            return Err(Malformed::new(path, "the column is asked for twice", remedy)
                .value(&request.name)
                .into());
        }
        places.push(place);
    }
    Ok(places)
}

/// Reads the selected columns.
pub(super) fn read(path: &Path, selection: &Selection, role: Role) -> Result<SampleTable, FormatError> {
    let mut lines = LineReader::open(path)?;
    let mut reading: Option<(Header, Rows)> = None;
    while let Some((line, text)) = lines.next_row()? {
        match &mut reading {
            None if text.starts_with("##") => {}
            None => {
                let header = Header::read(path, line, text, role)?;
                let mut rows = Rows::new(path, &header, places(path, &header, selection)?);
                if !header.is_line {
                    rows.push(&header, line, text)?;
                }
                reading = Some((header, rows));
            }
            Some((header, rows)) => rows.push(header, line, text)?,
        }
    }
    let Some((_, rows)) = reading.filter(|(_, rows)| !rows.samples.is_empty()) else {
        return Err(Malformed::new(path, "the file has no samples", super::header::REMEDY).into());
    };
    rows.samples.refuse_duplicates()?;
    Ok(SampleTable {
        path: path.to_owned(),
        samples: rows.samples,
        columns: rows.columns,
        notes: lines.notes(),
    })
}

/// The rows so far.
struct Rows {
    samples: SampleIds,
    columns: Vec<TextColumn>,
    /// Where each column stands in a row.
    cells: Vec<usize>,
}

impl Rows {
    fn new(path: &Path, header: &Header, places: Vec<usize>) -> Self {
        let column =
            |&place: &usize| TextColumn { name: header.names[place].clone(), values: StringColumn::new() };
        Self {
            samples: SampleIds {
                path: path.to_owned(),
                family_id: header.has_family.then(StringColumn::new),
                sample_id: StringColumn::new(),
                line: Vec::new(),
            },
            columns: places.iter().map(column).collect(),
            cells: places.into_iter().map(|place| place + header.id_columns).collect(),
        }
    }

    fn push(&mut self, header: &Header, line: u64, text: &str) -> Result<(), FormatError> {
        let path = &self.samples.path;
        let mut cells = Vec::with_capacity(header.columns());
        split(path, line, text, header.separator, &mut cells)?;
        if cells.len() != header.columns() {
            let of = if header.is_line { "the header" } else { "the first row" };
            let problem = format!("the row has {} columns, and {of} {}", cells.len(), header.columns());
            let remedy = match header.separator {
                Separator::Blanks => "write NA where there is no value, and no blanks within a value",
                Separator::Comma => "write one value, or nothing, per column",
            };
            return Err(Malformed::new(path, problem, remedy).line(line).into());
        }
        let sample = cells[usize::from(header.has_family)];
        if sample.is_empty() || sample == "0" {
            let problem = "this is no sample id";
            let remedy = "give every sample an id of its own other than 0";
            let refused = Malformed::new(path, problem, remedy).line(line).field("sample id");
            return Err(refused.value(sample).into());
        }
        if let Some(families) = &mut self.samples.family_id {
            families.push(cells[0]);
        }
        self.samples.sample_id.push(sample);
        self.samples.line.push(line);
        for (column, &cell) in self.columns.iter_mut().zip(&self.cells) {
            column.values.push(cells[cell]);
        }
        Ok(())
    }
}
