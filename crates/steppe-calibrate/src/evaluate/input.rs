//! What is evaluated.

use std::collections::HashSet;

use crate::CalibrateError;

/// What happened to each person.
#[derive(Clone, Copy, Debug)]
pub enum Outcome<'a> {
    /// A measure; not finite where it is not known.
    Quantitative(&'a [f64]),
    /// A case or not; `None` where it is not known.
    Binary(&'a [Option<bool>]),
    /// The time of an event (true) or until which there was none (false); `None` where it is not known.
    Survival(&'a [Option<(f64, bool)>]),
}

impl Outcome<'_> {
    /// People.
    pub fn len(&self) -> usize {
        match self {
            Self::Quantitative(values) => values.len(),
            Self::Binary(values) => values.len(),
            Self::Survival(values) => values.len(),
        }
    }

    /// There are no people.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Cases are one class of two.
    pub fn is_binary(&self) -> bool {
        matches!(self, Self::Binary(_))
    }

    /// A person's outcome, 1 for a case and 0 for a control, or a time; NaN where it is not known.
    pub(super) fn value(&self, person: usize) -> f64 {
        match self {
            Self::Quantitative(values) => values[person],
            Self::Binary(values) => values[person].map_or(f64::NAN, |case| f64::from(u8::from(case))),
            Self::Survival(values) => values[person].map_or(f64::NAN, |(time, _)| time),
        }
    }
}

/// How the values of a prediction are to be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PredictionKind {
    /// On any scale: only its order and its correlation say something.
    Score,
    /// A probability of being a case: calibration can be judged.
    Risk,
}

/// A score or a predicted risk.
#[derive(Clone, Copy, Debug)]
pub struct Prediction<'a> {
    /// Its name, other than those of the others.
    pub name: &'a str,
    /// How to read it.
    pub kind: PredictionKind,
    /// One value per person; not finite where it is not known.
    pub values: &'a [f64],
}

/// What is known of people besides: age, sex, principal components.
#[derive(Clone, Copy, Debug)]
pub struct Covariate<'a> {
    /// Its name.
    pub name: &'a str,
    /// One value per person; not finite where it is not known.
    pub values: &'a [f64],
}

/// People, their outcomes and predictions: slices with one value per person.
#[derive(Clone, Copy, Debug)]
pub struct EvaluationInput<'a> {
    /// What happened.
    pub outcome: Outcome<'a>,
    /// What was predicted, by one or several models.
    pub predictions: &'a [Prediction<'a>],
    /// What models with the score are compared to.
    pub covariates: &'a [Covariate<'a>],
    /// Label of each person's population.
    pub population: Option<&'a [Option<String>]>,
    /// Genetic distance to where the score was trained; not finite where it is not known.
    pub distance: Option<&'a [f64]>,
    /// Family of each person, `None` for one without relatives here. Resamples draw whole families.
    pub family: Option<&'a [Option<u32>]>,
}

impl EvaluationInput<'_> {
    pub(super) fn check(&self) -> Result<(), CalibrateError> {
        let expected = self.outcome.len();
        let check = |what, found| {
            if found == expected { Ok(()) } else { Err(CalibrateError::Length { what, expected, found }) }
        };
        let mut names = HashSet::new();
        for prediction in self.predictions {
            check("values of a prediction", prediction.values.len())?;
            if !names.insert(prediction.name) {
                return Err(CalibrateError::DuplicatePrediction { name: prediction.name.to_owned() });
            }
        }
        for covariate in self.covariates {
            check("values of a covariate", covariate.values.len())?;
        }
        check("population labels", self.population.map_or(expected, <[_]>::len))?;
        check("genetic distances", self.distance.map_or(expected, <[_]>::len))?;
        check("families", self.family.map_or(expected, <[_]>::len))?;
        if self.predictions.is_empty() { Err(CalibrateError::NoPredictions) } else { Ok(()) }
    }
}
