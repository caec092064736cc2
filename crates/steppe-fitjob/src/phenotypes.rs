//! The traits of a job, by the cohort's samples.

use steppe_engine::EngineError;
use steppe_formats::phenotype::{
    BinaryCoding, Column, ColumnRequest, Join, Kind, PhenotypeOptions, SampleKey, Selection, Values,
    read_phenotypes, read_survival,
};
use steppe_store::SampleTable;

use super::{
    columns::ids,
    inputs::Inputs,
    options::{Family, PhenotypeSource},
};

/// The values of a trait, one per sample of the cohort; `None` where missing.
#[derive(Debug, Clone)]
pub(super) enum TraitValues {
    Gaussian(Vec<Option<f64>>),
    Binomial(Vec<Option<bool>>),
    Cox(Vec<Option<(f64, bool)>>),
    /// Categories, which no family fits.
    Categorical,
}

impl TraitValues {
    /// Whether a sample has a value.
    pub(super) fn has(&self, sample: usize) -> bool {
        match self {
            Self::Gaussian(values) => values[sample].is_some(),
            Self::Binomial(values) => values[sample].is_some(),
            Self::Cox(values) => values[sample].is_some(),
            Self::Categorical => false,
        }
    }
}

/// The traits of a phenotype file.
#[derive(Debug)]
pub(super) struct Phenotypes {
    /// Names and values.
    pub(super) traits: Vec<(String, TraitValues)>,
    /// Which row each sample has.
    pub(super) join: Join,
}

impl Phenotypes {
    /// Reads the traits. `reserved` are columns of the file that other options name: no traits unless named as such.
    pub(super) fn read(
        source: &PhenotypeSource,
        reserved: &[&str],
        samples: &SampleTable,
        inputs: &mut Inputs,
    ) -> Result<Self, EngineError> {
        inputs.add("phenotypes", &source.file)?;
        if let Family::Cox { time, event } = &source.family {
            return Self::survival(source, time, event, samples, inputs);
        }
        let forced = match source.family {
            Family::Gaussian => Kind::Quantitative,
            Family::Binomial => Kind::Binary(source.coding),
            Family::Auto | Family::Cox { .. } => Kind::Detect,
        };
        let options = |selection| PhenotypeOptions {
            selection,
            coding: source.coding,
            missing_code: source.missing_code,
            ..PhenotypeOptions::default()
        };
        let requests = |names: &[String]| {
            let request = |name: &String| ColumnRequest { name: name.clone(), kind: forced };
            Selection::Named(names.iter().map(request).collect())
        };
        let mut table = if source.traits.is_empty() {
            read_phenotypes(&source.file, &options(Selection::All))?
        } else {
            read_phenotypes(&source.file, &options(requests(&source.traits)))?
        };
        if source.traits.is_empty() {
            table.columns.retain(|column| !reserved.contains(&column.name.as_str()));
            if forced != Kind::Detect {
                let usable = table.columns.iter().filter(|c| !matches!(c.values, Values::Categorical { .. }));
                let names: Vec<String> = usable.map(|column| column.name.clone()).collect();
                table = read_phenotypes(&source.file, &options(requests(&names)))?;
            }
        }
        inputs.note(&table.notes);
        let join = table.samples.join(ids(samples), SampleKey::AsFile)?;
        let traits =
            table.columns.iter().map(|column| (column.name.clone(), values(column, &join))).collect();
        Ok(Self { traits, join })
    }

    fn survival(
        source: &PhenotypeSource,
        time: &str,
        event: &str,
        samples: &SampleTable,
        inputs: &mut Inputs,
    ) -> Result<Self, EngineError> {
        if !source.traits.is_empty() {
            return Err(EngineError::refused(
                "Cox takes its trait from the columns of times and events, and traits are named too",
                "leave out the traits' names",
            ));
        }
        let survival = read_survival(&source.file, time, event, BinaryCoding::ZeroOne, source.missing_code)?;
        inputs.note(&survival.notes);
        let join = survival.samples.join(ids(samples), SampleKey::AsFile)?;
        let values = TraitValues::Cox(survival.joined(&join));
        Ok(Self { traits: vec![(event.to_owned(), values)], join })
    }
}

fn values(column: &Column, join: &Join) -> TraitValues {
    match &column.values {
        Values::Quantitative(values) => TraitValues::Gaussian(join.take(values)),
        Values::Binary(values) => TraitValues::Binomial(join.take(values)),
        Values::Categorical { .. } => TraitValues::Categorical,
    }
}
