//! Columns by sample that are neither traits nor covariates: split, population, weights.

use steppe_engine::EngineError;
use steppe_formats::{
    Malformed,
    phenotype::{Join, SampleKey, SampleTable as FileTable, read_sample_table},
};
use steppe_store::SampleTable;

use super::{inputs::Inputs, options::SampleColumn};

/// Family and sample id of each sample of a cohort.
pub(super) fn ids(samples: &SampleTable) -> impl Iterator<Item = (&str, &str)> + Clone {
    (0..samples.len()).map(|index| (samples.family_id.get(index), samples.sample_id.get(index)))
}

/// One column of text, by the cohort's samples.
#[derive(Debug)]
pub(super) struct TextBySample {
    table: FileTable,
    join: Join,
}

impl TextBySample {
    /// Reads the column.
    pub(super) fn read(
        role: &str,
        column: &SampleColumn,
        samples: &SampleTable,
        inputs: &mut Inputs,
    ) -> Result<Self, EngineError> {
        inputs.add(role, &column.file)?;
        let table = read_sample_table(&column.file, [&column.column])?;
        inputs.note(&table.notes);
        let join = table.samples.join(ids(samples), SampleKey::AsFile)?;
        Ok(Self { table, join })
    }

    /// The value of a sample; `None` without a row, or where it is empty, `NA` or `nan`.
    pub(super) fn get(&self, sample: usize) -> Option<&str> {
        let text = self.table.columns.first()?.values.get(self.join.row[sample]?);
        let missing = text.is_empty() || text.eq_ignore_ascii_case("NA") || text.eq_ignore_ascii_case("nan");
        (!missing).then_some(text)
    }

    /// Refuses the value of a sample, and says where it stands.
    pub(super) fn refuse(&self, sample: usize, problem: &str, remedy: &str) -> EngineError {
        let mut malformed = Malformed::new(&self.table.path, problem, remedy);
        if let Some(row) = self.join.row[sample] {
            malformed = malformed.line(self.table.samples.line[row]);
        }
        if let Some(column) = self.table.columns.first() {
            malformed = malformed.field(&column.name);
        }
        if let Some(value) = self.get(sample) {
            malformed = malformed.value(value);
        }
        EngineError::Format(malformed.into())
    }

    /// The values as weights: finite, 0 or more.
    pub(super) fn weight(&self, sample: usize) -> Result<Option<f64>, EngineError> {
        let Some(text) = self.get(sample) else { return Ok(None) };
        match text.parse::<f64>() {
            Ok(weight) if weight.is_finite() && weight >= 0.0 => Ok(Some(weight)),
            _ => {
                let remedy = "give a number of 0 or more, or NA to leave the sample out";
                Err(self.refuse(sample, "this is no sample weight", remedy))
            }
        }
    }
}

/// A column of numbers by sample; NaN where it is missing.
pub(super) fn numbers(
    role: &str,
    column: &SampleColumn,
    samples: &SampleTable,
    inputs: &mut Inputs,
) -> Result<Vec<f64>, EngineError> {
    let read = TextBySample::read(role, column, samples, inputs)?;
    let value = |sample| match read.get(sample) {
        None => Ok(f64::NAN),
        Some(text) => text.parse::<f64>().ok().filter(|value| value.is_finite()).ok_or_else(|| {
            read.refuse(sample, "it is no number", "give numbers, and NA where there is none")
        }),
    };
    (0..samples.len()).map(value).collect()
}
