//! A file's rows to the cohort's samples.

use std::collections::HashMap;

use super::SampleIds;
use crate::{FormatError, Malformed};

/// Which ids say that a row means a sample.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum SampleKey {
    /// Family and sample id where the file has both, else the sample id.
    #[default]
    AsFile,
    /// The sample id alone.
    SampleId,
}

/// Which row of a file each sample of the cohort has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Join {
    /// One per sample of the cohort.
    pub row: Vec<Option<usize>>,
    /// How many samples of the cohort have a row.
    pub matched: u64,
    /// How many samples of the cohort have none.
    pub samples_without_row: u64,
    /// How many rows mean no sample of the cohort.
    pub rows_without_sample: u64,
}

impl Join {
    /// Values by row to values by sample.
    pub fn take<T: Copy>(&self, values: &[Option<T>]) -> Vec<Option<T>> {
        self.row.iter().map(|row| row.and_then(|row| values.get(row).copied().flatten())).collect()
    }
}

impl SampleIds {
    /// Finds the row of each sample of a cohort, given by family and sample id. Rows of samples that the cohort does
    /// not have are counted.
    ///
    /// # Errors
    /// No row means any sample; by sample id alone, a row means several samples, or several rows one.
    pub fn join<'c>(
        &self,
        cohort: impl Iterator<Item = (&'c str, &'c str)> + Clone,
        key: SampleKey,
    ) -> Result<Join, FormatError> {
        let by_family = self.family_id.is_some() && key == SampleKey::AsFile;
        let key_of = |family, sample| (if by_family { family } else { "" }, sample);
        let mut rows: HashMap<(&str, &str), usize> = HashMap::with_capacity(self.len());
        let mut repeated: HashMap<(&str, &str), usize> = HashMap::new();
        for row in 0..self.len() {
            let (family, sample) = self.key(row);
            if let Some(before) = rows.insert(key_of(family, sample), row) {
                repeated.insert(key_of(family, sample), before);
            }
        }
        let mut taken = vec![false; self.len()];
        let mut row_of = Vec::new();
        for (family, sample) in cohort.clone() {
            let key = key_of(family, sample);
            let row = rows.get(&key).copied();
            if let Some(row) = row {
                if let Some(&before) = repeated.get(&key) {
                    return Err(self.two_rows(before, row));
                }
                if std::mem::replace(&mut taken[row], true) {
                    return Err(self.two_samples(row));
                }
            }
            row_of.push(row);
        }
        let matched = taken.iter().filter(|taken| **taken).count() as u64;
        if matched == 0 && !row_of.is_empty() {
            return Err(self.no_overlap(cohort, by_family));
        }
        Ok(Join {
            matched,
            samples_without_row: row_of.len() as u64 - matched,
            rows_without_sample: self.len() as u64 - matched,
            row: row_of,
        })
    }

    #[cold]
    fn two_rows(&self, first: usize, second: usize) -> FormatError {
        let problem = format!(
            "by sample id alone, lines {} and {} mean the same sample",
            self.line[first], self.line[second]
        );
        Malformed::new(&self.path, problem, "join by family and sample id, or keep one of the rows")
            .line(self.line[second])
            .field("sample id")
            .into()
    }

    #[cold]
    fn two_samples(&self, row: usize) -> FormatError {
        let problem =
            "by sample id alone, the row means several samples of the cohort, in different families";
        Malformed::new(&self.path, problem, "give a #FID column too")
            .line(self.line[row])
            .field("sample id")
            .into()
    }

    #[cold]
    fn no_overlap<'c>(
        &self,
        cohort: impl Iterator<Item = (&'c str, &'c str)>,
        by_family: bool,
    ) -> FormatError {
        let samples: std::collections::HashSet<&str> = self.sample_id.iter().collect();
        let alone = cohort.filter(|(_, sample)| samples.contains(sample)).count();
        let remedy = if by_family && alone > 0 {
            format!(
                "{alone} of the cohort's samples are there by sample id alone: leave out the family ids, or write the \
                 cohort's"
            )
        } else {
            "give the file of this cohort; ids are compared letter by letter".to_owned()
        };
        let problem = format!("none of the {} rows means a sample of the cohort", self.len());
        Malformed::new(&self.path, problem, remedy).into()
    }
}
