//! A fitting job from a stored cohort to its result.

use std::{path::PathBuf, sync::Arc};

use steppe_engine::{Engine, EngineError, EngineMatrix, PassProgress};
use steppe_kernels::Level;
use steppe_store::{Cohort, Location};

use super::{FitJob, FitObserver, FitOptions, FitReport, FitRequest, SamplePlan};

/// A fit of a stored cohort, and where its result goes.
#[derive(Debug, Clone)]
pub struct CohortFit {
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
    pub options: FitOptions,
    /// The kernel level.
    pub level: Level,
    /// Threads of the solver; the engine has its own.
    pub threads: usize,
}

/// Fits, with the passes over all genotypes on `engine`, and commits the result. All input is read and checked first;
/// a result of the same job that is there already is given back as it is.
///
/// # Errors
/// Input that can not be used, a pass that fails, [`steppe_fit::FitError::Cancelled`] where the observer asks for it, a
/// result of other inputs in the way.
pub fn fit_cohort(
    request: &CohortFit,
    engine: &dyn Engine,
    progress: &Arc<dyn PassProgress>,
    observer: &mut (dyn FitObserver + Send),
) -> Result<FitReport, EngineError> {
    progress.stage("reading phenotypes", 0);
    let cohort = Cohort::open(&request.cohort)?;
    let (samples, table) = (cohort.samples()?, cohort.variants()?);
    let plan = SamplePlan::read(&request.options, &samples)?;
    let job = FitRequest {
        cohort: request.cohort.to_string(),
        digest: cohort.digest().to_owned(),
        genome_build: Some(cohort.manifest().genome_build()?),
        out: request.out.clone(),
        overwrite: request.overwrite,
        scratch: request.scratch.clone(),
        checkpoints: request.checkpoints.clone(),
    };
    let described = FitJob::describe(&job, &plan, samples.len() as u64);
    if let Some(report) = described.existing()? {
        return Ok(report);
    }
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(request.threads)
        .build()
        .map_err(|error| EngineError::write("the solver's threads")(std::io::Error::other(error)))?;
    pool.install(|| {
        let progress = Arc::clone(progress);
        let matrix =
            EngineMatrix::new(engine, &cohort, plan.samples(), plan.reference(), request.level, progress)?;
        let variants = plan.variants(&matrix, &table)?;
        described.run(&matrix, &table, &variants, observer)
    })
}
