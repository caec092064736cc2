//! A path of penalised regressions: the same one as `steppe fit lasso`.

use std::sync::Arc;

use steppe_engine::{Engine, EngineError, PassProgress};
use steppe_fitjob::{
    CohortJob, FIT_SEMANTICS, FitOptions, PathOptions, PopulationOptions, SampleColumn, SplitOption,
    fit_cohort,
};

use super::{
    cohort_job::{CohortSpec, Place, Solved, Told},
    submission::refuse,
    trait_inputs::{self, LIMITS_OF_FITS, Stager},
};
use crate::{
    ServerError,
    wire::job::{InputFile, LassoJob, SampleColumn as WireColumn},
};

/// The share of the samples that validates, where a job does not say.
const VALIDATION: f64 = 0.2;

impl CohortSpec for LassoJob {
    type Options = FitOptions;

    const SEMANTICS: u32 = FIT_SEMANTICS;

    const PASSING_SUMS: bool = true;

    fn place(&mut self) -> Place<'_> {
        Place { cohort: &mut self.cohort, out: &mut self.out, overwrite: self.overwrite }
    }

    fn files(&mut self) -> Vec<&mut InputFile> {
        let mut files = trait_inputs::files(&mut self.traits, &mut self.selection);
        let columns = [&mut self.split, &mut self.weights, &mut self.population];
        files.extend(columns.into_iter().flatten().filter_map(|column| column.file.as_mut()));
        files.extend(self.penalty_factors.as_mut());
        files
    }

    fn options(&self, stage: &Stager<'_>) -> Result<FitOptions, ServerError> {
        let input =
            trait_inputs::input(self.traits.as_ref(), self.selection.as_ref(), LIMITS_OF_FITS, stage)?;
        let phenotypes = &input.phenotypes.file;
        let file = |used_as: &str, file: Option<&InputFile>| trait_inputs::optional(stage, used_as, file);
        let column = |used_as: &str, column: Option<&WireColumn>| {
            let Some(column) = column else { return Ok(None) };
            let file = file(used_as, column.file.as_ref())?.unwrap_or_else(|| phenotypes.clone());
            Ok::<_, ServerError>(Some(SampleColumn { file, column: column.column.clone() }))
        };
        let population = population(self, column("population", self.population.as_ref())?)?;
        Ok(FitOptions {
            split: split(self, column("split", self.split.as_ref())?)?,
            weights: column("weights", self.weights.as_ref())?,
            population,
            penalty_factors: file("penalty_factors", self.penalty_factors.as_ref())?,
            path: path(self),
            refit: self.refit,
            seed: self.seed.unwrap_or(FitOptions::new(phenotypes).seed),
            input,
        })
    }

    fn solve(
        job: &CohortJob<FitOptions>,
        engine: &dyn Engine,
        passes: &Arc<dyn PassProgress>,
        told: &mut Told,
    ) -> Result<Solved, EngineError> {
        fit_cohort(job, engine, passes, told).map(|report| Solved::of(report.record))
    }
}

fn population(
    job: &LassoJob,
    column: Option<SampleColumn>,
) -> Result<Option<PopulationOptions>, ServerError> {
    let (weights, specific) = (job.population_weights.parse()?, job.shared_plus_specific);
    if column.is_none() && !(job.population_weights.is_empty() && specific.is_none()) {
        let problem = "there are settings for populations and no column of them";
        return Err(refuse("population", problem, "name the column of populations"));
    }
    Ok(column.map(|column| PopulationOptions { column, weights, specific }))
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
