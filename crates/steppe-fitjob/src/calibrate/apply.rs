//! A calibration applied to other people, as soon as they are scored.

use std::{path::Path, sync::Arc};

use nalgebra::DMatrix;
use serde_json::json;
use steppe_calibrate::projection::LEAST_SHARED;
use steppe_engine::{
    Engine, EngineError, PassProgress,
    output::{RunRecord, ScoreReport, ScoreRequest, ScoreSequel, SequelOutputs, SequelPlan, score_and},
    score::ScoreJob,
};
use steppe_store::SampleTable;

use super::{
    super::{
        ancestry::{Found, Shared},
        calibrated::failed,
        cohort_job::Passes,
        inputs::Inputs,
        score_table::ScoreTable,
    },
    ApplyOptions,
    fit::stacked,
    known::{Known, scores_to_apply},
    people::{Cohort, People, of_rows},
    stored::StoredModel,
    tables::{Row, write_people},
};

/// Changes when the same inputs may give other bits.
pub const APPLICATION_SEMANTICS: u32 = 3;

/// Scores a cohort, and says of everyone what the scores mean by a calibration: `calibrated.tsv` and `calibrated.parquet`
/// in the scores' folder, with the columns of the calibration's own. A cohort of one person works, and nobody's numbers
/// depend on who else is there.
///
/// # Errors
/// As [`steppe_engine::output::score`]; before any genotype is read: no calibration, another build, other weights than those
/// that were calibrated, fewer than 200 shared variants, missing covariates, a population that the calibration lacks.
pub fn score_calibrated(
    request: &ScoreRequest,
    options: &ApplyOptions,
    engine: &dyn Engine,
    progress: &Arc<dyn PassProgress>,
) -> Result<ScoreReport, EngineError> {
    let mut applying = Applying { of: Calibrating::open(options, engine, progress)?, ready: None };
    score_and(request, engine, progress, &mut applying)
}

/// A calibration, and how people of a cohort are placed by it.
pub(super) struct Calibrating<'a> {
    options: &'a ApplyOptions,
    pub(super) stored: StoredModel,
    pub(super) inputs: Inputs,
    engine: &'a dyn Engine,
    progress: &'a Arc<dyn PassProgress>,
}

/// What is known of some people before any genotype is read.
pub(super) struct Ready {
    pub(super) shared: Shared,
    /// Their indices in the cohort, and who they are.
    taking: Vec<u32>,
    samples: SampleTable,
    known: Known,
}

/// Said where a model has rates by age.
const NO_ABSOLUTE: &str = "absolute risks between two ages are computed by steppe calibrate alone: these people get risks without ages";

/// A calibration while people are scored.
struct Applying<'a> {
    of: Calibrating<'a>,
    ready: Option<Ready>,
}

impl ScoreSequel for Applying<'_> {
    fn prepare(&mut self, job: &ScoreJob) -> Result<SequelPlan, EngineError> {
        let all = job.kept().iter().enumerate().filter(|(_, kept)| **kept);
        let mut notices = scores_to_apply(&self.of.stored, job)?;
        let ready = self.of.ready(job, all.map(|(sample, _)| sample).collect())?;
        notices.extend(ready.shared.notices());
        self.ready = Some(ready);
        let options = self.of.options;
        let parameters = [
            ("calibration_semantics", json!(APPLICATION_SEMANTICS)),
            ("calibration_population", json!(options.population.as_ref().map(|of| &of.column))),
            ("calibration_target", json!(options.target)),
        ];
        Ok(SequelPlan {
            inputs: std::mem::take(&mut self.of.inputs).into_records(job.options.copied_inputs),
            parameters: parameters.into_iter().map(|(name, value)| (name.to_owned(), value)).collect(),
            notices,
        })
    }

    fn write(&mut self, job: &ScoreJob, _: &RunRecord, folder: &Path) -> Result<SequelOutputs, EngineError> {
        let Some(ready) = self.ready.take() else {
            return Err(EngineError::Internal("a calibration that was not prepared"));
        };
        let found = self.of.place(job, &ready)?;
        let scores = self.of.scores(folder, ready.taking.len())?;
        let cohort = self.of.cohort(found, ready)?;
        self.of.progress.stage("applying the calibration", 0);
        let StoredModel { model, target, .. } = &self.of.stored;
        let (rows, outputs) = write_people(folder, model, &cohort, (*target, &[]), &scores)?;
        let mut notices = told(&cohort, &rows);
        if model.scores.iter().any(|of| of.risk.as_ref().is_some_and(|risk| risk.absolute.is_some())) {
            notices.push(NO_ABSOLUTE.to_owned());
        }
        Ok(SequelOutputs { outputs, notices })
    }
}

/// The reference of a calibration as a cohort has it.
fn shared(stored: &StoredModel, job: &ScoreJob) -> Result<Shared, EngineError> {
    let build = job.cohort.manifest().genome_build()?.to_string();
    let of = &stored.reference.genome_build;
    if build != *of {
        return Err(EngineError::refused(
            format!("the calibration is on {of} and the cohort on {build}"),
            "lift the cohort over, or calibrate on its build",
        ));
    }
    let shared = Shared::new(&stored.reference, &job.cohort, &job.cohort.variants()?)?;
    if shared.variants.len() < LEAST_SHARED {
        return Err(EngineError::refused(
            format!(
                "{} of the {} variants of the calibration's components are in the cohort, and at least {LEAST_SHARED} are \
                 needed",
                shared.variants.len(),
                stored.reference.pca.scale.len()
            ),
            "check build and ids, or calibrate with components on variants that both cohorts have (steppe pca \
             --shared-with)",
        ));
    }
    Ok(shared)
}

impl<'a> Calibrating<'a> {
    /// Reads the calibration.
    pub(super) fn open(
        options: &'a ApplyOptions,
        engine: &'a dyn Engine,
        progress: &'a Arc<dyn PassProgress>,
    ) -> Result<Self, EngineError> {
        let mut inputs = Inputs::default();
        let stored = StoredModel::read(&options.calibration, &mut inputs)?;
        Ok(Self { options, stored, inputs, engine, progress })
    }

    /// Checks the reference against the cohort of a scoring job, and reads what it takes to know of some people of it.
    pub(super) fn ready(&mut self, job: &ScoreJob, rows: Vec<usize>) -> Result<Ready, EngineError> {
        let shared = shared(&self.stored, job)?;
        let samples = of_rows(&job.samples, &rows);
        let known = Known::read(self.options, &self.stored, &samples, &mut self.inputs)?;
        let taking = rows.into_iter().map(|row| row as u32).collect();
        Ok(Ready { shared, taking, samples, known })
    }

    /// Places people against the reference, as the calibration's own people were.
    pub(super) fn place(&self, job: &ScoreJob, ready: &Ready) -> Result<Found, EngineError> {
        let reference = &self.stored.reference;
        let Some(populations) = &reference.populations else {
            return Err(EngineError::Internal("a calibration whose reference has no populations"));
        };
        let passes = Passes {
            engine: self.engine,
            progress: self.progress,
            level: job.options.level,
            threads: job.options.threads,
        };
        // Projection uses the reference's means: nobody here counts.
        let nobody = vec![false; ready.taking.len()];
        passes.over(&job.cohort, (&ready.taking, &nobody), |matrix| {
            Found::of(matrix, &ready.shared, (reference, populations), &self.stored.ancestry).map_err(failed)
        })
    }

    /// The model's scores of everyone, the stacked one last; NaN where a score was not computed.
    fn scores(&self, folder: &Path, people: usize) -> Result<Vec<Vec<f64>>, EngineError> {
        let table = ScoreTable::being_written(folder)?;
        if table.samples.len() != people {
            return Err(EngineError::Internal("scores of other people than those who were placed"));
        }
        let of = |name: &str| {
            let score = table.scores.iter().find(|score| score.name == name);
            score.map_or_else(|| vec![f64::NAN; people], |score| score.values.clone())
        };
        let mut scores: Vec<Vec<f64>> = self.stored.score_names().map(of).collect();
        if let Some(combination) = &self.stored.model.combination {
            scores.push(stacked(combination, &scores)?);
        }
        Ok(scores)
    }

    /// The people as a calibration sees them.
    pub(super) fn cohort(&self, found: Found, ready: Ready) -> Result<Cohort, EngineError> {
        let stored = &self.stored;
        let populations = &stored.model.populations;
        let place = |name: &String| populations.iter().position(|there| there == name);
        let lost = || EngineError::Internal("a population of the reference that the calibration lacks");
        let similarity = found.similarity();
        let similar: Vec<usize> = similarity
            .most_similar
            .iter()
            .map(|of| place(&similarity.names[*of as usize]).ok_or_else(lost))
            .collect::<Result<_, _>>()?;
        let columns: Vec<usize> = populations[..stored.of_reference]
            .iter()
            .map(|name| found.admixture.names.iter().position(|there| there == name).ok_or_else(lost))
            .collect::<Result<_, _>>()?;
        let people = similar.len();
        let proportions = DMatrix::from_fn(people, columns.len(), |row, at| {
            found.admixture.proportions[(row, columns[at])]
        });
        let population = ready.known.population(&similar);
        let pcs = found.projection.scores.columns(0, stored.components).into_owned();
        Ok(Cohort {
            people: People { samples: ready.samples, pcs, scores: Vec::new(), population },
            similar,
            outside: found.outside.flagged,
            proportions,
            learns: vec![false; people],
            outcome: None,
            covariates: ready.known.covariates,
            age: None,
        })
    }
}

/// What the user should know of the people.
fn told(cohort: &Cohort, rows: &[Vec<Row>]) -> Vec<String> {
    let people = cohort.outside.len();
    let mut notices = Vec::new();
    let outside = cohort.outside.iter().filter(|outside| **outside).count();
    if outside > 0 {
        notices.push(format!("{outside} of {people} people lie outside of all populations of the reference"));
    }
    let extrapolated = rows.iter().flatten().filter(|row| row.extrapolated).count();
    if extrapolated > 0 {
        let all = rows.iter().flatten().count();
        notices.push(format!(
            "{extrapolated} of {all} adjusted scores are extrapolated: nobody like those people taught"
        ));
    }
    let incomplete =
        (0..people).filter(|row| cohort.covariates.iter().any(|of| !of.values[*row].is_finite()));
    match incomplete.count() {
        0 => {}
        count => notices.push(format!("{count} of {people} people lack a covariate: no risk, no interval")),
    }
    notices
}
