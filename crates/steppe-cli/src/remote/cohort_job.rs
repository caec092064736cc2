//! Jobs over the traits of a cohort on a coordinator: their files on the way there, and what comes back.

use std::{
    path::{Path, PathBuf},
    time::Instant,
};

use serde::de::DeserializeOwned;
use steppe_engine::output::unseal;
use steppe_fitjob::JobRecord;
use steppe_server::{
    ServerError,
    client::Uploaded,
    wire::job::{InputFile, SampleColumn, Selection, TraitFiles, job_spec},
};

use super::{Remote, location_url, results, run};
use crate::{
    console::Console,
    options::{CohortJobOptions, ColumnName, RemoteOptions, SelectionOptions, TraitOptions},
};

/// The cohort of a job, and where its result goes.
pub(crate) struct Place {
    /// The cohort's URL.
    pub(crate) cohort: String,
    /// The URL of the result; empty for a place of the coordinator's.
    pub(crate) out: String,
    pub(crate) overwrite: bool,
}

/// A job that has succeeded.
pub(crate) struct Done<T> {
    /// The content of its `run.json`.
    pub(crate) record: JobRecord<T>,
    /// Where its result is: a folder of this machine, or a URL.
    pub(crate) place: String,
    /// When it was submitted.
    pub(crate) started: Instant,
}

/// Submits a job, watches it, and brings its result here if the place of it is a folder. `None` when the user has
/// detached from it.
///
/// # Errors
/// What the coordinator refuses, the failure of the job, a result that can not be fetched.
pub(crate) fn run_cohort_job<T: DeserializeOwned>(
    options: &RemoteOptions,
    place: &CohortJobOptions,
    job: impl FnOnce(&mut Sending<'_>, Place) -> anyhow::Result<job_spec::Job>,
    console: Console,
) -> anyhow::Result<Option<Done<T>>> {
    let cohort = location_url(&place.cohort)?;
    let overwrite = place.overwrite;
    run_job(options, &place.out, |sending, out| job(sending, Place { cohort, out, overwrite }), console)
}

/// The same with a job of which only the place of its result is known: a URL, or a folder of this machine, for which the
/// job gets an empty URL.
///
/// # Errors
/// As [`run_cohort_job`].
pub(crate) fn run_job<T: DeserializeOwned>(
    options: &RemoteOptions,
    out: &str,
    job: impl FnOnce(&mut Sending<'_>, String) -> anyhow::Result<job_spec::Job>,
    console: Console,
) -> anyhow::Result<Option<Done<T>>> {
    let (out, folder) = match out.contains("://") {
        true => (out.to_owned(), None),
        false => (String::new(), Some(PathBuf::from(out))),
    };
    if let Some(folder) = &folder {
        results::refuse_occupied(folder)?;
    }
    let remote = Remote::connect(options)?;
    let mut sending = Sending::new(&remote);
    let job = job(&mut sending, out)?;
    let started = Instant::now();
    let Some(job) = run(&remote, job, console)? else { return Ok(None) };
    let results = results::results(&remote, &job.id)?;
    if let Some(folder) = &folder {
        results::download(&remote, &results, folder)?;
    }
    let record = unseal(results.record.as_bytes())
        .map_err(|why| anyhow::anyhow!("run.json of job {}: {why}", job.id))?;
    let place = folder.map_or(results.location, |folder| folder.display().to_string());
    Ok(Some(Done { record, place, started }))
}

/// A number as the API has it.
pub(crate) fn count(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

/// Files on their way to the coordinator.
pub(crate) struct Sending<'a> {
    remote: &'a Remote,
    uploaded: Uploaded,
}

impl<'a> Sending<'a> {
    /// Nothing yet.
    pub(crate) fn new(remote: &'a Remote) -> Self {
        Self { remote, uploaded: Uploaded::default() }
    }

    /// A file.
    pub(crate) fn file(&mut self, path: &Path) -> Result<InputFile, ServerError> {
        self.remote.runtime.block_on(self.uploaded.file(&self.remote.connection, path))
    }

    /// A file, if there is one.
    pub(crate) fn optional(&mut self, path: Option<&Path>) -> Result<Option<InputFile>, ServerError> {
        path.map(|path| self.file(path)).transpose()
    }

    /// A column with its file.
    pub(crate) fn sample_column(
        &mut self,
        column: &steppe_fitjob::SampleColumn,
    ) -> Result<SampleColumn, ServerError> {
        Ok(SampleColumn { file: Some(self.file(&column.file)?), column: column.column.clone() })
    }

    /// Traits and covariates.
    pub(crate) fn traits(&mut self, options: &TraitOptions, family: &str) -> anyhow::Result<TraitFiles> {
        let (phenotypes, covariates) = (options.phenotypes(family.parse()?), options.covariates());
        let (names, categories) = covariates.as_ref().map_or_else(Default::default, |covariates| {
            (covariates.names.clone(), covariates.categorical.clone())
        });
        Ok(TraitFiles {
            phenotypes: Some(self.file(&phenotypes.file)?),
            traits: phenotypes.traits,
            family: family.to_owned(),
            coding: options.coding_name().to_owned(),
            missing_code: Some(phenotypes.missing_code),
            covariates: self.optional(covariates.as_ref().map(|covariates| covariates.file.as_path()))?,
            covariate_names: names,
            covariate_categories: categories,
        })
    }

    /// The lists and limits that samples and variants are chosen by.
    pub(crate) fn selection(
        &mut self,
        lists: &SelectionOptions,
        (min_frequency, max_missing): (f64, f64),
    ) -> anyhow::Result<Selection> {
        Ok(Selection {
            keep: self.optional(lists.keep.as_deref())?,
            remove: self.optional(lists.remove.as_deref())?,
            extract: self.optional(lists.extract.as_deref())?,
            exclude: self.optional(lists.exclude.as_deref())?,
            min_frequency: Some(min_frequency),
            max_missing: Some(max_missing),
        })
    }

    /// A column; the phenotypes' file goes without saying.
    pub(crate) fn column(
        &mut self,
        name: Option<&ColumnName>,
        phenotypes: &Path,
    ) -> anyhow::Result<Option<SampleColumn>> {
        let Some(name) = name else { return Ok(None) };
        let of = name.of(phenotypes);
        let other = (of.file != phenotypes).then_some(of.file.as_path());
        Ok(Some(SampleColumn { file: self.optional(other)?, column: of.column }))
    }
}
