//! Risks of each population from one uncalibrated model.

use nalgebra::{DMatrix, DVector};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::{
    Validation,
    hierarchy::{SIZE, posterior, similarities},
    laplace::Grouped,
    validation::validate,
};
use crate::{
    CalibrateError,
    gaussian::{Coefficients, all_finite, same_length},
    portable::{NORMAL_95, logistic, logistic_of_normal},
};

/// Phenotyped people.
#[derive(Clone, Copy, Debug)]
pub struct RiskData<'a> {
    /// The uncalibrated model's linear predictor (log odds) of each person.
    pub linear_predictor: &'a [f64],
    /// Case or control.
    pub case: &'a [bool],
    /// Population of each person.
    pub population: &'a [usize],
    /// Genetic distances between populations, symmetric, in any unit. Its size is the number of populations; one without
    /// phenotyped people gets what the others say of it.
    pub distances: &'a DMatrix<f64>,
}

/// What is applied in a population.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Kept {
    /// The calibrated model.
    Calibrated,
    /// The uncalibrated model: cross-validation found it no worse.
    Uncalibrated,
    /// The calibrated model, without a check: there were too few cases or controls for one.
    Unchecked,
}

/// A prevalence that is known from elsewhere.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct KnownPrevalence {
    /// The share of cases.
    pub prevalence: f64,
    /// Its standard error.
    pub standard_error: f64,
}

/// One population's model: logit P = intercept + slope · linear predictor.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PopulationRisk {
    /// Phenotyped people.
    pub people: usize,
    /// Cases among them.
    pub cases: usize,
    /// Intercept and slope.
    pub coefficients: Coefficients,
    /// What cross-validation found; `None` with fewer than two cases or controls.
    pub validation: Option<Validation>,
    /// What is applied.
    pub kept: Kept,
    /// The prevalence that the intercept was set to.
    pub known: Option<KnownPrevalence>,
}

/// One person's risk.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Risk {
    /// Posterior mean of the probability of being a case.
    pub probability: f64,
    /// Lower end of the 90 % interval of that probability.
    pub low: f64,
    /// Upper end.
    pub high: f64,
    /// Standard error on the log-odds scale.
    pub standard_error: f64,
    /// The population's model was calibrated, not left as it was.
    pub calibrated: bool,
}

/// Risks of every population.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Recalibration {
    /// By population.
    pub populations: Vec<PopulationRisk>,
}

impl Recalibration {
    /// Fits every population: a hierarchical Bayesian logistic model, by Laplace's approximation and a sum over the
    /// scales of its prior (Rue et al. 2009). A population whose cross-validated log loss is not better than the
    /// uncalibrated model's keeps the latter.
    ///
    /// # Errors
    /// Vectors of different lengths, values that are not finite, an unknown population, no cases or no controls.
    pub fn fit(data: &RiskData) -> Result<Self, CalibrateError> {
        let of_one = |population| PopulationRisk::fit(data, population);
        Ok(Self {
            populations: (0..data.distances.nrows()).into_par_iter().map(of_one).collect::<Result<_, _>>()?,
        })
    }

    /// Sets a population's intercept so that the mean risk of its people (by their linear predictors, phenotyped or not)
    /// is a known prevalence.
    ///
    /// # Errors
    /// An unknown population, nobody, a prevalence outside 0 to 1, a standard error that is negative.
    pub fn set_prevalence(
        &mut self,
        population: usize,
        linear_predictor: &[f64],
        known: KnownPrevalence,
    ) -> Result<(), CalibrateError> {
        let KnownPrevalence { prevalence, standard_error } = known;
        if !(prevalence > 0.0 && prevalence < 1.0) {
            let needed = "above 0 and below 1";
            return Err(CalibrateError::range("the prevalence", prevalence, needed));
        }
        if !(standard_error >= 0.0 && standard_error.is_finite()) {
            let needed = "0 or more";
            return Err(CalibrateError::range("the prevalence's standard error", standard_error, needed));
        }
        if linear_predictor.is_empty() {
            return Err(CalibrateError::TooFew { what: "people of known prevalence", found: 0, needed: 1 });
        }
        all_finite(linear_predictor, "linear predictors")?;
        let size = self.populations.len();
        let own = self.populations.get_mut(population);
        let own =
            own.ok_or(CalibrateError::Unknown { what: "population", found: population, known: size })?;
        own.anchor(linear_predictor, known);
        Ok(())
    }

    /// One person's risk.
    ///
    /// # Errors
    /// An unknown population, a linear predictor that is not finite.
    pub fn apply(&self, linear_predictor: f64, population: usize) -> Result<Risk, CalibrateError> {
        all_finite([&linear_predictor], "linear predictors")?;
        Ok(self.of(population)?.risk(linear_predictor))
    }

    /// One person's calibrated log odds, at the posterior mean of intercept and slope.
    ///
    /// # Errors
    /// As [`Recalibration::apply`].
    pub fn log_odds(&self, linear_predictor: f64, population: usize) -> Result<f64, CalibrateError> {
        all_finite([&linear_predictor], "linear predictors")?;
        Ok(self.of(population)?.coefficients.at(&[1.0, linear_predictor]))
    }

    fn of(&self, population: usize) -> Result<&PopulationRisk, CalibrateError> {
        let known = self.populations.len();
        let unknown = CalibrateError::Unknown { what: "population", found: population, known };
        self.populations.get(population).ok_or(unknown)
    }
}

impl PopulationRisk {
    /// Fits one population in the light of all.
    ///
    /// # Errors
    /// As [`Recalibration::fit`].
    pub fn fit(data: &RiskData, population: usize) -> Result<Self, CalibrateError> {
        check(data)?;
        let groups = data.distances.nrows();
        if population >= groups {
            return Err(CalibrateError::Unknown { what: "population", found: population, known: groups });
        }
        let features = DMatrix::from_fn(data.case.len(), SIZE, |row, column| {
            if column == 0 { 1.0 } else { data.linear_predictor[row] }
        });
        let people = &Grouped { features: &features, case: data.case, group: data.population, groups };
        let alike = similarities(data.distances);
        let mut coefficients = posterior(people, &alike, population)?;
        let validation = validate(people, &alike, population)?;
        let own = || (0..people.case.len()).filter(|row| people.group[*row] == population);
        let kept = match &validation {
            None => Kept::Unchecked,
            Some(found) if found.calibrated < found.uncalibrated => Kept::Calibrated,
            Some(_) => Kept::Uncalibrated,
        };
        if kept == Kept::Uncalibrated {
            // The identity, and around it the posterior's second moments: how far it may be off.
            let identity = DVector::from_vec(vec![0.0, 1.0]);
            let away = &coefficients.mean - &identity;
            coefficients.covariance += &away * away.transpose();
            coefficients.mean = identity;
        }
        let cases = own().filter(|row| people.case[*row]).count();
        Ok(Self { people: own().count(), cases, coefficients, validation, kept, known: None })
    }

    fn risk(&self, linear_predictor: f64) -> Risk {
        let x = [1.0, linear_predictor];
        let (mean, variance) = (self.coefficients.at(&x), self.coefficients.variance_at(&x));
        let standard_error = variance.sqrt();
        let calibrated = self.kept != Kept::Uncalibrated || self.known.is_some();
        let probability = if calibrated { logistic_of_normal(mean, variance) } else { logistic(mean) };
        let (low, high) = (mean - NORMAL_95 * standard_error, mean + NORMAL_95 * standard_error);
        Risk { probability, low: logistic(low), high: logistic(high), standard_error, calibrated }
    }

    /// Bisection of the intercept; its variance becomes that of the known prevalence on the log-odds scale, and is
    /// independent of the slope's because the mean risk is held fixed.
    fn anchor(&mut self, linear_predictor: &[f64], known: KnownPrevalence) {
        let prevalence = known.prevalence;
        let of_logit = known.standard_error / (prevalence * (1.0 - prevalence));
        let n = linear_predictor.len() as f64;
        let middle = linear_predictor.iter().sum::<f64>() / n;
        let slope_variance = self.coefficients.covariance[(1, 1)];
        // An error of the slope turns the line about the people's middle.
        let (a, b) = (of_logit * of_logit + middle * middle * slope_variance, -middle * slope_variance);
        self.coefficients.covariance = DMatrix::from_row_slice(2, 2, &[a, b, b, slope_variance]);
        self.known = Some(known);
        let (mut low, mut high) = (-60.0, 60.0);
        for _ in 0..80 {
            self.coefficients.mean[0] = 0.5 * (low + high);
            let mean = linear_predictor.iter().map(|eta| self.risk(*eta).probability).sum::<f64>() / n;
            if mean > prevalence {
                high = self.coefficients.mean[0];
            } else {
                low = self.coefficients.mean[0];
            }
        }
    }
}

fn check(data: &RiskData) -> Result<(), CalibrateError> {
    let n = data.linear_predictor.len();
    same_length(data.case.len(), n, "statuses")?;
    same_length(data.population.len(), n, "populations")?;
    all_finite(data.linear_predictor, "linear predictors")?;
    all_finite(data.distances.iter(), "distances between populations")?;
    let groups = data.distances.nrows();
    same_length(data.distances.ncols(), groups, "columns of the distances between populations")?;
    if let Some(found) = data.population.iter().find(|index| **index >= groups) {
        return Err(CalibrateError::Unknown { what: "population", found: *found, known: groups });
    }
    let cases = data.case.iter().filter(|case| **case).count();
    if cases == 0 || cases == n {
        let what = if cases == 0 { "cases" } else { "controls" };
        return Err(CalibrateError::TooFew { what, found: 0, needed: 1 });
    }
    Ok(())
}
