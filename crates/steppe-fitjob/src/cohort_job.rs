//! Jobs from a stored cohort to their results.

use std::{path::PathBuf, sync::Arc};

use steppe_engine::{Engine, EngineError, EngineMatrix, PassProgress};
use steppe_kernels::Level;
use steppe_store::{Cohort, CohortVariants, Location, SampleTable};

use super::{
    AssociationJob, AssociationOptions, AssociationPlan, AssociationReport, FitJob, FitObserver, FitOptions,
    FitReport, FitRequest, RidgeJob, RidgeJobOptions, RidgePlan, RidgeReport, SamplePlan, StepObserver,
};

/// A job over a stored cohort, and where its result goes.
#[derive(Debug, Clone)]
pub struct CohortJob<O> {
    /// The cohort store.
    pub cohort: Location,
    /// The folder of the result.
    pub out: Location,
    /// Replace a result of other inputs.
    pub overwrite: bool,
    /// As [`FitRequest::scratch`].
    pub scratch: Option<PathBuf>,
    /// As [`FitRequest::checkpoints`].
    pub checkpoints: Option<Location>,
    /// What is fitted, and how.
    pub options: O,
    /// The kernel level.
    pub level: Level,
    /// Threads of the solver; the engine has its own.
    pub threads: usize,
}

/// A path of penalised regressions of a stored cohort.
pub type CohortFit = CohortJob<FitOptions>;

/// An association of a stored cohort.
pub type CohortAssociation = CohortJob<AssociationOptions>;

/// A block ridge of a stored cohort.
pub type CohortRidge = CohortJob<RidgeJobOptions>;

/// A cohort that was opened for a job.
pub(super) struct Opened {
    pub(super) cohort: Cohort,
    pub(super) samples: SampleTable,
    pub(super) variants: CohortVariants,
    pub(super) request: FitRequest,
}

impl<O> CohortJob<O> {
    pub(super) fn open(&self, progress: &dyn PassProgress) -> Result<Opened, EngineError> {
        progress.stage("reading phenotypes", 0);
        let cohort = Cohort::open(&self.cohort)?;
        let request = FitRequest {
            cohort: self.cohort.to_string(),
            digest: cohort.digest().to_owned(),
            genome_build: Some(cohort.manifest().genome_build()?),
            out: self.out.clone(),
            overwrite: self.overwrite,
            scratch: self.scratch.clone(),
            checkpoints: self.checkpoints.clone(),
        };
        Ok(Opened { samples: cohort.samples()?, variants: cohort.variants()?, cohort, request })
    }

    /// Does the solver's work on its own threads, over the matrix of some samples, whose counts are over the reference
    /// samples among them.
    pub(super) fn solve<T: Send>(
        &self,
        cohort: &Cohort,
        (samples, reference): (&[u32], &[bool]),
        engine: &dyn Engine,
        progress: &Arc<dyn PassProgress>,
        work: impl FnOnce(&EngineMatrix<'_>) -> Result<T, EngineError> + Send,
    ) -> Result<T, EngineError> {
        let passes = Passes { engine, progress, level: self.level, threads: self.threads };
        passes.over(cohort, (samples, reference), work)
    }
}

/// How passes over a cohort are made.
pub(super) struct Passes<'a> {
    pub(super) engine: &'a dyn Engine,
    pub(super) progress: &'a Arc<dyn PassProgress>,
    pub(super) level: Level,
    /// Threads of what is done between passes.
    pub(super) threads: usize,
}

impl Passes<'_> {
    /// As [`CohortJob::solve`].
    pub(super) fn over<T: Send>(
        &self,
        cohort: &Cohort,
        (samples, reference): (&[u32], &[bool]),
        work: impl FnOnce(&EngineMatrix<'_>) -> Result<T, EngineError> + Send,
    ) -> Result<T, EngineError> {
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(self.threads)
            .build()
            .map_err(|error| EngineError::write("the solver's threads")(std::io::Error::other(error)))?;
        let (engine, level) = (self.engine, self.level);
        let progress = Arc::clone(self.progress);
        pool.install(|| work(&EngineMatrix::new(engine, cohort, samples, reference, level, progress)?))
    }
}

/// Fits, with the passes over all genotypes on `engine`, and commits the result. All input is read and checked first;
/// a result of the same job that is there already is given back as it is.
///
/// # Errors
/// Input that can not be used, a pass that fails, [`steppe_fit::FitError::Cancelled`] where the observer asks for it, a
/// result of other inputs in the way.
pub fn fit_cohort(
    job: &CohortFit,
    engine: &dyn Engine,
    progress: &Arc<dyn PassProgress>,
    observer: &mut (dyn FitObserver + Send),
) -> Result<FitReport, EngineError> {
    let Opened { cohort, samples, variants: table, request } = job.open(progress.as_ref())?;
    let plan = SamplePlan::read(&job.options, &samples)?;
    let described = FitJob::describe(&request, &plan, samples.len() as u64);
    if let Some(report) = described.existing()? {
        return Ok(report);
    }
    job.solve(&cohort, (plan.samples(), plan.reference()), engine, progress, |matrix| {
        let variants = plan.variants(matrix, &table)?;
        described.run(matrix, &table, &variants, observer)
    })
}

/// Tests every variant of a stored cohort, and commits the tables; otherwise as [`fit_cohort`].
///
/// # Errors
/// As [`fit_cohort`].
pub fn associate_cohort(
    job: &CohortAssociation,
    engine: &dyn Engine,
    progress: &Arc<dyn PassProgress>,
    observer: &mut dyn StepObserver,
) -> Result<AssociationReport, EngineError> {
    let Opened { cohort, samples, variants: table, request } = job.open(progress.as_ref())?;
    let plan = AssociationPlan::read(&job.options, &samples)?;
    let described = AssociationJob::describe(&request, &plan, samples.len() as u64);
    if let Some(report) = described.existing()? {
        return Ok(report);
    }
    job.solve(&cohort, (plan.samples(), plan.reference()), engine, progress, |matrix| {
        described.run(matrix, &table, job.level, observer)
    })
}

/// Fits a stacked block ridge of a stored cohort, and commits the result; otherwise as [`fit_cohort`].
///
/// # Errors
/// As [`fit_cohort`].
pub fn ridge_cohort(
    job: &CohortRidge,
    engine: &dyn Engine,
    progress: &Arc<dyn PassProgress>,
    observer: &mut dyn StepObserver,
) -> Result<RidgeReport, EngineError> {
    let Opened { cohort, samples, variants: table, request } = job.open(progress.as_ref())?;
    let plan = RidgePlan::read(&job.options, &samples)?;
    let described = RidgeJob::describe(&request, &plan, samples.len() as u64);
    if let Some(report) = described.existing()? {
        return Ok(report);
    }
    plan.check_variants(&table)?;
    let everyone = vec![true; plan.samples().len()];
    job.solve(&cohort, (plan.samples(), &everyone), engine, progress, |matrix| {
        described.run(matrix, &table, &samples, job.level, observer)
    })
}
