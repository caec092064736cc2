//! The files of a job, and which samples they leave.

use std::path::Path;
use steppe_engine::EngineError;

use steppe_store::SampleTable;

use super::{
    columns::TextBySample,
    covariates::Covariates,
    inputs::Inputs,
    options::{CovariateOptions, Family, PhenotypeSource, SampleColumn},
    phenotypes::{Phenotypes, TraitValues},
    record::SampleCounts,
    selection::Selection,
    split,
    variant_plan::reasons,
};

/// The files of samples that a job names.
pub(super) struct SourceOptions<'a> {
    pub(super) phenotypes: &'a PhenotypeSource,
    pub(super) covariates: Option<&'a CovariateOptions>,
    pub(super) keep: Option<&'a Path>,
    pub(super) remove: Option<&'a Path>,
    pub(super) population: Option<&'a SampleColumn>,
    pub(super) weights: Option<&'a SampleColumn>,
    pub(super) split: Option<&'a SampleColumn>,
}

/// What was read, by the samples of the cohort.
pub(super) struct Sources {
    pub(super) selection: Selection,
    pub(super) phenotypes: Phenotypes,
    pub(super) covariates: Option<Covariates>,
    pub(super) population: Option<TextBySample>,
    pub(super) weights: Option<TextBySample>,
    pub(super) split: Option<TextBySample>,
}

impl Sources {
    /// Reads the files.
    pub(super) fn read(
        options: &SourceOptions<'_>,
        samples: &SampleTable,
        inputs: &mut Inputs,
    ) -> Result<Self, EngineError> {
        refuse_ambiguous_columns(options)?;
        let source = options.phenotypes;
        let phenotypes = Phenotypes::read(source, &reserved_of_phenotypes(options), samples, inputs)?;
        if !phenotypes.traits.is_empty()
            && phenotypes.traits.iter().all(|(_, values)| matches!(values, TraitValues::Categorical))
        {
            return Err(EngineError::refused(
                format!("trait '{}': its values are categories", phenotypes.traits[0].0),
                "recode it as numbers, or fit another",
            ));
        }
        let covariates = match options.covariates {
            Some(wanted) => {
                let reserved = reserved_of_covariates(options, &wanted.file);
                Some(Covariates::read(wanted, source.missing_code, &reserved, samples, inputs)?)
            }
            None => None,
        };
        let mut column = |role: &str, column| TextBySample::read(role, column, samples, inputs);
        let population = options.population.map(|of| column("population", of)).transpose()?;
        let weights = options.weights.map(|of| column("weights", of)).transpose()?;
        let split = options.split.map(|of| column("split", of)).transpose()?;
        let selection = Selection::read(samples, options.keep, options.remove, inputs)?;
        Ok(Self { selection, phenotypes, covariates, population, weights, split })
    }

    /// Why a sample of the cohort is left out.
    fn reason(&self, sample: usize) -> Result<Option<&'static str>, EngineError> {
        let without = |column: &Option<TextBySample>| {
            column.as_ref().is_some_and(|column| column.get(sample).is_none())
        };
        let covariates = self.covariates.as_ref().filter(|covariates| !covariates.complete[sample]);
        let reason = if !self.selection.kept[sample] {
            "not_on_keep_list"
        } else if self.selection.removed[sample] {
            "removed"
        } else if self.phenotypes.join.row[sample].is_none() {
            "no_row_of_phenotypes"
        } else if !self.phenotypes.traits.iter().any(|(_, values)| values.has(sample)) {
            "missing_phenotype"
        } else if let Some(covariates) = covariates {
            if covariates.has_row(sample) { "missing_covariate" } else { "no_row_of_covariates" }
        } else if without(&self.population) {
            "no_population"
        } else if without(&self.weights) {
            "no_weight"
        } else if let Some(column) = &self.split
            && split::of_column(column, sample)?.is_none()
        {
            "not_in_the_split"
        } else {
            return Ok(None);
        };
        Ok(Some(reason))
    }

    /// The samples that take part, ascending, and why others do not.
    pub(super) fn take_part(&self, samples: &SampleTable) -> Result<(Vec<u32>, SampleCounts), EngineError> {
        let mut taking = Vec::new();
        let mut counts = SampleCounts {
            rows_without_sample: self.phenotypes.join.rows_without_sample,
            ..SampleCounts::default()
        };
        for sample in 0..samples.len() {
            match self.reason(sample)? {
                Some(reason) => *counts.left_out.entry(reason.to_owned()).or_default() += 1,
                None => taking.push(sample as u32),
            }
        }
        counts.used = taking.len() as u64;
        if taking.is_empty() {
            return Err(EngineError::refused(
                format!("none of the {} samples takes part: {}", samples.len(), reasons(&counts.left_out)),
                "check that all files have the cohort's ids, missing codes, and the columns that were meant",
            ));
        }
        Ok((taking, counts))
    }

    /// The samples that the lists leave, ascending.
    pub(super) fn listed(&self) -> Vec<u32> {
        self.selection.taking().0
    }

    /// The weights of some samples.
    pub(super) fn weights_of(&self, samples: &[u32]) -> Result<Option<Vec<f64>>, EngineError> {
        let Some(column) = &self.weights else { return Ok(None) };
        let weight = |sample: &u32| Ok(column.weight(*sample as usize)?.unwrap_or(0.0));
        samples.iter().map(weight).collect::<Result<_, _>>().map(Some)
    }
}

/// Columns of a file that split, population and weights are taken from.
fn labels_of<'a>(options: &SourceOptions<'a>, file: &Path) -> Vec<&'a str> {
    let columns = [options.split, options.weights, options.population];
    let of_file = columns.into_iter().flatten().filter(|column| column.file == file);
    of_file.map(|column| column.column.as_str()).collect()
}

fn reserved_of_phenotypes<'a>(options: &SourceOptions<'a>) -> Vec<&'a str> {
    let file = &options.phenotypes.file;
    let mut reserved = labels_of(options, file);
    if let Some(covariates) = options.covariates.filter(|covariates| covariates.file == *file) {
        reserved.extend(covariates.names.iter().map(String::as_str));
    }
    reserved
}

fn reserved_of_covariates<'a>(options: &SourceOptions<'a>, file: &Path) -> Vec<&'a str> {
    let mut reserved = labels_of(options, file);
    if options.phenotypes.file == file {
        reserved.extend(options.phenotypes.traits.iter().map(String::as_str));
        if let Family::Cox { time, event } = &options.phenotypes.family {
            reserved.extend([time.as_str(), event.as_str()]);
        }
    }
    reserved
}

/// One file of traits and covariates, neither of which are named.
fn refuse_ambiguous_columns(options: &SourceOptions<'_>) -> Result<(), EngineError> {
    let phenotypes = options.phenotypes;
    let survival = matches!(phenotypes.family, Family::Cox { .. });
    match options.covariates {
        Some(covariates)
            if covariates.file == phenotypes.file
                && covariates.names.is_empty()
                && phenotypes.traits.is_empty()
                && !survival =>
        {
            Err(EngineError::refused(
                format!(
                    "{}: it has both traits and covariates, and neither are named",
                    covariates.file.display()
                ),
                "name the traits, the covariates, or both",
            ))
        }
        _ => Ok(()),
    }
}
