//! A calibration from its files to the committed folder.

use std::{sync::Arc, time::Instant};

use serde_json::json;
use steppe_calibrate::{
    model::ScoreModel,
    risk::{Kept, PopulationRisk},
};
use steppe_engine::{Engine, EngineError, PassProgress};

use super::{
    super::{
        StepObserver,
        job::FitRequest,
        record::{Beginning, SampleCounts},
    },
    CalibrateOptions, CalibrationRecord, PopulationCalibration, ScoreModelRecord,
    fit::{Fit, Fitted, Taught},
    people::Everybody,
    rates, report,
    sources::Sources,
    stored, tables,
};

/// Changes when the same inputs may give other bits.
pub const CALIBRATION_SEMANTICS: u32 = 3;

/// What a calibration made.
#[derive(Debug, Clone)]
pub struct CalibrationReport {
    /// The result was there already.
    pub reused: bool,
    /// The content of its `run.json`.
    pub record: CalibrationRecord,
}

/// Fits the model, applies it to the cohort, and commits the folder of the request, which is one without a cohort; a result
/// of the same calibration that is there already is given back as it is.
///
/// # Errors
/// Input that can not be used, a result of other inputs in the way, or the observer asks to stop. What can not be fitted
/// of a score is no error but told in the record.
pub fn calibrate_scores(
    options: &CalibrateOptions,
    request: &FitRequest,
    (engine, progress): (&dyn Engine, &Arc<dyn PassProgress>),
    observer: &mut dyn StepObserver,
) -> Result<CalibrationReport, EngineError> {
    let started = Instant::now();
    options.check()?;
    let mut everybody = Everybody::read(options)?;
    check_trained_on(options, &everybody)?;
    let rates = options.rates.as_deref().map(rates::read).transpose()?;
    let sources = options.sources.as_ref();
    let prepare = |of| Sources::prepare(of, options.copied_inputs, &everybody, progress.as_ref());
    let sources = sources.map(prepare).transpose()?;
    if let Some(sources) = &sources {
        everybody.inputs.extend(sources.inputs.iter().cloned());
        everybody.notices.extend(sources.notices.iter().cloned());
    }
    let counted_in = sources.as_ref().map(Sources::digest);
    let mut record = begin(options, &everybody, counted_in, request);
    if let Some(record) = record.earlier(request)? {
        return Ok(CalibrationReport { reused: true, record });
    }
    let moments = sources.map(|of| of.moments(&everybody, engine, progress)).transpose()?;
    let scores = everybody.names.len() + usize::from(options.combine);
    observer.stage("calibrating scores", scores as u64);
    let fit = Fit { options, everybody: &everybody, rates, moments };
    let fitted = fit.run(&mut |done| {
        observer.done(done as u64);
        !observer.cancelled()
    })?;
    record.traits = records(&everybody, &fitted);
    let left_out = left_out(&record.traits);
    record.notices.extend(left_out);
    record.notices.extend(fitted.ages.notices());
    record.notices.iter().for_each(|notice| observer.notice(notice));
    let folder = record.stage(request)?;
    let terms = everybody.terms(options);
    record.outputs.push(stored::write(folder.path(), &fitted.model, terms, &everybody.ground)?);
    let (target, spans) = (everybody.target, &fitted.ages.spans);
    let (rows, people) = tables::write_people(
        folder.path(),
        &fitted.model,
        &everybody.cohort,
        (target, spans),
        &fitted.scores,
    )?;
    record.outputs.extend(people);
    record.outputs.extend(tables::write_risks(folder.path(), &record.traits)?);
    record.timing("total", started);
    observer.stage("writing the report", 0);
    let page = report::Told { everybody: &everybody, fitted: &fitted, rows: &rows, record: &record };
    let pages = page.write(folder.path())?;
    record.outputs.extend(pages);
    let (record, reused) = record.commit(folder, request)?;
    Ok(CalibrationReport { reused, record })
}

/// What could not be fitted, and why not.
fn left_out(scores: &[ScoreModelRecord]) -> Vec<String> {
    let of_score = |score: &ScoreModelRecord| {
        let told =
            |(part, why): &(String, String)| format!("score {}: {part} is left out: {why}", score.name);
        score.left_out.iter().map(told).collect::<Vec<_>>()
    };
    scores.iter().flat_map(of_score).collect()
}

fn begin(
    options: &CalibrateOptions,
    everybody: &Everybody,
    counted_in: Option<&str>,
    request: &FitRequest,
) -> CalibrationRecord {
    let mut parameters = options.parameters();
    parameters.insert("reference_cohort".to_owned(), json!(counted_in));
    let people = everybody.cohort.people.population.len() as u64;
    let count = |at: usize| everybody.cohort.people.population.iter().filter(|of| **of == at).count() as u64;
    let populations = everybody.populations.iter().enumerate().map(|(at, name)| (name.clone(), count(at)));
    CalibrationRecord::begin(Beginning {
        kind: "calibrate",
        identity: json!([everybody.names, everybody.cohort.outcome.as_ref().map(|(name, _)| name)]),
        semantics: CALIBRATION_SEMANTICS,
        request,
        cohort_samples: people,
        parameters,
        inputs: &everybody.inputs,
        unknown_selected: everybody.unknown_selected,
        samples: &SampleCounts {
            used: people,
            populations: populations.collect(),
            ..SampleCounts::default()
        },
        notices: &everybody.notices,
    })
}

fn check_trained_on(options: &CalibrateOptions, everybody: &Everybody) -> Result<(), EngineError> {
    let (given, scores) = (options.trained_on.len(), everybody.names.len());
    if given == 0 || given == scores {
        return Ok(());
    }
    Err(EngineError::refused(
        format!("{given} numbers of people for {scores} scores ({})", everybody.names.join(", ")),
        "give --trained-on a number for each score, in their order",
    ))
}

fn records(everybody: &Everybody, fitted: &Fitted) -> Vec<ScoreModelRecord> {
    let weights = fitted.model.combination.as_ref().map(|of| &of.scores);
    let record = |(at, (model, taught)): (usize, (&ScoreModel, &Taught))| ScoreModelRecord {
        name: model.name.clone(),
        reference: everybody.reference.population.len() as u64,
        own_cohort: taught.own_cohort as u64,
        phenotyped: taught.phenotyped as u64,
        cases: taught.cases.map(|cases| cases as u64),
        stacked_weight: weights.and_then(|weights| weights.get(at).copied()),
        populations: model.risk.as_ref().map_or_else(Vec::new, |risk| {
            let named = everybody.populations.iter().zip(&risk.recalibration.populations);
            named.map(|(name, of)| of_population(name, of)).collect()
        }),
        left_out: model.left_out.iter().map(|of| (of.part.clone(), of.reason.clone())).collect(),
    };
    fitted.model.scores.iter().zip(&fitted.taught).enumerate().map(record).collect()
}

fn of_population(name: &str, of: &PopulationRisk) -> PopulationCalibration {
    let coefficient = |at: usize| of.coefficients.mean[at];
    let error = |at: usize| of.coefficients.covariance[(at, at)].sqrt();
    PopulationCalibration {
        population: name.to_owned(),
        people: of.people as u64,
        cases: of.cases as u64,
        intercept: coefficient(0),
        intercept_error: error(0),
        slope: coefficient(1),
        slope_error: error(1),
        kept: match of.kept {
            Kept::Calibrated => "calibrated",
            Kept::Uncalibrated => "uncalibrated",
            Kept::Unchecked => "unchecked",
        }
        .to_owned(),
        log_loss: of.validation.map(|found| [found.uncalibrated, found.calibrated]),
        known_prevalence: of.known.map(|known| known.prevalence),
    }
}
