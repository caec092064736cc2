//! A fitting job from its plan to its committed result.

use std::{
    collections::BTreeMap,
    path::PathBuf,
    time::{Instant, SystemTime, UNIX_EPOCH},
};
use steppe_engine::{
    EngineError,
    output::{CohortRecord, Existing, ResultFolder, existing},
};

use serde_json::{Map, json};
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
    record::{FitRecord, VariantCounts},
    solve::{Fitted, Outcomes, Solver},
};

/// Changes when the same inputs may give other bits.
const FIT_SEMANTICS: u32 = 1;

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
    /// Where checkpoints lie; by default beside a local result, else in the system's temporary folder.
    pub checkpoints: Option<Location>,
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
        let parameters = parameters(&plan.options);
        let hashes: Vec<(&str, &str)> =
            plan.inputs.iter().map(|input| (input.role.as_str(), input.blake3.as_str())).collect();
        let traits: Vec<&str> = plan.traits.iter().map(|of| of.name.as_str()).collect();
        let columns = (traits, &plan.covariate_names);
        let identity = json!(["fit lasso", FIT_SEMANTICS, request.digest, parameters, hashes, columns]);
        let record = FitRecord {
            kind: "fit".to_owned(),
            job: blake3::hash(identity.to_string().as_bytes()).to_hex().to_string(),
            steppe_version: env!("CARGO_PKG_VERSION").to_owned(),
            kernel_semantics: FIT_SEMANTICS,
            finished_unix: 0,
            cohort: CohortRecord {
                location: request.cohort.clone(),
                digest: request.digest.clone(),
                genome_build: request.genome_build.map_or_else(String::new, |build| build.to_string()),
                samples: cohort_samples,
                samples_kept: plan.samples.len() as u64,
                variants: 0,
            },
            parameters,
            inputs: plan.inputs.clone(),
            unknown_selected: plan.unknown_selected,
            samples: plan.counts.clone(),
            variants: VariantCounts::default(),
            traits: Vec::new(),
            notices: plan.notices.clone(),
            outputs: Vec::new(),
            timings: Map::new(),
        };
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
        let request = self.request;
        Ok(match existing(&request.out, &self.record.job, request.overwrite)? {
            Existing::Same(record) => Some(FitReport { reused: true, record: *record, metrics: Vec::new() }),
            Existing::Absent => None,
        })
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
        let checkpoints = CheckpointFolder::of(&request.out, &self.record.job, request.checkpoints.as_ref());
        let mut solver =
            Solver { plan, matrix, variants, checkpoints: &checkpoints, observer, notices: Vec::new() };
        let (fitted, failed) = sort_outcomes(plan, solver.choose()?)?;
        let mut notices = std::mem::take(&mut solver.notices);
        notices.extend(notices_of(plan, &fitted, &failed));
        notices.iter().for_each(|notice| observer.notice(notice));
        self.record.notices.extend(notices);
        self.timing("fit", started);
        let evaluating = Instant::now();
        let mut metrics = Vec::new();
        for of in &fitted {
            metrics.extend(evaluate(plan, matrix, of)?);
        }
        self.timing("evaluate", evaluating);
        let folder = ResultFolder::stage(
            &request.out,
            &self.record.job,
            request.overwrite,
            request.scratch.as_deref(),
        )?;
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
        self.timing("total", started);
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
        let report = self.commit(folder, metrics)?;
        checkpoints.remove()?;
        Ok(report)
    }

    fn commit(mut self, folder: ResultFolder, metrics: Vec<MetricRow>) -> Result<FitReport, EngineError> {
        self.record.finished_unix =
            SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
        match folder.commit(&self.record) {
            Ok(()) => Ok(FitReport { reused: false, record: self.record, metrics }),
            // Another run of the same job may have been faster.
            Err(error @ EngineError::Occupied { .. }) => {
                match existing(&self.request.out, &self.record.job, false)? {
                    Existing::Same(record) => Ok(FitReport { reused: true, record: *record, metrics }),
                    Existing::Absent => Err(error),
                }
            }
            Err(error) => Err(error),
        }
    }

    /// Notes how long a stage took.
    fn timing(&mut self, stage: &str, since: Instant) {
        let seconds = (since.elapsed().as_secs_f64() * 1e6).round() / 1e6;
        self.record.timings.insert(stage.to_owned(), json!(seconds));
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
