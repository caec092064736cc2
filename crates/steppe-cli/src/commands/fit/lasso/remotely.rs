//! Fitting on a coordinator.

use steppe_fitjob::FitReport;
use steppe_server::wire::job::{LassoJob, job_spec};

use super::LassoCommand;
use crate::{
    commands::Session,
    exit::Outcome,
    options::RemoteOptions,
    remote::{Done, Place, Sending, count, run_cohort_job},
};

impl LassoCommand {
    /// Submits the job, watches it, and shows what came of it.
    pub(super) fn run_remotely(&self, options: &RemoteOptions, session: Session) -> anyhow::Result<Outcome> {
        // What the command line alone says wrong is refused before anything is sent.
        self.options()?;
        let job = |sending: &mut Sending<'_>, place| self.job(sending, place).map(job_spec::Job::Lasso);
        let done = run_cohort_job(options, &self.place, job, session.console)?;
        let Some(Done { record, place, started }) = done else { return Ok(Outcome::Done) };
        let report = FitReport { reused: false, record, metrics: Vec::new() };
        self.show(&report, &place, started, session)
    }

    fn job(&self, sending: &mut Sending<'_>, place: Place) -> anyhow::Result<LassoJob> {
        let (split, population, path) = (&self.split, &self.population, &self.path);
        let pheno = &self.traits.pheno;
        Ok(LassoJob {
            cohort: place.cohort,
            out: place.out,
            overwrite: place.overwrite,
            traits: Some(sending.traits(&self.traits, &self.family)?),
            selection: Some(sending.selection(&self.selection, (self.maf, self.geno))?),
            split: sending.column(split.split.as_ref(), pheno)?,
            validation: split.validation,
            folds: split.cv.map(count),
            refit: split.refit,
            no_early_stopping: split.no_early_stopping,
            seed: Some(split.seed),
            weights: sending.column(split.weights.as_ref(), pheno)?,
            population: sending.column(population.population.as_ref(), pheno)?,
            population_weights: population.population_weights.clone().unwrap_or_default(),
            shared_plus_specific: population.shared_plus_specific,
            alpha: Some(path.alpha),
            lambdas: Some(count(path.lambdas)),
            lambda_min_ratio: path.lambda_min_ratio,
            penalty_factors: sending.optional(path.penalty_factor.as_deref())?,
            standardize: path.standardize,
            tolerance: Some(path.tolerance),
        })
    }
}
