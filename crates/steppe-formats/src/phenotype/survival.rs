//! Times to an event, in two columns.

use std::path::Path;

use super::{
    BinaryCoding, ColumnRequest, Join, Kind, PhenotypeOptions, SampleIds, Selection, Values, read_phenotypes,
};
use crate::{FileNote, FormatError, Malformed};

/// A survival trait: follow-up times, and whether they end with the event.
#[derive(Debug, Clone)]
pub struct Survival {
    /// The samples.
    pub samples: SampleIds,
    /// Time above 0 and whether it ends with the event (else it is censored); `None` where either is missing.
    pub values: Vec<Option<(f64, bool)>>,
    /// How many are missing.
    pub missing: u64,
    /// What is odd about the file.
    pub notes: Vec<FileNote>,
}

impl Survival {
    /// The values in the order of the cohort's samples.
    pub fn joined(&self, join: &Join) -> Vec<Option<(f64, bool)>> {
        join.take(&self.values)
    }
}

/// Reads a survival trait from its column of times and its column of events (snpnet's `time` and `status`), with 0 for
/// censored and 1 for the event, or 1 and 2 by `coding`.
///
/// # Errors
/// Those of [`read_phenotypes`]; a time that is not above 0; another code of an event.
pub fn read_survival(
    path: &Path,
    time: &str,
    event: &str,
    coding: BinaryCoding,
    missing_code: f64,
) -> Result<Survival, FormatError> {
    let request = |name: &str, kind| ColumnRequest { name: name.to_owned(), kind };
    let selection =
        Selection::Named(vec![request(time, Kind::Quantitative), request(event, Kind::Binary(coding))]);
    let options = PhenotypeOptions { selection, missing_code, ..PhenotypeOptions::default() };
    let table = read_phenotypes(path, &options)?;
    let mut values = Vec::with_capacity(table.samples.len());
    if let [Values::Quantitative(times), Values::Binary(events)] =
        [&table.columns[0].values, &table.columns[1].values]
    {
        for (row, (time_of, event_of)) in times.iter().zip(events).enumerate() {
            if let Some(bad) = time_of.filter(|value| *value <= 0.0) {
                let refused = Malformed::new(path, "the time is not above 0", "give times above 0, or NA");
                let refused = refused.line(table.samples.line[row]).field(time).value(&bad.to_string());
                return Err(refused.into());
            }
            values.push(time_of.zip(*event_of));
        }
    }
    let missing = values.iter().filter(|value| value.is_none()).count() as u64;
    Ok(Survival { samples: table.samples, values, missing, notes: table.notes })
}
