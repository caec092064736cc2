//! Traits, covariates and lists of a job, as the fitting crate takes them.

use std::path::PathBuf;

use steppe_fitjob::{CovariateOptions, Family, InputOptions, PhenotypeSource, SampleColumn};
use steppe_formats::phenotype::BinaryCoding;

use super::{score_job::unknown, submission::refuse};
use crate::{
    ServerError,
    wire::job::{InputFile, SampleColumn as WireColumn, Selection, TraitFiles},
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
    files.extend(traits.iter_mut().flat_map(tables));
    files.extend(lists(selection));
    files
}

/// The tables of traits and covariates.
pub(super) fn tables(traits: &mut TraitFiles) -> impl Iterator<Item = &mut InputFile> {
    [&mut traits.phenotypes, &mut traits.covariates].into_iter().flatten()
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

/// A column with its file, which must be there.
pub(super) fn sample_column(
    field: &'static str,
    column: &WireColumn,
    stage: &Stager<'_>,
) -> Result<SampleColumn, ServerError> {
    let needed = || refuse(field, "there is no file with the column", "give the file with it");
    let file = stage(field, column.file.as_ref().ok_or_else(needed)?)?;
    Ok(SampleColumn { file, column: column.column.clone() })
}

/// What a job takes from files, with its limits where it does not say.
pub(super) fn input(
    traits: Option<&TraitFiles>,
    selection: Option<&Selection>,
    (min_frequency, max_missing): Limits,
    stage: &Stager<'_>,
) -> Result<InputOptions, ServerError> {
    let phenotypes = phenotypes(traits, stage)?;
    let none = Selection::default();
    let selection = selection.unwrap_or(&none);
    let file = |used_as: &str, file: Option<&InputFile>| optional(stage, used_as, file);
    Ok(InputOptions {
        phenotypes,
        covariates: traits.map_or(Ok(None), |traits| covariates(traits, stage))?,
        keep: file("keep", selection.keep.as_ref())?,
        remove: file("remove", selection.remove.as_ref())?,
        extract: file("extract", selection.extract.as_ref())?,
        exclude: file("exclude", selection.exclude.as_ref())?,
        min_frequency: selection.min_frequency.unwrap_or(min_frequency),
        max_missing: selection.max_missing.unwrap_or(max_missing),
        copied_inputs: true,
    })
}

/// Covariates, if there are any.
pub(super) fn covariates(
    traits: &TraitFiles,
    stage: &Stager<'_>,
) -> Result<Option<CovariateOptions>, ServerError> {
    let file = optional(stage, "covariates", traits.covariates.as_ref())?;
    Ok(file.map(|file| CovariateOptions {
        file,
        names: traits.covariate_names.clone(),
        categorical: traits.covariate_categories.clone(),
    }))
}

/// The phenotypes, which must be there.
pub(super) fn phenotypes(
    traits: Option<&TraitFiles>,
    stage: &Stager<'_>,
) -> Result<PhenotypeSource, ServerError> {
    let needed = || refuse("traits", "there are no phenotypes", "give a file of phenotypes");
    let traits = traits.ok_or_else(needed)?;
    let file = stage("phenotypes", traits.phenotypes.as_ref().ok_or_else(needed)?)?;
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
