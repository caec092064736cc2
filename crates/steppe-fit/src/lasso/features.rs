//! The space of coefficients: each variant's shared effect, then each population's own part of it.

use rayon::prelude::*;
use steppe_kernels::{Level, column_moments};

use super::{input::LassoProblem, options::LassoOptions};
use crate::error::FitError;

/// Variants whose columns are in memory at once while standard deviations are computed.
const CHUNK: usize = 1024;

/// Features are numbered variant by variant: `variant * parts + part`, part 0 shared, part k + 1 of population k.
#[derive(Debug)]
pub(crate) struct Features {
    variants: u32,
    parts: u32,
    factor: Option<Vec<f64>>,
    specific: f64,
    /// Standard deviation of each variant; without standardisation none.
    scale: Option<Vec<f64>>,
}

impl Features {
    /// The features of one trait, whose normalised training weights are `weights`.
    pub(crate) fn new(
        problem: &LassoProblem<'_>,
        options: &LassoOptions,
        weights: &[f64],
    ) -> Result<Self, FitError> {
        let variants = problem.matrix.variants();
        let parts = 1 + problem.populations.map_or(0, |populations| populations.count);
        let count = u32::try_from(variants).ok().filter(|variants| variants.checked_mul(parts).is_some());
        let too_many = || FitError::TooManyFeatures { variants, parts };
        let factor = problem.penalty_factors.map(|factors| rescale(factors, options.rescale_penalty_factors));
        let scale = if options.standardize { Some(scales(problem, weights)?) } else { None };
        let specific = problem.populations.map_or(1.0, |populations| populations.factor);
        Ok(Self { variants: count.ok_or_else(too_many)?, parts, factor, specific, scale })
    }

    pub(crate) fn count(&self) -> u32 {
        self.variants * self.parts
    }

    pub(crate) fn parts(&self) -> u32 {
        self.parts
    }

    pub(crate) fn variant(&self, feature: u32) -> u32 {
        feature / self.parts
    }

    /// The population of a population's own part.
    pub(crate) fn population(&self, feature: u32) -> Option<u32> {
        (feature % self.parts).checked_sub(1)
    }

    /// Penalty factor: infinite where the feature is left out.
    pub(crate) fn factor(&self, feature: u32) -> f64 {
        let variant = self.variant(feature) as usize;
        if self.scale.as_ref().is_some_and(|scale| scale[variant] == 0.0) {
            return f64::INFINITY;
        }
        let own = self.factor.as_ref().map_or(1.0, |factor| factor[variant]);
        if self.population(feature).is_some() { own * self.specific } else { own }
    }

    /// What genotypes are divided by.
    pub(crate) fn scale(&self, feature: u32) -> f64 {
        self.scale.as_ref().map_or(1.0, |scale| scale[self.variant(feature) as usize])
    }

    /// Features with penalty factor 0.
    pub(crate) fn unpenalised(&self) -> Vec<u32> {
        if self.factor.is_none() && self.specific > 0.0 {
            return Vec::new();
        }
        (0..self.count()).filter(|feature| self.factor(*feature) == 0.0).collect()
    }
}

/// Scales factors to a mean of 1, where one that leaves its variant out counts 1, as glmnet does.
fn rescale(factors: &[f64], wanted: bool) -> Vec<f64> {
    let sum: f64 = factors.iter().map(|factor| if factor.is_finite() { *factor } else { 1.0 }).sum();
    let scale = if wanted && sum > 0.0 { factors.len() as f64 / sum } else { 1.0 };
    factors.iter().map(|factor| factor * scale).collect()
}

/// Weighted standard deviation of each variant, missing calls at the matrix's mean.
fn scales(problem: &LassoProblem<'_>, weights: &[f64]) -> Result<Vec<f64>, FitError> {
    let matrix = problem.matrix;
    if problem.reference.is_some_and(|reference| trains_alike(reference, weights)) {
        let deviation = |(variant, counts): (usize, &[u64; 4])| {
            let total = counts.iter().sum::<u64>() as f64;
            spread(counts.map(|count| count as f64 / total), matrix.mean(variant))
        };
        return Ok(matrix.counts().iter().enumerate().map(deviation).collect());
    }
    let mut scales = Vec::with_capacity(matrix.variants());
    let samples = matrix.samples();
    for start in (0..matrix.variants()).step_by(CHUNK) {
        let variants: Vec<u32> = (start..(start + CHUNK).min(matrix.variants())).map(|v| v as u32).collect();
        let selected = matrix.select(&variants)?;
        let chunk: Vec<f64> = (0..selected.len())
            .into_par_iter()
            .map(|i| {
                let moments = column_moments(Level::best(), selected.column(i), samples, weights);
                spread(moments, matrix.mean(start + i))
            })
            .collect();
        scales.extend(chunk);
    }
    Ok(scales)
}

/// Whether the training samples are the reference samples, all with one weight.
fn trains_alike(reference: &[bool], weights: &[f64]) -> bool {
    let mut positive = weights.iter().filter(|w| **w > 0.0);
    let first = positive.next();
    reference.len() == weights.len()
        && reference.iter().zip(weights).all(|(reference, w)| *reference == (*w > 0.0))
        && positive.all(|w| Some(w) == first)
}

/// Standard deviation from the weights of codes 0, 1, 2, missing, which sum to 1. 0 where it is 0 up to rounding.
fn spread(weight: [f64; 4], imputed: f64) -> f64 {
    let mean = weight[1] + 2.0 * weight[2] + imputed * weight[3];
    let values = [0.0, 1.0, 2.0, imputed];
    let variance: f64 = weight.iter().zip(values).map(|(w, value)| w * (value - mean) * (value - mean)).sum();
    if variance > 1e-14 { variance.sqrt() } else { 0.0 }
}

/// One population's part of a packed column: codes are 0 outside it.
pub(crate) fn mask_column(column: &mut [u8], of: &[u32], population: u32) {
    for (byte, of) in column.iter_mut().zip(of.chunks(4)) {
        for (lane, of) in of.iter().enumerate() {
            if *of != population {
                *byte &= !(3 << (2 * lane));
            }
        }
    }
}

/// A residual that counts only in one population.
pub(crate) fn mask_residual(v: &[f64], of: &[u32], population: u32) -> Vec<f64> {
    v.iter().zip(of).map(|(v, of)| if *of == population { *v } else { 0.0 }).collect()
}

/// The residual columns of one adjoint pass that give the gradients of all features: v itself, then v in each population.
pub(crate) fn residual_columns(problem: &LassoProblem<'_>, v: &[f64]) -> Vec<Vec<f64>> {
    let shared = std::iter::once(v.to_vec());
    let specific = problem.populations.into_iter().flat_map(|populations| {
        (0..populations.count).map(move |population| mask_residual(v, populations.of, population))
    });
    shared.chain(specific).collect()
}

/// Checks that a matrix and the problem's vectors have the same sizes.
pub(crate) fn check(problem: &LassoProblem<'_>) -> Result<(), FitError> {
    let (samples, variants) = (problem.matrix.samples(), problem.matrix.variants());
    check_len("penalty factors", variants, problem.penalty_factors.map(<[f64]>::len))?;
    check_len("populations", samples, problem.populations.map(|populations| populations.of.len()))?;
    check_len("reference samples", samples, problem.reference.map(<[bool]>::len))?;
    let bad = |factors: &&[f64]| factors.iter().any(|factor| factor.is_nan() || *factor < 0.0);
    if problem.penalty_factors.as_ref().is_some_and(bad) {
        return Err(FitError::PenaltyFactor);
    }
    if problem.populations.is_some_and(|populations| populations.factor.is_nan() || populations.factor <= 0.0)
    {
        return Err(FitError::PenaltyFactor);
    }
    Ok(())
}

pub(crate) fn check_len(what: &'static str, expected: usize, found: Option<usize>) -> Result<(), FitError> {
    match found {
        Some(found) if found != expected => Err(FitError::Length { what, expected, found }),
        _ => Ok(()),
    }
}
