//! What every job takes from files, and who and what takes part in it.

use std::path::PathBuf;

use serde_json::{Map, Value, json};
use steppe_engine::EngineError;

use super::{
    options::{CovariateOptions, Family, PhenotypeSource},
    parameters::{of_traits, refuse_out_of_range},
    sources::SourceOptions,
    variant_plan::VariantFiles,
};

/// Traits, covariates, and lists and limits that samples and variants are chosen by.
#[derive(Debug, Clone, PartialEq)]
pub struct InputOptions {
    /// The traits; times to an event for the lasso alone.
    pub phenotypes: PhenotypeSource,
    /// Covariates.
    pub covariates: Option<CovariateOptions>,
    /// Only these samples, by a list as plink2's --keep takes it.
    pub keep: Option<PathBuf>,
    /// Not these samples.
    pub remove: Option<PathBuf>,
    /// Only these variants, by a list of ids.
    pub extract: Option<PathBuf>,
    /// Not these variants.
    pub exclude: Option<PathBuf>,
    /// Least frequency of the rarer allele.
    pub min_frequency: f64,
    /// Largest share of missing calls.
    pub max_missing: f64,
    /// The files are copies that came with the job: the record names them by their own names, without the folders that
    /// they lie in here.
    pub copied_inputs: bool,
}

impl InputOptions {
    /// All columns of a phenotype file, all samples and all variants.
    pub fn new(phenotypes: impl Into<PathBuf>) -> Self {
        Self {
            phenotypes: PhenotypeSource::new(phenotypes),
            covariates: None,
            keep: None,
            remove: None,
            extract: None,
            exclude: None,
            min_frequency: 0.0,
            max_missing: 1.0,
            copied_inputs: false,
        }
    }

    /// Refuses numbers out of their range, and times to an event.
    pub(super) fn check(&self) -> Result<(), EngineError> {
        if matches!(self.phenotypes.family, Family::Cox { .. }) {
            return Err(EngineError::refused(
                "times to an event are fitted by the lasso alone",
                "give the family auto, gaussian or binomial",
            ));
        }
        refuse_out_of_range(&self.ranges())
    }

    /// Whether each limit is in its range, what it is, and the range.
    pub(super) fn ranges(&self) -> [(bool, &'static str, &'static str); 2] {
        [
            ((0.0..0.5).contains(&self.min_frequency), "the least allele frequency", "from 0 to below 0.5"),
            ((0.0..=1.0).contains(&self.max_missing), "the largest share of missing calls", "from 0 to 1"),
        ]
    }

    /// Everything that can change a result but files, which enter by their hashes.
    pub(super) fn parameters(&self) -> Map<String, Value> {
        let mut map = of_traits(&self.phenotypes, self.covariates.as_ref());
        map.insert("min_frequency".to_owned(), json!(self.min_frequency));
        map.insert("max_missing".to_owned(), json!(self.max_missing));
        map
    }

    /// The files of samples.
    pub(super) fn sources(&self) -> SourceOptions<'_> {
        SourceOptions {
            phenotypes: &self.phenotypes,
            covariates: self.covariates.as_ref(),
            keep: self.keep.as_deref(),
            remove: self.remove.as_deref(),
            population: None,
            weights: None,
            split: None,
        }
    }

    /// The files of variants.
    pub(super) fn variant_files(&self) -> VariantFiles<'_> {
        VariantFiles { extract: self.extract.as_deref(), exclude: self.exclude.as_deref(), factors: None }
    }
}
