//! A fitting job: the same one as `steppe fit lasso`, its passes over the cluster.

use std::{path::Path, sync::Arc};

use steppe_cluster::ClusterEngine;
use steppe_engine::PassProgress;
use steppe_fitjob::{
    CohortFit, CovariateOptions, Family, FitObserver, FitOptions, FitProgress, InputOptions, PathOptions,
    PhenotypeSource, PopulationOptions, SampleColumn, SplitOption, Stage, fit_cohort,
};
use steppe_formats::phenotype::BinaryCoding;
use steppe_kernels::Level;
use steppe_store::Location;
use tokio_util::sync::CancellationToken;

use super::{
    Core, progress::JobProgress, results::score_digest, run::Made, score_job::unknown, staged::Staged,
    submission::refuse,
};
use crate::{
    ServerError,
    jobs::JobId,
    wire::job::{InputFile, LassoJob, SampleColumn as WireColumn, Selection, TraitFiles},
};

/// The share of the samples that validates, where a job does not say.
const VALIDATION: f64 = 0.2;

/// Every file of a job with what it is used as.
pub(super) fn files(job: &mut LassoJob) -> Vec<&mut InputFile> {
    let mut files = Vec::new();
    if let Some(traits) = &mut job.traits {
        files.extend([&mut traits.phenotypes, &mut traits.covariates].into_iter().flatten());
    }
    if let Some(Selection { keep, remove, extract, exclude, .. }) = &mut job.selection {
        files.extend([keep, remove, extract, exclude].into_iter().flatten());
    }
    let columns = [&mut job.split, &mut job.weights, &mut job.population];
    files.extend(columns.into_iter().flatten().filter_map(|column| column.file.as_mut()));
    files.extend(job.penalty_factors.as_mut());
    files
}

/// Checks what can be without files.
pub(super) fn check(job: &LassoJob) -> Result<(), ServerError> {
    options(job, &|_, _| Ok(Path::new("checked").to_owned())).map(drop)
}

/// Runs the job. Blocks.
pub(super) fn run(
    core: &Core,
    id: &JobId,
    job: &LassoJob,
    progress: &Arc<JobProgress>,
    cancel: CancellationToken,
) -> Result<Made, ServerError> {
    progress.stage("fetching inputs", 0);
    let staged = Staged::new(core, id);
    let options = options(job, &|used_as, file| staged.file(used_as, file))?;
    let out = match job.out.as_str() {
        "" => core.result_folder(id),
        out => Location::parse(out)?,
    };
    let request = CohortFit {
        cohort: Location::parse(&job.cohort)?,
        out: out.clone(),
        overwrite: job.overwrite,
        scratch: Some(core.job_scratch(id)),
        // In the store, where the next coordinator finds them too.
        checkpoints: Some(core.job_folder(id)),
        options,
        level: Level::best(),
        threads: std::thread::available_parallelism().map_or(1, std::num::NonZeroUsize::get),
    };
    let engine = ClusterEngine::new(core.scheduler.clone(), core.runtime.clone(), core.job_folder(id))
        .with_cancellation(cancel.clone())
        .with_grace(core.worker_grace)
        .with_passing_sums();
    let mut told = Told { progress: Arc::clone(progress), cancel };
    let passes: Arc<dyn PassProgress> = Arc::<JobProgress>::clone(progress);
    let report = fit_cohort(&request, &engine, &passes, &mut told)?;
    core.catalog.note(&job.cohort, &report.record.cohort.digest)?;
    Ok(Made { location: out.to_string(), digest: score_digest(&out, &report.record.job)? })
}

/// The fit's observer over the job's progress.
struct Told {
    progress: Arc<JobProgress>,
    cancel: CancellationToken,
}

impl FitObserver for Told {
    fn progress(&mut self, progress: &FitProgress<'_>) {
        let FitProgress { name, accepted, planned, active, .. } = progress;
        let again = if progress.stage == Stage::Refit { ", again" } else { "" };
        self.progress
            .fixed_stage(&format!("{name}: lambda {accepted} of {planned}, {active} variants{again}"));
    }

    fn cancelled(&self) -> bool {
        self.cancel.is_cancelled()
    }
}

type Stager<'a> = dyn Fn(&str, &InputFile) -> Result<std::path::PathBuf, ServerError> + 'a;

/// The options of a job, with the defaults of `steppe fit lasso`.
fn options(job: &LassoJob, stage: &Stager<'_>) -> Result<FitOptions, ServerError> {
    let traits = job.traits.as_ref();
    let needed = || refuse("traits", "there are no phenotypes", "give a file of phenotypes");
    let traits = traits.ok_or_else(needed)?;
    let phenotypes = stage("phenotypes", traits.phenotypes.as_ref().ok_or_else(needed)?)?;
    let file = |used_as: &str, file: Option<&InputFile>| file.map(|file| stage(used_as, file)).transpose();
    let column = |used_as: &str, column: Option<&WireColumn>| {
        let Some(column) = column else { return Ok(None) };
        let file = file(used_as, column.file.as_ref())?.unwrap_or_else(|| phenotypes.clone());
        Ok::<_, ServerError>(Some(SampleColumn { file, column: column.column.clone() }))
    };
    let population = column("population", job.population.as_ref())?;
    let weights = job.population_weights.parse()?;
    let specific = job.shared_plus_specific;
    if population.is_none() && !(job.population_weights.is_empty() && specific.is_none()) {
        let problem = "there are settings for populations and no column of them";
        return Err(refuse("population", problem, "name the column of populations"));
    }
    let none = Selection::default();
    let selection = job.selection.as_ref().unwrap_or(&none);
    let default = FitOptions::new(&phenotypes);
    Ok(FitOptions {
        input: InputOptions {
            phenotypes: source(traits, phenotypes.clone())?,
            covariates: file("covariates", traits.covariates.as_ref())?.map(|file| CovariateOptions {
                file,
                names: traits.covariate_names.clone(),
                categorical: traits.covariate_categories.clone(),
            }),
            keep: file("keep", selection.keep.as_ref())?,
            remove: file("remove", selection.remove.as_ref())?,
            extract: file("extract", selection.extract.as_ref())?,
            exclude: file("exclude", selection.exclude.as_ref())?,
            min_frequency: selection.min_frequency.unwrap_or(default.input.min_frequency),
            max_missing: selection.max_missing.unwrap_or(default.input.max_missing),
            copied_inputs: true,
        },
        split: split(job, column("split", job.split.as_ref())?)?,
        weights: column("weights", job.weights.as_ref())?,
        population: population.map(|column| PopulationOptions { column, weights, specific }),
        penalty_factors: file("penalty_factors", job.penalty_factors.as_ref())?,
        path: path(job),
        refit: job.refit,
        seed: job.seed.unwrap_or(default.seed),
    })
}

fn source(traits: &TraitFiles, file: std::path::PathBuf) -> Result<PhenotypeSource, ServerError> {
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

fn split(job: &LassoJob, column: Option<SampleColumn>) -> Result<SplitOption, ServerError> {
    match (column, job.validation, job.folds) {
        (Some(column), None, None) => Ok(SplitOption::Column(column)),
        (None, None, Some(folds)) => Ok(SplitOption::Folds(folds as usize)),
        (None, share, None) => Ok(SplitOption::Fraction(share.unwrap_or(VALIDATION))),
        _ => Err(refuse("split", "there is more than one", "give one of split, validation and folds")),
    }
}

fn path(job: &LassoJob) -> PathOptions {
    let default = PathOptions::default();
    PathOptions {
        alpha: job.alpha.unwrap_or(default.alpha),
        lambdas: job.lambdas.map_or(default.lambdas, |lambdas| lambdas as usize),
        ratio: job.lambda_min_ratio,
        standardize: job.standardize,
        tolerance: job.tolerance.unwrap_or(default.tolerance),
        early_stopping: !job.no_early_stopping,
    }
}
