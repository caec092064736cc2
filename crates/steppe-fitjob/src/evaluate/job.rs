//! An evaluation from its files to its committed tables.

use std::{path::PathBuf, time::Instant};

use serde_json::json;
use steppe_calibrate::evaluate::{Evaluation, Outcome, Status, Warning, evaluate};
use steppe_engine::EngineError;
use steppe_fit::FitError;
use steppe_store::Location;

use super::{
    super::{StepObserver, calibrated::refused, job::FitRequest, phenotypes::TraitValues, record::Beginning},
    EvaluateOptions, EvaluationRecord, EvaluationTraitRecord,
    input::Evaluated,
    tables,
};

/// Changes when the same inputs may give other bits.
const EVALUATION_SEMANTICS: u32 = 2;

/// What an evaluation found.
#[derive(Debug, Clone)]
pub struct EvaluationReport {
    /// The result was there already.
    pub reused: bool,
    /// The content of its `run.json`.
    pub record: EvaluationRecord,
    /// What was found, by trait; empty where the result was there already.
    pub evaluations: Vec<(String, Evaluation)>,
}

/// Evaluates scores, on the threads of the caller's pool, and commits the tables. All input is read and checked first; a
/// result of the same evaluation that is there already is given back as it is.
///
/// # Errors
/// Input that can not be used, a result of other inputs in the way, or the observer asks to stop.
pub fn evaluate_scores(
    options: &EvaluateOptions,
    out: &Location,
    overwrite: bool,
    scratch: Option<PathBuf>,
    observer: &mut dyn StepObserver,
) -> Result<EvaluationReport, EngineError> {
    let started = Instant::now();
    let evaluated = Evaluated::read(options)?;
    let request = FitRequest::without_cohort(out, overwrite, scratch);
    let mut record = begin(options, &evaluated, &request);
    if let Some(record) = record.earlier(&request)? {
        return Ok(EvaluationReport { reused: true, record, evaluations: Vec::new() });
    }
    observer.stage("evaluating scores", evaluated.traits.len() as u64);
    let mut evaluations = Vec::new();
    for (done, (name, values)) in evaluated.traits.iter().enumerate() {
        if observer.cancelled() {
            return Err(FitError::Cancelled.into());
        }
        let (of_trait, evaluation) = one(name, values, &evaluated, options)?;
        record.traits.push(of_trait);
        if let Some(evaluation) = evaluation {
            evaluations.push((name.clone(), evaluation));
        }
        observer.done(done as u64 + 1);
    }
    record.notices.extend(notices(&record.traits, &evaluations));
    record.notices.iter().for_each(|notice| observer.notice(notice));
    let folder = record.stage(&request)?;
    record.outputs = tables::write(folder.path(), &evaluations)?;
    record.timing("total", started);
    let (record, reused) = record.commit(folder, &request)?;
    Ok(EvaluationReport { reused, record, evaluations })
}

fn begin(options: &EvaluateOptions, evaluated: &Evaluated, request: &FitRequest) -> EvaluationRecord {
    EvaluationRecord::begin(Beginning {
        kind: "evaluate",
        identity: json!(evaluated.names()),
        semantics: EVALUATION_SEMANTICS,
        request,
        cohort_samples: 0,
        parameters: options.parameters(),
        inputs: &evaluated.inputs,
        unknown_selected: evaluated.unknown_selected,
        samples: &evaluated.counts,
        notices: &evaluated.notices,
    })
}

/// Evaluates all scores against one trait.
fn one(
    name: &str,
    values: &TraitValues,
    evaluated: &Evaluated,
    options: &EvaluateOptions,
) -> Result<(EvaluationTraitRecord, Option<Evaluation>), EngineError> {
    let named = |family: &str| EvaluationTraitRecord {
        name: name.to_owned(),
        family: family.to_owned(),
        ..Default::default()
    };
    let numbers: Vec<f64>;
    let (outcome, mut record) = match values {
        TraitValues::Gaussian(values) => {
            numbers = values.iter().map(|value| value.unwrap_or(f64::NAN)).collect();
            (Outcome::Quantitative(&numbers), named("gaussian"))
        }
        TraitValues::Binomial(values) => (Outcome::Binary(values), named("binomial")),
        TraitValues::Cox(values) => (Outcome::Survival(values), named("cox")),
        TraitValues::Categorical => {
            let problem = "its values are categories; leave it out, or recode it as numbers";
            let problem = Some(problem.to_owned());
            return Ok((EvaluationTraitRecord { problem, ..named("categorical") }, None));
        }
    };
    let evaluation = evaluated
        .with_trait(outcome, &options.risks, |input| evaluate(input, &options.evaluation))
        .map_err(|error| refused(&error))?;
    let of_status = |status| evaluation.metrics.iter().filter(|row| row.status == status).count() as u64;
    if let Some(first) = evaluation.groups.first() {
        record.samples = first.n as u64;
        record.cases = first.cases.map(|cases| cases as u64);
    }
    record.metrics = evaluation.metrics.len() as u64;
    record.insufficient = of_status(Status::Insufficient);
    record.undefined = of_status(Status::Undefined);
    Ok((record, Some(evaluation)))
}

fn notices(traits: &[EvaluationTraitRecord], evaluations: &[(String, Evaluation)]) -> Vec<String> {
    let problems = traits.iter().filter_map(|of| {
        let problem = of.problem.as_ref()?;
        Some(format!("trait '{}': {problem}", of.name))
    });
    let warnings = evaluations.iter().flat_map(|(name, evaluation)| {
        evaluation.warnings.iter().map(move |warning| format!("trait '{name}': {}", said(warning)))
    });
    problems.chain(warnings).collect()
}

fn said(warning: &Warning) -> String {
    match warning {
        Warning::ClassImbalance { group, cases, controls } => format!(
            "{group}: {cases} cases and {controls} controls: accuracies and predictive values say little by themselves"
        ),
        Warning::OneClass { group } => format!("{group}: cases only, or controls only"),
        Warning::ConstantPrediction { group, model } => format!("{group}: {model} is the same for all"),
        Warning::NoValues { group, model } => {
            format!("{group}: nobody has a value of {model}; the others are evaluated without it")
        }
        Warning::UnusedCovariate { group, covariate } => {
            format!("{group}: covariate {covariate} is constant or a combination of others, and was left out")
        }
        Warning::Relatives { group, people } => format!(
            "{group}: {people} people have relatives here: trust the bootstrap's intervals, the others take people as \
             independent"
        ),
        Warning::NoPopulation { people } => format!("{people} people have no population"),
        Warning::NoDistance { people } => format!("{people} people have no genetic distance"),
        Warning::UnusedPrevalence { population } => {
            format!("a prevalence is given for population {population}, which nobody is of")
        }
    }
}
