//! Covariates, by the cohort's samples.

use steppe_engine::EngineError;
use steppe_formats::phenotype::{
    Column, ColumnRequest, Join, Kind, PhenotypeOptions, SampleKey, Selection, read_phenotypes,
};
use steppe_store::SampleTable;

use super::{columns::ids, inputs::Inputs, options::CovariateOptions};

/// The covariates of a file.
#[derive(Debug)]
pub(super) struct Covariates {
    columns: Vec<Column>,
    join: Join,
    /// Whether each sample of the cohort has them all.
    pub(super) complete: Vec<bool>,
}

/// A covariate as numbers, one per sample that takes part; NaN where it is missing.
#[derive(Debug, Clone)]
pub(super) struct Covariate {
    pub(super) name: String,
    pub(super) values: Vec<f64>,
}

impl Covariates {
    /// Reads the columns. `reserved` are columns of the file that other options name: no covariates unless named as such.
    pub(super) fn read(
        options: &CovariateOptions,
        missing_code: f64,
        reserved: &[&str],
        samples: &SampleTable,
        inputs: &mut Inputs,
    ) -> Result<Self, EngineError> {
        inputs.add("covariates", &options.file)?;
        let read = |selection| {
            let kinds = PhenotypeOptions { selection, missing_code, ..PhenotypeOptions::covariates() };
            read_phenotypes(&options.file, &kinds)
        };
        let requests = |names: &[String]| {
            let kind = |name: &String| {
                if options.categorical.contains(name) { Kind::Categorical } else { Kind::Detect }
            };
            let request = |name: &String| ColumnRequest { name: name.clone(), kind: kind(name) };
            Selection::Named(names.iter().map(request).collect())
        };
        let mut table =
            if options.names.is_empty() { read(Selection::All)? } else { read(requests(&options.names))? };
        if options.names.is_empty() {
            table.columns.retain(|column| !reserved.contains(&column.name.as_str()));
        }
        let names: Vec<String> = table.columns.iter().map(|column| column.name.clone()).collect();
        if let Some(unknown) = options.categorical.iter().find(|name| !names.contains(name)) {
            return Err(EngineError::refused(
                format!("{}: {unknown:?} is to be a category and is no covariate", options.file.display()),
                format!("the covariates are {}", names.join(", ")),
            ));
        }
        if options.names.is_empty() && !options.categorical.is_empty() {
            table = read(requests(&names))?;
        }
        inputs.note(&table.notes);
        let join = table.samples.join(ids(samples), SampleKey::AsFile)?;
        let mut complete: Vec<bool> = join.row.iter().map(Option::is_some).collect();
        for column in &table.columns {
            let present: Vec<bool> = column.is_present().collect();
            for (complete, row) in complete.iter_mut().zip(&join.row) {
                *complete &= row.is_some_and(|row| present[row]);
            }
        }
        Ok(Self { columns: table.columns, join, complete })
    }

    /// Whether a sample of the cohort has a row.
    pub(super) fn has_row(&self, sample: usize) -> bool {
        self.join.row[sample].is_some()
    }

    /// The covariates of some samples of the cohort: categories as indicators of all that occur but the first.
    pub(super) fn of(&self, samples: &[u32]) -> Vec<Covariate> {
        let row = samples.iter().map(|sample| self.join.row[*sample as usize]).collect();
        let join = Join {
            row,
            matched: samples.len() as u64,
            samples_without_row: 0,
            rows_without_sample: self.join.rows_without_sample,
        };
        let number = |value: &Option<f64>| value.unwrap_or(f64::NAN);
        let designs = self.columns.iter().flat_map(|column| column.joined(&join).design());
        designs
            .map(|design| Covariate { name: design.name, values: design.values.iter().map(number).collect() })
            .collect()
    }
}
