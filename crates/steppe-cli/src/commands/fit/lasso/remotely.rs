//! Fitting on a coordinator.

use std::path::{Path, PathBuf};

use steppe_engine::output::unseal;
use steppe_fitjob::{FitRecord, FitReport};
use steppe_server::{
    ServerError,
    client::Uploaded,
    wire::job::{InputFile, LassoJob, SampleColumn, Selection, TraitFiles, job_spec},
};

use super::LassoCommand;
use crate::{
    commands::Session,
    exit::Outcome,
    options::{ColumnName, RemoteOptions},
    remote::{self, Remote, location_url},
};

impl LassoCommand {
    /// Submits the job, watches it, and shows what came of it.
    pub(super) fn run_remotely(&self, options: &RemoteOptions, session: Session) -> anyhow::Result<Outcome> {
        // What the command line alone says wrong is refused before anything is sent.
        self.options()?;
        let remote = Remote::connect(options)?;
        let (out, download) = match self.place.out.contains("://") {
            true => (self.place.out.clone(), None),
            false => (String::new(), Some(PathBuf::from(&self.place.out))),
        };
        let mut sending = Sending { remote: &remote, uploaded: Uploaded::default() };
        let job = self.job(&mut sending, out)?;
        let started = std::time::Instant::now();
        let Some(job) = remote::run(&remote, job_spec::Job::Lasso(job), session.console)? else {
            return Ok(Outcome::Done);
        };
        let results = remote::results(&remote, &job.id)?;
        if let Some(folder) = &download {
            remote::download(&remote, &results, folder)?;
        }
        let record = unseal::<FitRecord>(results.record.as_bytes())
            .map_err(|why| anyhow::anyhow!("run.json of job {}: {why}", job.id))?;
        let place = download.map_or(results.location, |folder| folder.display().to_string());
        let report = FitReport { reused: false, record, metrics: Vec::new() };
        self.show(&report, &place, started, session)
    }

    fn job(&self, sending: &mut Sending<'_>, out: String) -> anyhow::Result<LassoJob> {
        let (split, population, path) = (&self.split, &self.population, &self.path);
        Ok(LassoJob {
            cohort: location_url(&self.place.cohort)?,
            out,
            overwrite: self.place.overwrite,
            traits: Some(self.trait_files(sending)?),
            selection: Some(self.selection(sending)?),
            split: self.column(sending, split.split.as_ref())?,
            validation: split.validation,
            folds: split.cv.map(|folds| u32::try_from(folds).unwrap_or(u32::MAX)),
            refit: split.refit,
            no_early_stopping: split.no_early_stopping,
            seed: Some(split.seed),
            weights: self.column(sending, split.weights.as_ref())?,
            population: self.column(sending, population.population.as_ref())?,
            population_weights: population.population_weights.clone().unwrap_or_default(),
            shared_plus_specific: population.shared_plus_specific,
            alpha: Some(path.alpha),
            lambdas: Some(u32::try_from(path.lambdas).unwrap_or(u32::MAX)),
            lambda_min_ratio: path.lambda_min_ratio,
            penalty_factors: sending.optional(path.penalty_factor.as_deref())?,
            standardize: path.standardize,
            tolerance: Some(path.tolerance),
        })
    }

    fn trait_files(&self, sending: &mut Sending<'_>) -> anyhow::Result<TraitFiles> {
        let (phenotypes, covariates) =
            (self.traits.phenotypes(self.family.parse()?), self.traits.covariates());
        let (names, categories) = covariates.as_ref().map_or_else(Default::default, |covariates| {
            (covariates.names.clone(), covariates.categorical.clone())
        });
        Ok(TraitFiles {
            phenotypes: Some(sending.file(&phenotypes.file)?),
            traits: phenotypes.traits,
            family: self.family.clone(),
            coding: self.traits.coding_name().to_owned(),
            missing_code: Some(phenotypes.missing_code),
            covariates: sending.optional(covariates.as_ref().map(|covariates| covariates.file.as_path()))?,
            covariate_names: names,
            covariate_categories: categories,
        })
    }

    fn selection(&self, sending: &mut Sending<'_>) -> anyhow::Result<Selection> {
        let lists = &self.selection;
        Ok(Selection {
            keep: sending.optional(lists.keep.as_deref())?,
            remove: sending.optional(lists.remove.as_deref())?,
            extract: sending.optional(lists.extract.as_deref())?,
            exclude: sending.optional(lists.exclude.as_deref())?,
            min_frequency: Some(self.maf),
            max_missing: Some(self.geno),
        })
    }

    /// A column; the phenotypes' file goes without saying.
    fn column(
        &self,
        sending: &mut Sending<'_>,
        name: Option<&ColumnName>,
    ) -> anyhow::Result<Option<SampleColumn>> {
        let Some(name) = name else { return Ok(None) };
        let of = name.of(&self.traits.pheno);
        let other = (of.file != self.traits.pheno).then_some(of.file.as_path());
        Ok(Some(SampleColumn { file: sending.optional(other)?, column: of.column }))
    }
}

/// Files on their way to the coordinator.
struct Sending<'a> {
    remote: &'a Remote,
    uploaded: Uploaded,
}

impl Sending<'_> {
    fn file(&mut self, path: &Path) -> Result<InputFile, ServerError> {
        self.remote.runtime.block_on(self.uploaded.file(&self.remote.connection, path))
    }

    fn optional(&mut self, path: Option<&Path>) -> Result<Option<InputFile>, ServerError> {
        path.map(|path| self.file(path)).transpose()
    }
}
