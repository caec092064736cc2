//! The model applied to one person.

use serde::{Deserialize, Serialize};

use super::{RiskModel, ScoreInput, ScoreModel};
use crate::{
    CalibrateError,
    adjust::{AdjustedScore, AdmixtureScore, Membership, SimilarPopulationScore},
    portable::NORMAL_95,
    risk::{Accuracy, Interval, Risk, RiskByAge, genetic_distance},
};

/// One person, as the model sees her.
#[derive(Clone, Copy, Debug)]
pub struct Person<'a> {
    /// The raw score.
    pub score: f64,
    /// Principal components, projected as the reference's were.
    pub pcs: &'a [f64],
    /// The most similar reference population.
    pub similar: Option<usize>,
    /// The population that she belongs to, where one is known: whose risk model and interval are used. The most similar
    /// one's where absent.
    pub population: Option<usize>,
    /// Whether she belongs to the own cohort.
    pub membership: Membership,
    /// Admixture proportions over the sources.
    pub proportions: Option<&'a [f64]>,
    /// Covariates of the risk model and the interval.
    pub covariates: &'a [f64],
    /// Current age and the age up to which risk is asked for, in years.
    pub ages: Option<(f64, f64)>,
}

/// What the model says of one person; `None` for parts that were not fitted or that her data do not allow.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct PersonCalibration {
    /// Percentile and Z in the most similar population.
    pub similar: Option<SimilarPopulationScore>,
    /// Z_norm1.
    pub linear: Option<AdjustedScore>,
    /// Z_norm2.
    pub variance: Option<AdjustedScore>,
    /// Smooth adjustment.
    pub smooth: Option<AdjustedScore>,
    /// Score expected from admixture.
    pub admixture: Option<AdmixtureScore>,
    /// Risk.
    pub risk: Option<Risk>,
    /// Risk between the ages asked for.
    pub absolute: Option<RiskByAge>,
    /// Interval of a quantitative trait.
    pub interval: Option<Interval>,
    /// Expected accuracy.
    pub accuracy: Option<Accuracy>,
    /// Any part that was applied extrapolates.
    pub extrapolated: bool,
}

impl ScoreModel {
    /// Applies every part that was fitted.
    ///
    /// # Errors
    /// Values that are not finite, other numbers of components or covariates, an unknown population, ages outside the
    /// table of rates.
    pub fn apply(&self, person: &Person) -> Result<PersonCalibration, CalibrateError> {
        let Person { score, pcs, .. } = *person;
        let mut out = PersonCalibration::default();
        if let Some((model, population)) = self.similar.as_ref().zip(person.similar) {
            out.similar = model.apply(score, population)?;
        }
        out.linear = self.linear.as_ref().map(|model| model.apply(score, pcs)).transpose()?;
        out.variance = self.variance.as_ref().map(|model| model.apply(score, pcs)).transpose()?;
        out.smooth =
            self.smooth.as_ref().map(|model| model.apply(score, pcs, person.membership)).transpose()?;
        if let Some((model, proportions)) = self.admixture.as_ref().zip(person.proportions) {
            out.admixture = match model.apply(score, proportions, None) {
                // No variant of the score varies in people of such descent: there is nothing to compare.
                Err(CalibrateError::Constant { .. }) => None,
                found => Some(found?),
            };
        }
        if let Some(model) = &self.risk {
            (out.risk, out.absolute) = model.apply(person, &out)?;
        }
        if let Some(model) = &self.interval {
            out.interval = Some(model.apply(score, pcs, person.covariates, person.population)?);
        }
        if let Some(model) = &self.accuracy {
            out.accuracy = Some(model.by_distance.apply(genetic_distance(pcs, &model.centre)));
        }
        let adjusted = [out.linear, out.variance, out.smooth];
        out.extrapolated = adjusted.iter().flatten().any(|part| part.extrapolated)
            || out.interval.is_some_and(|part| part.extrapolated)
            || out.accuracy.is_some_and(|part| part.extrapolated);
        Ok(out)
    }
}

impl RiskModel {
    fn apply(
        &self,
        person: &Person,
        adjusted: &PersonCalibration,
    ) -> Result<(Option<Risk>, Option<RiskByAge>), CalibrateError> {
        let of = |part: Option<AdjustedScore>| part.map(|part| part.z.value);
        let input = match self.input {
            ScoreInput::Raw => Some(person.score),
            ScoreInput::Linear => of(adjusted.linear),
            ScoreInput::Variance => of(adjusted.variance),
            ScoreInput::Smooth => of(adjusted.smooth),
        };
        let population = person.population.or(person.similar);
        let Some((input, population)) = input.zip(population) else { return Ok((None, None)) };
        let linear_predictor = self.base.linear_predictor(input, person.covariates)?;
        let risk = self.recalibration.apply(linear_predictor, population)?;
        let absolute = match (&self.absolute, person.ages) {
            (Some(model), Some((from, to))) => {
                let calibrated = self.recalibration.log_odds(linear_predictor, population)?;
                let half = NORMAL_95 * risk.standard_error;
                Some(RiskByAge {
                    from,
                    to,
                    probability: model.between(calibrated, from, to)?,
                    low: model.between(calibrated - half, from, to)?,
                    high: model.between(calibrated + half, from, to)?,
                })
            }
            _ => None,
        };
        Ok((Some(risk), absolute))
    }
}
