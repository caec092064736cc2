//! One person of a cohort under one score of a calibration.

use std::sync::Arc;

use steppe_calibrate::model::PersonCalibration;
use steppe_engine::{Engine, EngineError, PassProgress, score::ScoreJob};

use super::{ApplyOptions, apply::Calibrating, people::Cohort, stored::StoredModel, tables::applied};
use crate::inputs::Inputs;

/// A person whom a calibration has placed.
pub(crate) struct OnePerson {
    stored: StoredModel,
    cohort: Cohort,
    /// The score's place in the calibration.
    score: usize,
    admixture_errors: Vec<f64>,
    pub(crate) inputs: Inputs,
    pub(crate) notices: Vec<String>,
}

impl OnePerson {
    /// Places a sample of a job's cohort.
    pub(crate) fn place(
        options: &ApplyOptions,
        job: &ScoreJob,
        (sample, score): (usize, &str),
        engine: &dyn Engine,
        progress: &Arc<dyn PassProgress>,
    ) -> Result<Self, EngineError> {
        let mut calibrating = Calibrating::open(options, engine, progress)?;
        let (ready, notices) = calibrating.ready(job, vec![sample])?;
        let at = calibrating.stored.score_names().position(|name| name == score);
        let Some(at) = at else {
            let names: Vec<&str> = calibrating.stored.score_names().collect();
            return Err(EngineError::refused(
                format!("score {score} was not calibrated"),
                format!("explain one of {}, or leave the calibration out", names.join(", ")),
            ));
        };
        let found = calibrating.place(job, &ready)?;
        let errors = found.admixture.standard_errors.clone();
        let names = found.admixture.names.clone();
        let cohort = calibrating.cohort(found, ready)?;
        let Calibrating { stored, inputs, .. } = calibrating;
        let error = |name: &String| {
            names.iter().position(|there| there == name).map_or(f64::NAN, |place| errors[place])
        };
        let admixture_errors = stored.model.populations[..stored.of_reference].iter().map(error).collect();
        // Notices of other scores are none of this person's page.
        let notices =
            notices.into_iter().filter(|text| !text.contains("was calibrated, and no scoring file"));
        Ok(Self { cohort, score: at, admixture_errors, inputs, notices: notices.collect(), stored })
    }

    /// What the calibration says of this person with a score.
    pub(crate) fn with_score(&self, raw: f64) -> Result<PersonCalibration, EngineError> {
        let model = &self.stored.model.scores[self.score];
        let rows = applied(self.score, model, &self.cohort, self.stored.target, &[raw])?;
        let nothing = EngineError::Internal("a score that is no number");
        rows.into_iter().next().map(|row| row.found).ok_or(nothing)
    }

    /// The population whose model is used.
    pub(crate) fn population(&self) -> &str {
        &self.stored.model.populations[self.cohort.people.population[0]]
    }

    /// Whether the person lies outside of all populations of the reference.
    pub(crate) fn outside(&self) -> bool {
        self.cohort.outside[0]
    }

    /// The proportions of descent with their standard errors, by population of the reference.
    pub(crate) fn admixture(&self) -> impl Iterator<Item = (&str, f64, f64)> {
        let names = self.stored.model.populations.iter().zip(&self.admixture_errors);
        names.enumerate().map(|(at, (name, error))| (name.as_str(), self.cohort.proportions[(0, at)], *error))
    }
}
