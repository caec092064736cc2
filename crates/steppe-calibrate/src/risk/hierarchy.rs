//! The prior that ties populations' intercepts and slopes together.
//!
//! Population g has logit P = α_g + β_g·η for the uncalibrated linear predictor η. α_g is a common level plus a deviation,
//! β_g likewise around a slope near one. Deviations of near populations are correlated (a squared exponential kernel of
//! genetic distance), and each has a part of its own. The intercept of the population in question has a scale of its
//! own, summed over a wide grid: its prevalence may differ although all others agree. Slopes share one tight scale.

use nalgebra::{DMatrix, DVector};

use super::laplace::{Grouped, NormalPrior, laplace};
use crate::{CalibrateError, gaussian::Coefficients, portable::exp};

/// Standard deviation of the common intercept around that of the uncalibrated model: nearly flat.
const LEVEL: f64 = 3.0;
/// Standard deviation of the common slope around one.
const COMMON_SLOPE: f64 = 0.5;
/// Scales of the other populations' intercepts, equally likely.
const INTERCEPT_SCALES: [f64; 3] = [0.05, 0.2, 0.8];
/// Scales of the intercept in question, and how likely each is: most prevalences differ by a factor below two, some by
/// a factor of several.
const OWN_SCALES: [(f64, f64); 3] = [(0.05, 0.2), (0.3, 0.7), (1.2, 0.1)];
/// Scales of slopes, equally likely.
const SLOPE_SCALES: [f64; 3] = [0.05, 0.15, 0.3];
/// The share of an intercept's deviation that near populations have in common: prevalences differ for reasons that are
/// not genetic.
const SHARED_INTERCEPT: f64 = 0.5;
/// The same for slopes: a score's accuracy falls with genetic distance.
const SHARED_SLOPE: f64 = 0.9;
/// The kernel's length over the median distance between populations.
const REACH: f64 = 0.5;
/// Intercept and slope.
pub(super) const SIZE: usize = 2;

/// How alike populations are by their genetic distances: 1 at distance 0, 0 far away.
pub(super) fn similarities(distances: &DMatrix<f64>) -> DMatrix<f64> {
    let size = distances.nrows();
    let mut apart: Vec<f64> =
        (0..size).flat_map(|i| (0..i).map(move |j| (i, j))).map(|pair| distances[pair]).collect();
    apart.sort_by(f64::total_cmp);
    let median = apart.get(apart.len() / 2).copied().filter(|d| *d > 0.0).unwrap_or(1.0);
    DMatrix::from_fn(size, size, |i, j| {
        if i == j {
            return 1.0;
        }
        let relative = distances[(i.max(j), i.min(j))] / (REACH * median);
        exp(-0.5 * relative * relative)
    })
}

/// The posterior of one population's intercept and slope, in the light of all populations' people.
pub(super) fn posterior(
    people: &Grouped,
    alike: &DMatrix<f64>,
    population: usize,
) -> Result<Coefficients, CalibrateError> {
    let mut parts = Vec::new();
    let mut mode = None;
    for (own, likely) in OWN_SCALES {
        for others in INTERCEPT_SCALES {
            for slope in SLOPE_SCALES {
                let mut scales = vec![others; people.groups];
                scales[population] = own;
                let (evidence, all) = laplace(people, &prior(alike, &scales, slope)?, mode.as_ref())?;
                parts.push((evidence + likely.ln(), of_one(&all, population)));
                mode = Some(all.mean);
            }
        }
    }
    let nothing = CalibrateError::NotConverged { what: "the posterior of a population's risk", steps: 0 };
    Coefficients::mixture(&parts).ok_or(nothing)
}

fn prior(alike: &DMatrix<f64>, scales: &[f64], slope: f64) -> Result<NormalPrior, CalibrateError> {
    let size = SIZE * scales.len();
    let covariance = DMatrix::from_fn(size, size, |i, j| {
        let (g, h) = (i / SIZE, j / SIZE);
        let correlation = |shared: f64| if g == h { 1.0 } else { shared * alike[(g, h)] };
        match (i % SIZE, j % SIZE) {
            (0, 0) => LEVEL * LEVEL + scales[g] * scales[h] * correlation(SHARED_INTERCEPT),
            (1, 1) => COMMON_SLOPE * COMMON_SLOPE + slope * slope * correlation(SHARED_SLOPE),
            _ => 0.0,
        }
    });
    let mean = DVector::from_fn(size, |index, _| (index % SIZE) as f64);
    NormalPrior::from_covariance(mean, covariance)
}

fn of_one(all: &Coefficients, population: usize) -> Coefficients {
    let first = SIZE * population;
    Coefficients {
        mean: all.mean.rows(first, SIZE).into_owned(),
        covariance: all.covariance.view((first, first), (SIZE, SIZE)).into_owned(),
    }
}
