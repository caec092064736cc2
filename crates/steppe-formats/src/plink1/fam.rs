use std::{
    collections::{HashMap, hash_map::Entry},
    path::Path,
};

use steppe_genome::Sex;

use crate::{
    FileNote, FormatError, Malformed, NoteKind,
    note::NoteTally,
    text::{Fields, LineReader},
};

/// Columns of a .fam.
const COLUMNS: usize = 6;

/// One sample of a .fam.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FamRecord {
    /// Column 1; `0` where there is no family.
    pub family_id: String,
    /// Column 2, never `0`.
    pub sample_id: String,
    /// Column 3; `0` where the father is not known.
    pub father_id: String,
    /// Column 4; `0` where the mother is not known.
    pub mother_id: String,
    /// Column 5.
    pub sex: Sex,
    /// Column 6 as the file has it.
    pub phenotype: String,
}

impl FamRecord {
    /// Whether the sample is a founder as plink2 counts them: both parents are `0`. A parent's id makes a
    /// non-founder also where no such sample is in the file. `plink2 --bfile p --freq counts`, on a .fam
    /// of `f a 0 0 1 1`, `f b 0 0 2 1`, `f c zz 0 1 1` and `f d a 0 2 1`, says "2 founders".
    pub fn is_founder(&self) -> bool {
        self.father_id == "0" && self.mother_id == "0"
    }
}

/// All samples of a .fam, in the file's order.
#[derive(Debug, Clone)]
pub struct FamTable {
    /// The samples.
    pub records: Vec<FamRecord>,
    /// What is odd about the file.
    pub notes: Vec<FileNote>,
}

/// Reads a .fam (plain, gzip or zstd): six columns separated by blanks, no header.
///
/// # Errors
/// The file can not be read, is not UTF-8 text, has no samples; a row has another number of columns, the sample id
/// `0`, or the family and sample id of an earlier row.
pub fn read_fam(path: &Path) -> Result<FamTable, FormatError> {
    let mut lines = LineReader::open(path)?;
    let mut notes = NoteTally::new(path);
    let mut records = Vec::new();
    while let Some((line, text)) = lines.next_row()? {
        let record = parse(path, line, text)?;
        note_oddities(&mut notes, line, text, &record);
        records.push(record);
    }
    if records.is_empty() {
        return Err(Malformed::new(path, "the file has no samples", "give the fileset's .fam").into());
    }
    refuse_duplicates(path, &records)?;
    let mut all = lines.notes();
    all.extend(notes.to_notes());
    Ok(FamTable { records, notes: all })
}

fn parse(path: &Path, line: u64, text: &str) -> Result<FamRecord, FormatError> {
    let fields = Fields::<COLUMNS>::split(path, line, text)?;
    let [family_id, sample_id, father_id, mother_id, sex, phenotype] = fields.values;
    if family_id.starts_with('#') && line == 1 {
        let remedy = "give a .fam without a header: plink2 --make-bed writes one";
        return Err(Malformed::new(path, "the file has a header line, as a plink2 .psam", remedy)
            .line(1)
            .value(text)
            .into());
    }
    if fields.count != COLUMNS {
        let problem = format!("the row has {} columns, not {COLUMNS}", fields.count);
        let remedy =
            "a .fam has family id, sample id, father, mother, sex and phenotype, separated by blanks";
        return Err(Malformed::new(path, problem, remedy).line(line).value(text).into());
    }
    if sample_id == "0" {
        let remedy = "give every sample an id of its own other than 0";
        return Err(Malformed::new(path, "0 is no sample id", remedy)
            .line(line)
            .field("sample id")
            .value(sample_id)
            .into());
    }
    Ok(FamRecord {
        family_id: family_id.to_owned(),
        sample_id: sample_id.to_owned(),
        father_id: father_id.to_owned(),
        mother_id: mother_id.to_owned(),
        sex: Sex::from_plink(sex),
        phenotype: phenotype.to_owned(),
    })
}

fn note_oddities(notes: &mut NoteTally, line: u64, text: &str, record: &FamRecord) {
    if !text.is_ascii() {
        let ids = || format!("{} {}", record.family_id, record.sample_id);
        notes.add(NoteKind::NonAsciiIds, line, ids);
    }
    if record.sex == Sex::Unknown {
        notes.add(NoteKind::UnknownSex, line, || format!("sample {}", record.sample_id));
    }
    if !is_usual_phenotype(&record.phenotype) {
        notes.add(NoteKind::OddPhenotypes, line, || format!("phenotype {}", record.phenotype));
    }
}

/// A finite number, which the missing codes -9 and 0 are too, or `NA` and `nan`.
fn is_usual_phenotype(text: &str) -> bool {
    ["NA", "nan"].iter().any(|missing| text.eq_ignore_ascii_case(missing))
        || text.parse::<f64>().is_ok_and(f64::is_finite)
}

fn refuse_duplicates(path: &Path, records: &[FamRecord]) -> Result<(), FormatError> {
    let mut rows = HashMap::with_capacity(records.len());
    for (row, record) in records.iter().enumerate() {
        match rows.entry((record.family_id.as_str(), record.sample_id.as_str())) {
            Entry::Vacant(entry) => {
                entry.insert(row);
            }
            Entry::Occupied(entry) => {
                // Rows are lines: blank lines can only stand at the end.
                let problem = format!("the sample is also on line {}", entry.get() + 1);
                let remedy = "give every sample a family and sample id of its own, or remove the copy";
                return Err(Malformed::new(path, problem, remedy)
                    .line(row as u64 + 1)
                    .field("sample id")
                    .value(&format!("{} {}", record.family_id, record.sample_id))
                    .into());
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<FamTable, String> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.fam");
        std::fs::write(&path, text).unwrap();
        read_fam(&path).map_err(|error| error.to_string())
    }

    #[test]
    fn founders_have_no_parents_at_all() {
        let table = read("f a 0 0 1 1\nf b 0 0 2 1\nf c zz 0 1 1\nf d a 0 2 1\n").unwrap();
        let founders: Vec<bool> = table.records.iter().map(FamRecord::is_founder).collect();
        assert_eq!(founders, [true, true, false, false]);
        assert!(table.notes.is_empty());
    }

    #[test]
    fn oddities_are_noted_with_their_first_line() {
        let table = read("f a 0 0 1 -9\nf é 0 0 3 red\n0 c\t0  0 0 inf\n\n").unwrap();
        let notes: Vec<_> = table.notes.iter().map(|note| (note.kind, note.count, note.first_line)).collect();
        assert_eq!(
            notes,
            [(NoteKind::NonAsciiIds, 1, 2), (NoteKind::OddPhenotypes, 2, 2), (NoteKind::UnknownSex, 2, 2)]
        );
        assert_eq!(table.records[2].phenotype, "inf");
    }

    #[test]
    fn broken_rows_are_refused() {
        for (text, message) in [
            ("", "no samples"),
            ("f a 0 0 1\n", "x.fam:1: the row has 5 columns"),
            ("f a 0 0 1 1\nf b 0 0 1 1 1\n", "x.fam:2: the row has 7 columns"),
            ("f 0 0 0 1 1\n", "sample id: 0 is no sample id"),
            ("f a 0 0 1 1\nf b 0 0 1 1\nf a 0 0 2 1\n", "x.fam:3: sample id: the sample is also on line 1"),
            ("f a 0 0 1 1\n\nf b 0 0 1 1\n", "x.fam:2: a blank line"),
            ("#FID IID PAT MAT SEX PHENO1\n", "header"),
        ] {
            let error = read(text).unwrap_err();
            assert!(error.contains(message), "{error}");
        }
        assert_eq!(read("f a 0 0 1 1\ng a 0 0 1 1\n").unwrap().records.len(), 2);
    }
}
