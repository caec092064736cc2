//! Traits, covariates and lists of a job, as the fitting crate takes them.

use std::path::PathBuf;

use steppe_fitjob::{CovariateOptions, Family, InputOptions, PhenotypeSource};
use steppe_formats::phenotype::BinaryCoding;

use super::{score_job::unknown, submission::refuse};
use crate::{
    ServerError,
    wire::job::{InputFile, Selection, TraitFiles},
};

/// Brings a file to where the job reads it, by what it is used as.
pub(super) type Stager<'a> = dyn Fn(&str, &InputFile) -> Result<PathBuf, ServerError> + 'a;

/// Least frequency of the rarer allele and largest share of missing calls.
pub(super) type Limits = (f64, f64);

/// Those of a fit, where a job does not say.
pub(super) const LIMITS_OF_FITS: Limits = (0.001, 0.1);

/// Every file of traits and lists.
pub(super) fn files<'a>(
    traits: &'a mut Option<TraitFiles>,
    selection: &'a mut Option<Selection>,
) -> Vec<&'a mut InputFile> {
    let mut files = Vec::new();
    if let Some(traits) = traits {
        files.extend([&mut traits.phenotypes, &mut traits.covariates].into_iter().flatten());
    }
    files.extend(lists(selection));
    files
}

/// Every list of a selection.
pub(super) fn lists(selection: &mut Option<Selection>) -> Vec<&mut InputFile> {
    let Some(Selection { keep, remove, extract, exclude, .. }) = selection else { return Vec::new() };
    [keep, remove, extract, exclude].into_iter().flatten().collect()
}

/// Brings a file here, if there is one.
pub(super) fn optional(
    stage: &Stager<'_>,
    used_as: &str,
    file: Option<&InputFile>,
) -> Result<Option<PathBuf>, ServerError> {
    file.map(|file| stage(used_as, file)).transpose()
}

/// What a job takes from files, with its limits where it does not say.
pub(super) fn input(
    traits: Option<&TraitFiles>,
    selection: Option<&Selection>,
    (min_frequency, max_missing): Limits,
    stage: &Stager<'_>,
) -> Result<InputOptions, ServerError> {
    let needed = || refuse("traits", "there are no phenotypes", "give a file of phenotypes");
    let traits = traits.ok_or_else(needed)?;
    let phenotypes = stage("phenotypes", traits.phenotypes.as_ref().ok_or_else(needed)?)?;
    let none = Selection::default();
    let selection = selection.unwrap_or(&none);
    let file = |used_as: &str, file: Option<&InputFile>| optional(stage, used_as, file);
    Ok(InputOptions {
        phenotypes: source(traits, phenotypes)?,
        covariates: file("covariates", traits.covariates.as_ref())?.map(|file| CovariateOptions {
            file,
            names: traits.covariate_names.clone(),
            categorical: traits.covariate_categories.clone(),
        }),
        keep: file("keep", selection.keep.as_ref())?,
        remove: file("remove", selection.remove.as_ref())?,
        extract: file("extract", selection.extract.as_ref())?,
        exclude: file("exclude", selection.exclude.as_ref())?,
        min_frequency: selection.min_frequency.unwrap_or(min_frequency),
        max_missing: selection.max_missing.unwrap_or(max_missing),
        copied_inputs: true,
    })
}

fn source(traits: &TraitFiles, file: PathBuf) -> Result<PhenotypeSource, ServerError> {
    Ok(PhenotypeSource {
        file,
        traits: traits.traits.clone(),
        family: match traits.family.as_str() {
            "" => Family::Auto,
            family => family.parse()?,
        },
        coding: match traits.coding.as_str() {
            "" | "12" => BinaryCoding::OneTwo,
            "01" => BinaryCoding::ZeroOne,
            word => return Err(unknown("coding", word, "give 12 or 01")),
        },
        missing_code: traits.missing_code.unwrap_or(-9.0),
    })
}
