//! One person of a cohort under one score of a calibration.

use std::{collections::HashMap, sync::Arc};

use steppe_calibrate::model::PersonCalibration;
use steppe_engine::{
    Engine, EngineError, PassProgress,
    score::{ScoreColumn, ScoreJob},
};

use super::{
    super::inputs::Inputs, ApplyOptions, apply::Calibrating, known::score_to_apply, people::Cohort,
    stored::StoredModel, tables::Applied,
};

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
    /// Places a sample of a job's cohort, under the score of a column of the job.
    pub(crate) fn place(
        options: &ApplyOptions,
        job: &ScoreJob,
        (sample, column): (usize, &ScoreColumn),
        engine: &dyn Engine,
        progress: &Arc<dyn PassProgress>,
    ) -> Result<Self, EngineError> {
        let mut calibrating = Calibrating::open(options, engine, progress)?;
        let score = calibrating.stored.score_names().position(|name| name == column.name);
        let Some(score) = score else {
            let names: Vec<&str> = calibrating.stored.score_names().collect();
            return Err(EngineError::refused(
                format!("score {} was not calibrated", column.name),
                format!("explain one of {}, or leave the calibration out", names.join(", ")),
            ));
        };
        let mut notices = score_to_apply(&calibrating.stored, job, column)?;
        let ready = calibrating.ready(job, vec![sample])?;
        notices.extend(ready.shared.notices());
        let found = calibrating.place(job, &ready)?;
        let errors: HashMap<String, f64> = found
            .admixture
            .names
            .iter()
            .cloned()
            .zip(found.admixture.standard_errors.iter().copied())
            .collect();
        let cohort = calibrating.cohort(found, ready)?;
        let Calibrating { stored, inputs, .. } = calibrating;
        let error = |name: &String| errors.get(name).copied().unwrap_or(f64::NAN);
        let admixture_errors = stored.model.populations[..stored.of_reference].iter().map(error).collect();
        Ok(Self { cohort, score, admixture_errors, inputs, notices, stored })
    }

    /// What the calibration says of this person with a score.
    pub(crate) fn with_score(&self, raw: f64) -> Result<PersonCalibration, EngineError> {
        let model = &self.stored.model.scores[self.score];
        Applied::new(model, &self.cohort, (self.stored.target, &[])).person(0, raw)
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
