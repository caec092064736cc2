use std::path::Path;

use crate::{FormatError, Malformed, text::Fields};

/// More columns than plink2 writes with every one of them asked for.
const MOST: usize = 32;

pub(super) const REMEDY: &str =
    "give a file of plink2 --freq, with columns #CHROM ID REF ALT ALT_FREQS OBS_CT";

/// Where the columns that are used stand.
#[derive(Debug)]
pub(super) struct Columns {
    count: usize,
    id: usize,
    reference: usize,
    alternates: usize,
    frequencies: usize,
}

/// What is used of one row.
pub(super) struct Row<'a> {
    pub(super) id: &'a str,
    pub(super) reference: &'a str,
    /// ALT: alleles separated by commas.
    pub(super) alternates: &'a str,
    /// ALT_FREQS: one number per allele of ALT.
    pub(super) frequencies: &'a str,
}

impl Row<'_> {
    /// Whether plink2 had no genotypes to count.
    pub(super) fn is_unknown(&self) -> bool {
        self.frequencies.split(',').all(|text| text.eq_ignore_ascii_case("nan"))
    }
}

impl Columns {
    /// Finds the columns in the line of their names.
    pub(super) fn of_header(path: &Path, line: u64, text: &str) -> Result<Self, FormatError> {
        let refuse =
            |problem: String| FormatError::from(Malformed::new(path, problem, REMEDY).line(line).value(text));
        if !text.starts_with('#') {
            return Err(refuse("the header line is missing".to_owned()));
        }
        let fields = Fields::<MOST>::split(path, line, &text[1..])?;
        if fields.count > MOST {
            return Err(refuse(format!("the header has {} columns, more than {MOST}", fields.count)));
        }
        let find = |name: &str| {
            let mut places = fields.values.iter().enumerate().filter(|(_, value)| **value == name);
            match (places.next(), places.next()) {
                (Some((place, _)), None) => Ok(place),
                (None, _) => Err(refuse(format!("the column {name} is missing"))),
                (Some(_), Some(_)) => Err(refuse(format!("the column {name} is there twice"))),
            }
        };
        Ok(Self {
            count: fields.count,
            id: find("ID")?,
            reference: find("REF")?,
            alternates: find("ALT")?,
            frequencies: find("ALT_FREQS")?,
        })
    }

    /// The columns of one row.
    pub(super) fn row<'a>(&self, path: &Path, line: u64, text: &'a str) -> Result<Row<'a>, FormatError> {
        let Fields { count, values } = Fields::<MOST>::split(path, line, text)?;
        if count != self.count {
            let problem = format!("the row has {count} columns, and the header {}", self.count);
            return Err(Malformed::new(path, problem, REMEDY).line(line).value(text).into());
        }
        Ok(Row {
            id: values[self.id],
            reference: values[self.reference],
            alternates: values[self.alternates],
            frequencies: values[self.frequencies],
        })
    }
}
