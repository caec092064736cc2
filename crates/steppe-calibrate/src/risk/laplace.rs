//! Logistic regression with a normal prior, by Laplace's approximation.
//!
//! Coefficients come in groups of people: the likelihood's information is block diagonal by group, only the prior ties
//! groups together. One group is ordinary penalised logistic regression.

use nalgebra::{DMatrix, DVector};

use crate::{
    CalibrateError,
    gaussian::{Coefficients, inverse},
    portable::logistic_and_softplus,
};

const MOST_STEPS: usize = 100;
const TOLERANCE: f64 = 1e-9;

/// People of all groups: features (people x features), status and group of each.
pub(crate) struct Grouped<'a> {
    pub(crate) features: &'a DMatrix<f64>,
    pub(crate) case: &'a [bool],
    pub(crate) group: &'a [usize],
    pub(crate) groups: usize,
}

/// A normal prior of all groups' coefficients, group by group.
pub(crate) struct NormalPrior {
    pub(crate) mean: DVector<f64>,
    pub(crate) precision: DMatrix<f64>,
    /// ln det of the precision.
    pub(crate) log_determinant: f64,
}

impl NormalPrior {
    pub(crate) fn from_covariance(
        mean: DVector<f64>,
        covariance: DMatrix<f64>,
    ) -> Result<Self, CalibrateError> {
        let (precision, determinant) = inverse(covariance, "the prior of the coefficients")?;
        Ok(Self { mean, precision, log_determinant: -determinant })
    }
}

/// The posterior's normal approximation at its mode, and the log evidence (up to a constant). `start` is where the mode
/// is sought from; the prior's mean where absent.
pub(crate) fn laplace(
    people: &Grouped,
    prior: &NormalPrior,
    start: Option<&DVector<f64>>,
) -> Result<(f64, Coefficients), CalibrateError> {
    let mut at = start.unwrap_or(&prior.mean).clone();
    let mut here = Landscape::at(people, prior, &at);
    for _ in 0..MOST_STEPS {
        let what = "the information of the logistic model";
        let (covariance, determinant) = inverse(here.information.clone(), what)?;
        let direction = &covariance * &here.gradient;
        // Half the Newton decrement: what the step can gain.
        if 0.5 * here.gradient.dot(&direction) < TOLERANCE {
            let evidence = here.value + 0.5 * (prior.log_determinant - determinant);
            return Ok((evidence, Coefficients { mean: at + direction, covariance }));
        }
        let mut length = 1.0;
        loop {
            let next = &at + &direction * length;
            let there = Landscape::at(people, prior, &next);
            if there.value > here.value || length < 1e-10 {
                (at, here) = (next, there);
                break;
            }
            length *= 0.5;
        }
    }
    Err(CalibrateError::NotConverged { what: "the maximum of the logistic model", steps: MOST_STEPS })
}

/// The log posterior, its gradient and its information at a point.
struct Landscape {
    value: f64,
    gradient: DVector<f64>,
    information: DMatrix<f64>,
}

impl Landscape {
    fn at(people: &Grouped, prior: &NormalPrior, at: &DVector<f64>) -> Self {
        let size = people.features.ncols();
        let away = at - &prior.mean;
        let mut gradient = -(&prior.precision * &away);
        let mut value = 0.5 * away.dot(&gradient);
        let mut information = prior.precision.clone();
        for (row, case) in people.case.iter().enumerate() {
            let first = people.group[row] * size;
            let eta: f64 = (0..size).map(|k| people.features[(row, k)] * at[first + k]).sum();
            let (probability, of_control) = logistic_and_softplus(eta);
            value += if *case { eta - of_control } else { -of_control };
            let residual = f64::from(u8::from(*case)) - probability;
            let weight = probability * (1.0 - probability);
            for j in 0..size {
                let x = people.features[(row, j)];
                gradient[first + j] += x * residual;
                for k in 0..=j {
                    information[(first + j, first + k)] += weight * x * people.features[(row, k)];
                }
            }
        }
        // Only lower triangles of the blocks were summed; the prior's part is symmetric.
        for first in (0..at.len()).step_by(size) {
            for j in 0..size {
                for k in 0..j {
                    information[(first + k, first + j)] = information[(first + j, first + k)];
                }
            }
        }
        Self { value, gradient, information }
    }
}
