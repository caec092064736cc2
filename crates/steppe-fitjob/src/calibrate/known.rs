//! What has to be known before a calibration is applied: that it is of these scores, whose population people are, their
//! covariates.

use std::path::{Path, PathBuf};

use steppe_engine::{
    EngineError,
    score::{Gate, ScoreColumn, ScoreJob},
};
use steppe_store::SampleTable;

use super::{
    super::{
        columns::TextBySample,
        covariates::{Covariate, Covariates},
        inputs::Inputs,
        options::{CovariateOptions, PhenotypeSource, SampleColumn},
        score_table::ScoreOrigin,
    },
    stored::StoredModel,
};

/// A calibration, and what it takes to know of the people that it is applied to.
#[derive(Debug, Clone, Default)]
pub struct ApplyOptions {
    /// The folder that `steppe calibrate` wrote, or its `model.cbor`.
    pub calibration: String,
    /// A column of the people's populations; whoever has none belongs to the most similar one.
    pub population: Option<SampleColumn>,
    /// The population of everyone. The calibration's own cohort where it knew no other.
    pub target: Option<String>,
    /// A file with the covariates of the calibration.
    pub covariates: Option<PathBuf>,
}

impl ApplyOptions {
    /// Reads the calibration and checks what can be without a cohort.
    ///
    /// # Errors
    /// No calibration; a population that it lacks, or none where it tells populations apart; covariates that are missing
    /// or that it does not take.
    pub fn check(&self) -> Result<(), EngineError> {
        let stored = StoredModel::read(&self.calibration, &mut Inputs::default())?;
        Whose::of(self, &stored)?;
        covariate_file(self, &stored).map(drop)
    }
}

/// What is known of some people.
pub(super) struct Known {
    populations: Populations,
    pub(super) covariates: Vec<Covariate>,
}

enum Populations {
    /// Everyone's.
    One(usize),
    /// Each one's where it is known.
    Labels(Vec<Option<usize>>),
}

/// What says whose the people are.
enum Whose<'a> {
    /// All are of one population.
    One(usize),
    /// A column.
    Column(&'a SampleColumn),
}

impl<'a> Whose<'a> {
    fn of(options: &'a ApplyOptions, stored: &StoredModel) -> Result<Self, EngineError> {
        match (&options.population, &options.target) {
            (Some(column), None) => Ok(Self::Column(column)),
            (None, Some(name)) => Ok(Self::One(place(name, stored)?)),
            (None, None) if !stored.labelled => Ok(Self::One(stored.target)),
            (None, None) => Err(EngineError::refused(
                "the calibration tells populations apart, and nothing says whose these people are",
                format!(
                    "give --population FILE:COLUMN, or --target NAME where all are of one of {}",
                    stored.model.populations.join(", ")
                ),
            )),
            (Some(_), Some(_)) => Err(EngineError::refused(
                "a column of populations and one population for all are given",
                "give --population or --target",
            )),
        }
    }
}

impl Known {
    pub(super) fn read(
        options: &ApplyOptions,
        stored: &StoredModel,
        samples: &SampleTable,
        inputs: &mut Inputs,
    ) -> Result<Self, EngineError> {
        let populations = match Whose::of(options, stored)? {
            Whose::One(place) => Populations::One(place),
            Whose::Column(column) => Populations::Labels(labels(column, stored, samples, inputs)?),
        };
        Ok(Self { populations, covariates: covariates(options, stored, samples, inputs)? })
    }

    /// Everyone's population, by the most similar ones.
    pub(super) fn population(&self, similar: &[usize]) -> Vec<usize> {
        match &self.populations {
            Populations::One(place) => vec![*place; similar.len()],
            Populations::Labels(labels) => {
                labels.iter().zip(similar).map(|(label, similar)| label.unwrap_or(*similar)).collect()
            }
        }
    }
}

fn place(name: &str, stored: &StoredModel) -> Result<usize, EngineError> {
    let populations = &stored.model.populations;
    populations.iter().position(|there| there == name).ok_or_else(|| {
        EngineError::refused(
            format!("the calibration knows no population {name}"),
            format!(
                "name one of {}, or NA for people of another: they count as of the most similar one",
                populations.join(", ")
            ),
        )
    })
}

fn labels(
    column: &SampleColumn,
    stored: &StoredModel,
    samples: &SampleTable,
    inputs: &mut Inputs,
) -> Result<Vec<Option<usize>>, EngineError> {
    let read = TextBySample::read("population", column, samples, inputs)?;
    (0..samples.len()).map(|row| read.get(row).map(|name| place(name, stored)).transpose()).collect()
}

/// The file of covariates, which is there exactly where the calibration takes any.
fn covariate_file<'a>(
    options: &'a ApplyOptions,
    stored: &StoredModel,
) -> Result<Option<&'a Path>, EngineError> {
    let wanted = &stored.covariates;
    match (&options.covariates, wanted.is_empty()) {
        (Some(file), false) => Ok(Some(file)),
        (None, true) => Ok(None),
        (None, false) => Err(EngineError::refused(
            format!("the calibration's risks and intervals take covariates: {}", wanted.join(", ")),
            "give --covar FILE with columns of these names",
        )),
        (Some(_), true) => Err(EngineError::refused(
            "the calibration takes no covariates",
            "leave --covar out, or calibrate with covariates",
        )),
    }
}

fn covariates(
    options: &ApplyOptions,
    stored: &StoredModel,
    samples: &SampleTable,
    inputs: &mut Inputs,
) -> Result<Vec<Covariate>, EngineError> {
    let wanted = &stored.covariates;
    let Some(file) = covariate_file(options, stored)? else { return Ok(Vec::new()) };
    let named = CovariateOptions { file: file.to_owned(), names: wanted.clone(), categorical: Vec::new() };
    let missing_code = PhenotypeSource::new(file).missing_code;
    let read = Covariates::read(&named, missing_code, &[], samples, inputs)?;
    let columns = read.of(&(0..samples.len() as u32).collect::<Vec<_>>());
    if columns.iter().map(|of| &of.name).ne(wanted) {
        return Err(EngineError::refused(
            format!("{}: a covariate is no column of numbers", file.display()),
            "write categories as the calibration has them: a column of 0 and 1 for each, under its name there",
        ));
    }
    Ok(columns)
}

/// Checks that the scores of a job are those that were calibrated, and some are; what the user should know of them.
pub(super) fn scores_to_apply(stored: &StoredModel, job: &ScoreJob) -> Result<Vec<String>, EngineError> {
    let names: Vec<&str> = stored.score_names().collect();
    let mut notices = Vec::new();
    let mut applied = 0;
    for name in &names {
        let Some(column) = job.columns.iter().find(|column| column.name == *name) else {
            notices.push(format!("score {name} was calibrated, and no scoring file has it: it has no row"));
            continue;
        };
        notices.extend(score_to_apply(stored, job, column)?);
        if let Gate::Skip(reason) = &column.gate {
            notices.push(format!("score {name} has no calibrated row, since it is skipped: {reason}"));
        }
        applied += usize::from(column.gate == Gate::Pass);
    }
    if job.columns.iter().all(|column| !names.contains(&column.name.as_str())) {
        return Err(EngineError::refused(
            "none of the scores was calibrated",
            format!("give the scoring files of {}", names.join(", ")),
        ));
    }
    let others = job.columns.iter().filter(|column| !names.contains(&column.name.as_str())).count();
    if others > 0 {
        notices.push(format!("{others} scores were not calibrated: they are scored and nothing more"));
    }
    if stored.model.combination.is_some() && applied < names.len() {
        notices.push("no stacked score: it takes all scores that were calibrated".to_owned());
    }
    Ok(notices)
}

/// Checks that a score of a job is the one that was calibrated; what the user should know of it.
pub(super) fn score_to_apply(
    stored: &StoredModel,
    job: &ScoreJob,
    column: &ScoreColumn,
) -> Result<Vec<String>, EngineError> {
    let Some((same, mut notices)) = same_weights(&stored.origins, job, column)? else {
        return Ok(vec![format!(
            "score {} was calibrated from a table of scores: whether its weights were these can not be checked",
            column.name
        )]);
    };
    let missing = job.options.missing.as_str();
    if same.missing != missing {
        notices.push(format!(
            "score {}: --missing is {missing} here, and was {} when it was calibrated",
            column.name, same.missing
        ));
    }
    Ok(notices)
}

/// What a score was calibrated from, and what differs here; nothing of a score that came as a table. Other weights are
/// refused.
pub(super) fn same_weights<'a>(
    origins: &'a [ScoreOrigin],
    job: &ScoreJob,
    column: &ScoreColumn,
) -> Result<Option<(&'a ScoreOrigin, Vec<String>)>, EngineError> {
    let here = ScoreOrigin::of_job(job, column);
    let name = &column.name;
    let known: Vec<&ScoreOrigin> = origins.iter().filter(|of| of.name == *name).collect();
    let Some(last) = known.last() else { return Ok(None) };
    let Some(same) = known.iter().rev().find(|of| of.weights == here.weights) else {
        let short = |hash: &str| hash.get(..12).unwrap_or(hash).to_owned();
        return Err(EngineError::refused(
            format!(
                "score {name}: its weights are not those that were calibrated (BLAKE3 of the scoring file {}…, then {}…)",
                short(&here.weights),
                short(&last.weights),
            ),
            "give the scoring file that the calibrated scores were made with, or calibrate this one",
        ));
    };
    let mut notices = Vec::new();
    if same.rows_matched != here.rows_matched {
        notices.push(format!(
            "score {name}: {} rows of the scoring file count here, and {} did when it was calibrated: the score may be \
             shifted",
            here.rows_matched, same.rows_matched
        ));
    }
    if same.matching != here.matching {
        notices.push(format!("score {name}: rows are matched by other rules than when it was calibrated"));
    }
    Ok(Some((same, notices)))
}
