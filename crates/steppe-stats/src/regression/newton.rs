//! Newton's method for the likelihood of a logistic regression, to the last digits.

use super::{Diverged, likelihood::LogisticModel};
use crate::linear_algebra::{SmallCholesky, dot};

/// Steps before the likelihood counts as one without a maximum. Near a maximum the digits double with each step; where
/// cases are separated each step is worth half a unit of the exponent for ever.
const ITERATIONS: usize = 30;
/// Halvings of a step that leads away.
const HALVINGS: usize = 20;
/// Newton decrement, in standard errors, that the last step may leave.
const CONVERGED: f64 = 1e-10;
/// Part of a predictor's information that must be left by the predictors before it.
const SINGULAR: f64 = 1e-11;

/// What a logistic regression gave.
#[derive(Clone, Debug, PartialEq)]
pub struct LogisticFit {
    /// Coefficients, in the order of the model's columns.
    pub coefficients: Vec<f64>,
    /// Their covariance: the inverse of the information, row-major.
    pub covariance: Vec<f64>,
    /// Log-likelihood at the coefficients.
    pub log_likelihood: f64,
}

impl LogisticFit {
    /// Fits a model from zero.
    ///
    /// # Errors
    /// When predictors depend on each other or separate cases from controls.
    pub fn new(model: &LogisticModel<'_>) -> Result<Self, Diverged> {
        let mut newton = LogisticNewton::default();
        let coefficients = newton.maximise(model, &vec![0.0; model.width()])?.to_vec();
        let mut covariance = Vec::new();
        newton.factor_at(model, &coefficients)?;
        newton.factor.inverse(&mut covariance);
        let log_likelihood = model.log_likelihood(&coefficients);
        Ok(Self { coefficients, covariance, log_likelihood })
    }

    /// Standard error of a coefficient.
    pub fn standard_error(&self, index: usize) -> f64 {
        self.covariance[index * (self.coefficients.len() + 1)].sqrt()
    }
}

/// Newton's method in memory that the next fit uses again.
#[derive(Debug, Default)]
pub struct LogisticNewton {
    beta: Vec<f64>,
    gradient: Vec<f64>,
    step: Vec<f64>,
    information: Vec<f64>,
    factor: SmallCholesky,
}

impl LogisticNewton {
    /// Coefficients of greatest likelihood, from `start` (one per column).
    ///
    /// Steps are full ones unless the Newton decrement grows by them, which happens far from the maximum only.
    ///
    /// # Errors
    /// As [`LogisticFit::new`].
    pub fn maximise(&mut self, model: &LogisticModel<'_>, start: &[f64]) -> Result<&[f64], Diverged> {
        self.beta.clear();
        self.beta.extend_from_slice(start);
        let mut decrement = self.direction(model)?;
        let mut left = decrement;
        for _ in 0..ITERATIONS {
            self.advance(1.0);
            if left <= CONVERGED {
                return Ok(&self.beta);
            }
            let mut next = self.try_direction(model, decrement);
            let mut part = 1.0;
            for _ in 0..HALVINGS {
                if next.is_some() {
                    break;
                }
                part *= 0.5;
                self.advance(-part);
                next = self.try_direction(model, decrement);
            }
            let next = next.ok_or(Diverged)?;
            // Near a maximum a decrement is a constant times the square of the one before. Where classes are separated it is
            // a constant part of it, so that this stays large.
            left = next * (next / decrement).powi(2);
            decrement = next;
        }
        Err(Diverged)
    }

    fn advance(&mut self, part: f64) {
        for (beta, step) in self.beta.iter_mut().zip(&self.step) {
            *beta += part * step;
        }
    }

    /// The next step where the decrement there is smaller; else the old step stays.
    fn try_direction(&mut self, model: &LogisticModel<'_>, before: f64) -> Option<f64> {
        let old = self.step.clone();
        match self.direction(model) {
            Ok(decrement) if decrement < before || before < 1e-3 => Some(decrement),
            _ => {
                self.step = old;
                None
            }
        }
    }

    /// Sets the Newton step at `beta`; returns its length in standard errors.
    fn direction(&mut self, model: &LogisticModel<'_>) -> Result<f64, Diverged> {
        let beta = std::mem::take(&mut self.beta);
        let factored = self.factor_at(model, &beta);
        self.beta = beta;
        factored?;
        self.step.clear();
        self.step.extend(self.gradient.iter().map(|slope| -slope));
        self.factor.solve(&mut self.step);
        let decrement = -dot(&self.step, &self.gradient);
        if decrement.is_finite() { Ok(decrement.max(0.0).sqrt()) } else { Err(Diverged) }
    }

    fn factor_at(&mut self, model: &LogisticModel<'_>, beta: &[f64]) -> Result<(), Diverged> {
        let width = model.width();
        self.gradient.resize(width, 0.0);
        self.information.resize(width * width, 0.0);
        model.newton_system(beta, &mut self.gradient, &mut self.information);
        self.factor.factor(&self.information, width, SINGULAR).map_err(|_| Diverged)
    }
}
