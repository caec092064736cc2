//! A fitting job from its plan to its committed result.

use std::{collections::BTreeMap, path::PathBuf, time::Instant};
use steppe_engine::EngineError;

use serde_json::json;
use steppe_fit::GenotypeMatrix;
use steppe_genome::{GenomeBuild, VariantTable};
use steppe_store::Location;

use super::{
    FitObserver, SamplePlan, VariantPlan,
    checkpoint_file::CheckpointFolder,
    evaluation::{MetricRow, evaluate},
    outputs::{Results, final_point},
    pages::TraitPage,
    parameters::parameters,
    record::{Beginning, FitRecord},
    solve::{Fitted, Outcomes, Solver},
};

/// Changes when the same inputs may give other bits.
pub const FIT_SEMANTICS: u32 = 2;

/// Where a job's cohort is from, and where its result goes.
#[derive(Debug, Clone)]
pub struct FitRequest {
    /// The cohort's location, as the record names it.
    pub cohort: String,
    /// The hash of the cohort's manifest.
    pub digest: String,
    /// The build of the cohort's positions.
    pub genome_build: Option<GenomeBuild>,
    /// The folder of the result.
    pub out: Location,
    /// Replace a result of other inputs.
    pub overwrite: bool,
    /// Where a result that goes to an object store is staged; by default the system's temporary folder.
    pub scratch: Option<PathBuf>,
    /// Where checkpoints lie; by default beside a local result, else in the system's temporary folder. An association
    /// keeps none by default.
    pub checkpoints: Option<Location>,
}

impl FitRequest {
    /// A job that reads results of others, and no cohort.
    pub fn without_cohort(out: &Location, overwrite: bool, scratch: Option<PathBuf>) -> Self {
        Self {
            cohort: String::new(),
            digest: String::new(),
            genome_build: None,
            out: out.clone(),
            overwrite,
            scratch,
            checkpoints: None,
        }
    }
}

/// A job with its identity.
#[derive(Debug)]
pub struct FitJob<'a> {
    request: &'a FitRequest,
    plan: &'a SamplePlan,
    record: FitRecord,
}

/// What a job did.
#[derive(Debug, Clone)]
pub struct FitReport {
    /// The result was there already.
    pub reused: bool,
    /// The content of its `run.json`.
    pub record: FitRecord,
    /// Metrics at the chosen lambdas; empty where the result was there already.
    pub metrics: Vec<MetricRow>,
}

impl<'a> FitJob<'a> {
    /// Gives a plan its identity: the cohort, the parameters, and the content of every input file.
    pub fn describe(request: &'a FitRequest, plan: &'a SamplePlan, cohort_samples: u64) -> Self {
        let traits: Vec<&str> = plan.traits.iter().map(|of| of.name.as_str()).collect();
        let record = FitRecord::begin(Beginning {
            kind: "fit",
            identity: json!(["lasso", traits, plan.covariate_names]),
            semantics: FIT_SEMANTICS,
            request,
            cohort_samples,
            parameters: parameters(&plan.options),
            inputs: &plan.inputs,
            unknown_selected: plan.unknown_selected,
            samples: &plan.counts,
            notices: &plan.notices,
        });
        Self { request, plan, record }
    }

    /// The job's identity.
    pub fn id(&self) -> &str {
        &self.record.job
    }

    /// The result of an earlier run of the same job; `None` where nothing is in the way.
    ///
    /// # Errors
    /// Something else lies where the result shall go.
    pub fn existing(&self) -> Result<Option<FitReport>, EngineError> {
        let earlier = self.record.earlier(self.request)?;
        if earlier.is_some() {
            // A run that was killed right after its result was there left them.
            self.checkpoints().remove()?;
        }
        Ok(earlier.map(|record| FitReport { reused: true, record, metrics: Vec::new() }))
    }

    fn checkpoints(&self) -> CheckpointFolder {
        CheckpointFolder::of(&self.request.out, &self.record.job, self.request.checkpoints.as_ref())
    }

    /// Fits, writes the result and makes it visible in one step. A run that was stopped is gone on with, from the last
    /// checkpoint, to the same files.
    ///
    /// The matrix has the plan's samples in order and the variants of the table; its counts are over the plan's reference
    /// samples. Its means and the filters by frequency are those of the training samples in a refit too.
    ///
    /// # Errors
    /// A pass failed, the caller cancelled, no trait could be fitted, or the result could not be written.
    pub fn run(
        mut self,
        matrix: &dyn GenotypeMatrix,
        table: &dyn VariantTable,
        variants: &VariantPlan,
        observer: &mut dyn FitObserver,
    ) -> Result<FitReport, EngineError> {
        let started = Instant::now();
        let (request, plan) = (self.request, self.plan);
        if matrix.samples() != plan.samples.len() || matrix.variants() != variants.penalty_factors.len() {
            return Err(EngineError::Internal("the matrix is not that of the plan"));
        }
        self.record.cohort.variants = table.len() as u64;
        self.record.variants = variants.counts.clone();
        for notice in &plan.notices {
            observer.notice(notice);
        }
        let checkpoints = self.checkpoints();
        let mut solver =
            Solver { plan, matrix, variants, checkpoints: &checkpoints, observer, notices: Vec::new() };
        let (fitted, failed) = sort_outcomes(plan, solver.choose()?)?;
        let mut notices = std::mem::take(&mut solver.notices);
        notices.extend(notices_of(plan, &fitted, &failed));
        notices.iter().for_each(|notice| observer.notice(notice));
        self.record.notices.extend(notices);
        self.record.timing("fit", started);
        let evaluating = Instant::now();
        let mut metrics = Vec::new();
        for of in &fitted {
            metrics.extend(evaluate(plan, matrix, of)?);
        }
        self.record.timing("evaluate", evaluating);
        let folder = self.record.stage(request)?;
        let results = Results {
            plan,
            variants: table,
            build: request.genome_build,
            fitted: &fitted,
            failed: &failed,
            metrics: &metrics,
        };
        let written = results.write(folder.path())?;
        (self.record.outputs, self.record.traits) = (written.outputs, written.traits);
        self.record.timing("total", started);
        for of in &fitted {
            let page = TraitPage {
                plan,
                matrix,
                variants: table,
                fitted: of,
                metrics: &metrics,
                record: &self.record,
            };
            let pages = page.write(folder.path())?;
            self.record.outputs.extend(pages);
        }
        let (record, reused) = self.record.commit(folder, request)?;
        checkpoints.remove()?;
        Ok(FitReport { reused, record, metrics })
    }
}

/// Models, and why traits have none; refuses a job without any model.
fn sort_outcomes(
    plan: &SamplePlan,
    outcomes: Outcomes,
) -> Result<(Vec<Fitted>, BTreeMap<usize, String>), EngineError> {
    let (mut fitted, mut failed) = (Vec::new(), BTreeMap::new());
    for (at, outcome) in outcomes {
        match outcome {
            Ok(of) => fitted.push(of),
            Err(problem) => {
                failed.insert(at, problem);
            }
        }
    }
    match failed.first_key_value() {
        Some((at, problem)) if fitted.is_empty() => {
            let (problem, remedy) = problem.split_once("; ").unwrap_or((problem, "leave the trait out"));
            Err(EngineError::refused(format!("trait '{}': {problem}", plan.traits[*at].name), remedy))
        }
        _ => Ok((fitted, failed)),
    }
}

/// What the user should know of the models.
fn notices_of(plan: &SamplePlan, fitted: &[Fitted], failed: &BTreeMap<usize, String>) -> Vec<String> {
    let name = |at: usize| &plan.traits[at].name;
    let mut notices: Vec<String> =
        failed.iter().map(|(at, problem)| format!("trait '{}': {problem}", name(*at))).collect();
    for of in fitted {
        let path = of.refit.as_ref().unwrap_or(&of.path);
        for covariate in &path.dropped_covariates {
            notices.push(format!(
                "trait '{}': covariate {} is a combination of earlier ones and was left out",
                name(of.at),
                plan.covariate_names[*covariate]
            ));
        }
        if final_point(of).is_some_and(|point| point.coefficients.is_empty()) {
            notices.push(format!(
                "trait '{}': the best model has no variant: covariates alone predict the validation samples best, and \
                 there is no scoring file",
                name(of.at)
            ));
        }
    }
    notices
}
