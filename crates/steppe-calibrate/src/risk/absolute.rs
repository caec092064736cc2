//! Absolute risk by age from incidence and competing mortality.

use serde::{Deserialize, Serialize};

use crate::{CalibrateError, gaussian::all_finite, portable::exp};

/// Yearly rates by age, constant within intervals that follow one another.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RateTable {
    /// Where intervals begin, in years, ascending, and where the last one ends: one more than the rates.
    pub ages: Vec<f64>,
    /// New cases a year among those without the disease.
    pub incidence: Vec<f64>,
    /// Deaths a year of other causes.
    pub mortality: Vec<f64>,
}

/// Risk between two ages in the form of iCARE (Choudhury et al. 2020):
/// P = ∫ h₀(u)·r · exp(−∫ (h₀·r + m)) du, with r = exp(linear predictor) and h₀ = incidence / E[r] over the population.
///
/// The rates are constant within intervals, so the integral is exact.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AbsoluteRisk {
    /// Rates of the population.
    pub rates: RateTable,
    /// E[r] over the population that the rates were counted in.
    pub mean_relative_risk: f64,
}

/// One person's risk between two ages.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct RiskByAge {
    /// Her age, in years; she is free of the disease.
    pub from: f64,
    /// The age that the risk is up to.
    pub to: f64,
    /// Probability of the disease between them, with death of other causes in between.
    pub probability: f64,
    /// Lower end of its 90 % interval, by the error of the calibrated log odds; rates are taken as known.
    pub low: f64,
    /// Upper end.
    pub high: f64,
}

impl AbsoluteRisk {
    /// From rates, and linear predictors (log hazard ratios) of people who represent the population of the rates.
    ///
    /// # Errors
    /// Ages that do not ascend, rates that are negative, other lengths, nobody.
    pub fn new(rates: RateTable, linear_predictor: &[f64]) -> Result<Self, CalibrateError> {
        rates.check()?;
        all_finite(linear_predictor, "linear predictors")?;
        if linear_predictor.is_empty() {
            let what = "people who represent the population of the rates";
            return Err(CalibrateError::TooFew { what, found: 0, needed: 1 });
        }
        let total: f64 = linear_predictor.iter().map(|eta| exp(*eta)).sum();
        Ok(Self { rates, mean_relative_risk: total / linear_predictor.len() as f64 })
    }

    /// The probability that a person of age `from`, free of the disease, gets it before age `to`.
    ///
    /// # Errors
    /// Ages outside the table, or that do not ascend; a linear predictor that is not finite.
    pub fn between(&self, linear_predictor: f64, from: f64, to: f64) -> Result<f64, CalibrateError> {
        all_finite([&linear_predictor], "linear predictors")?;
        let ages = &self.rates.ages;
        let within =
            |age: f64| ages.first().is_some_and(|a| age >= *a) && ages.last().is_some_and(|a| age <= *a);
        for age in [from, to] {
            if !within(age) {
                return Err(CalibrateError::range("an age", age, "within the table of rates"));
            }
        }
        if to < from {
            return Err(CalibrateError::range("the second age", to, "at least the first"));
        }
        let relative = exp(linear_predictor) / self.mean_relative_risk;
        let (mut free, mut risk) = (1.0, 0.0);
        for (index, bounds) in ages.windows(2).enumerate() {
            let years = bounds[1].min(to) - bounds[0].max(from);
            let hazard = self.rates.incidence[index] * relative;
            let total = hazard + self.rates.mortality[index];
            if years > 0.0 && total > 0.0 {
                let left = -libm::expm1(-total * years);
                risk += free * hazard / total * left;
                free *= 1.0 - left;
            }
        }
        Ok(risk)
    }
}

impl RateTable {
    /// Whether the table can be used.
    ///
    /// # Errors
    /// No rates, ages that do not ascend, rates that are negative or not finite, other lengths.
    pub fn check(&self) -> Result<(), CalibrateError> {
        let intervals = self.incidence.len();
        if intervals == 0 {
            return Err(CalibrateError::TooFew { what: "ages of the table of rates", found: 0, needed: 1 });
        }
        crate::gaussian::same_length(self.ages.len(), intervals + 1, "ages of the table of rates")?;
        crate::gaussian::same_length(self.mortality.len(), intervals, "rates of mortality")?;
        all_finite(&self.ages, "ages of the table of rates")?;
        if let Some(bounds) = self.ages.windows(2).find(|bounds| bounds[1] <= bounds[0]) {
            let needed = "above the one before";
            return Err(CalibrateError::range("an age of the table of rates", bounds[1], needed));
        }
        let rates = || self.incidence.iter().chain(&self.mortality);
        all_finite(rates(), "rates")?;
        match rates().find(|rate| **rate < 0.0) {
            Some(found) => Err(CalibrateError::range("a rate", *found, "0 or more")),
            None => Ok(()),
        }
    }
}
