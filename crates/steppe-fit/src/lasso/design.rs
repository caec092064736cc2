//! What is fixed about one trait: who trains, with which weights, and covariates in a form that is good to solve with.

use nalgebra::DMatrix;

use super::{
    features::check_len,
    input::{Response, Role, Trait},
};
use crate::{
    error::{FitError, TraitProblem},
    loss::{Binomial, Cox, Gaussian, Loss},
    solver::coordinate_descent::dot,
};

/// Share of a covariate's norm below which it counts as a combination of earlier ones.
const COLLINEAR: f64 = 1e-7;

/// One trait, ready to fit.
pub(crate) struct Design {
    /// Training weights, summing to 1; 0 for those that do not train.
    pub(crate) weights: Vec<f64>,
    pub(crate) training: Vec<usize>,
    pub(crate) validation: Vec<usize>,
    pub(crate) loss: Box<dyn Loss>,
    /// Covariates orthonormal under the weights; the first is the intercept's.
    pub(crate) basis: Vec<Vec<f64>>,
    /// Effects of (intercept, covariates as given) = transform × coefficients of the basis.
    transform: DMatrix<f64>,
    /// Covariates that were left out.
    pub(crate) dropped: Vec<usize>,
    /// Added to the intercept.
    offset: f64,
    intercept: bool,
}

impl Design {
    /// Checks a trait and prepares it.
    pub(crate) fn new(input: &Trait, samples: usize) -> Result<Self, FitError> {
        check_len("phenotype values", samples, Some(input.response.len()))?;
        check_len("sample roles", samples, Some(input.roles.len()))?;
        check_len("rows of covariates", samples, Some(input.covariates.nrows()))?;
        check_len("sample weights", samples, Some(input.weights.len()).filter(|len| *len > 0))?;
        if let Response::Cox { event, .. } = &input.response {
            check_len("event flags", samples, Some(event.len()))?;
        }
        Self::prepare(input).map_err(|problem| FitError::Trait { name: input.name.clone(), problem })
    }

    fn prepare(input: &Trait) -> Result<Self, TraitProblem> {
        let weight = |sample: usize| input.weights.get(sample).copied().unwrap_or(1.0);
        if input.weights.iter().any(|weight| !weight.is_finite() || *weight < 0.0) {
            return Err(TraitProblem::Weight);
        }
        let complete = complete(input)?;
        let with = |role: Role| (0..complete.len()).filter(move |sample| input.roles[*sample] == role);
        let training: Vec<usize> = with(Role::Train).filter(|s| complete[*s] && weight(*s) > 0.0).collect();
        let validation: Vec<usize> = with(Role::Validate).filter(|s| complete[*s]).collect();
        if training.is_empty() {
            return Err(TraitProblem::NoTrainingSamples);
        }
        check_response(&input.response, &training)?;
        let total: f64 = training.iter().map(|sample| weight(*sample)).sum();
        let mut weights = vec![0.0; complete.len()];
        for sample in &training {
            weights[*sample] = weight(*sample) / total;
        }
        let covariates: Vec<Vec<f64>> = (0..input.covariates.ncols())
            .map(|c| {
                input.covariates.column(c).iter().map(|x| if x.is_finite() { *x } else { 0.0 }).collect()
            })
            .collect();
        let (basis, transform, dropped) = orthonormalise(&covariates, &weights);
        if training.len() <= basis.len() {
            return Err(TraitProblem::TooFewSamples { samples: training.len(), covariates: basis.len() - 1 });
        }
        let (loss, offset) = loss(&input.response, &weights);
        let intercept = !matches!(input.response, Response::Cox { .. });
        Ok(Self { weights, training, validation, loss, basis, transform, dropped, offset, intercept })
    }

    /// The intercept and the effects of the covariates as given, from the basis's coefficients.
    pub(crate) fn effects(&self, gamma: &[f64]) -> (f64, Vec<f64>) {
        let mut effects: Vec<f64> = (0..self.transform.nrows())
            .map(|row| gamma.iter().enumerate().map(|(k, gamma)| self.transform[(row, k)] * gamma).sum())
            .collect();
        let constant = effects.remove(0);
        (if self.intercept { constant + self.offset } else { 0.0 }, effects)
    }
}

/// Samples with a phenotype and all covariates.
fn complete(input: &Trait) -> Result<Vec<bool>, TraitProblem> {
    let mut complete: Vec<bool> = input.response.values().iter().map(|y| !y.is_nan()).collect();
    for column in input.covariates.column_iter() {
        for (complete, x) in complete.iter_mut().zip(column.iter()) {
            *complete &= !x.is_nan();
        }
    }
    let infinite = input.response.values().iter().chain(input.covariates.iter()).any(|x| x.is_infinite());
    if infinite { Err(TraitProblem::Infinite) } else { Ok(complete) }
}

fn check_response(response: &Response, training: &[usize]) -> Result<(), TraitProblem> {
    let samples = training.len();
    let values = || training.iter().map(|sample| response.values()[*sample]);
    match response {
        Response::Gaussian(_) | Response::Binomial(_) => {
            if matches!(response, Response::Binomial(_)) && values().any(|y| y != 0.0 && y != 1.0) {
                return Err(TraitProblem::NotBinary);
            }
            let first = response.values()[training[0]];
            if values().all(|y| y == first) {
                return Err(TraitProblem::Constant { samples });
            }
        }
        Response::Cox { event, .. } => {
            if !training.iter().any(|sample| event[*sample]) {
                return Err(TraitProblem::NoEvent { samples });
            }
        }
    }
    Ok(())
}

/// The loss, and what its predictor lacks of the response's own mean.
fn loss(response: &Response, weights: &[f64]) -> (Box<dyn Loss>, f64) {
    let weights = weights.to_vec();
    match response {
        Response::Gaussian(y) => {
            let training = y.iter().zip(&weights).filter(|(_, w)| **w > 0.0);
            let mean: f64 = training.map(|(y, w)| y * w).sum();
            (Box::new(Gaussian::new(y.iter().map(|y| y - mean).collect(), weights)), mean)
        }
        Response::Binomial(y) => (Box::new(Binomial::new(y.clone(), weights)), 0.0),
        Response::Cox { time, event } => (Box::new(Cox::new(time, event, weights)), 0.0),
    }
}

/// An orthonormal basis (under the weights) of the intercept and covariates; the matrix that takes its coefficients to
/// effects of the originals; and those left out. Modified Gram-Schmidt, each column twice.
fn orthonormalise(covariates: &[Vec<f64>], weights: &[f64]) -> (Vec<Vec<f64>>, DMatrix<f64>, Vec<usize>) {
    let inner = |a: &[f64], b: &[f64]| {
        let weighted: Vec<f64> = a.iter().zip(weights).map(|(a, w)| a * w).collect();
        dot(&weighted, b)
    };
    let rows = covariates.len() + 1;
    // Weights sum to 1, so the intercept has norm 1 as it is.
    let mut basis = vec![vec![1.0; weights.len()]];
    let mut maps = vec![unit(rows, 0)];
    let mut dropped = Vec::new();
    for (k, covariate) in covariates.iter().enumerate() {
        let (mut column, mut map) = (covariate.clone(), unit(rows, k + 1));
        let before = inner(&column, &column).sqrt();
        for _ in 0..2 {
            for (q, q_map) in basis.iter().zip(&maps) {
                let share = inner(q, &column);
                column.iter_mut().zip(q).for_each(|(x, q)| *x -= share * q);
                map.iter_mut().zip(q_map).for_each(|(x, q)| *x -= share * q);
            }
        }
        let norm = inner(&column, &column).sqrt();
        if norm <= COLLINEAR * before {
            dropped.push(k);
            continue;
        }
        column.iter_mut().chain(&mut map).for_each(|x| *x /= norm);
        basis.push(column);
        maps.push(map);
    }
    let transform = DMatrix::from_fn(rows, maps.len(), |row, k| maps[k][row]);
    (basis, transform, dropped)
}

fn unit(len: usize, at: usize) -> Vec<f64> {
    (0..len).map(|i| if i == at { 1.0 } else { 0.0 }).collect()
}
