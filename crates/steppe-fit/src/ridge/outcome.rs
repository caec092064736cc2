//! What a fit gives.

use nalgebra::DMatrix;

use super::design::{Design, coordinates};
use super::level0::DropReason;
use super::level1::{Level1Fit, PenaltyScore};
use super::options::{RidgeControl, RidgeData, RidgeFamily, RidgeProgress};
use super::portable::Portable;
use super::traits::{PreparedTrait, TraitProblem};
use crate::error::FitError;
use crate::matrix::GenotypeMatrix;

/// A stacked block ridge of some traits.
#[derive(Clone, Debug)]
pub struct RidgeFit {
    /// For each trait given, its fit or why there is none.
    pub traits: Vec<Result<RidgeTraitFit, TraitProblem>>,
    /// Chromosomes, in the order in which they come.
    pub chromosomes: Vec<u32>,
    /// Blocks of level 0.
    pub blocks: usize,
    /// Samples that train.
    pub training_samples: usize,
    /// Variants that take no part, ascending, with the reason.
    pub dropped_variants: Vec<(u32, DropReason)>,
    /// Covariates that take no part because they depend on the intercept and those before them.
    pub dropped_covariates: Vec<usize>,
}

/// The fit of one trait. Predictions are in standard deviations of the trait's residuals for a quantitative trait, as in
/// regenie, and in log odds for a binary one; they are of genotypes with the covariates taken out.
#[derive(Clone, Debug)]
pub struct RidgeTraitFit {
    /// Training samples that lack the trait.
    pub missing: usize,
    /// Standard deviation of the residuals on the covariates: a unit of the predictions of a quantitative trait.
    pub residual_deviation: f64,
    /// Cross-validation of each penalty of level 1, in the order of the options.
    pub scores: Vec<PenaltyScore>,
    /// The penalty that predicts best, and was taken.
    pub chosen: usize,
    /// `loco[chromosome][sample]`: the prediction without that chromosome. A training sample that counts at level 1 is
    /// predicted by the model that did not see it, any other by the weights.
    pub loco: Vec<Vec<f64>>,
    /// The prediction from all chromosomes, a value for each sample, made likewise.
    pub prediction: Vec<f64>,
    /// A weight for each variant per copy of the counted allele, 0 for one that takes no part. In the trait's units, or
    /// log odds.
    pub weights: Vec<f64>,
    /// Intercept and a coefficient for each covariate that go with the weights, 0 for a covariate that takes no part:
    /// `intercept + Σ covariate × coefficient + Σ genotype × weight` is the trait's expectation, or its log odds.
    pub covariate_effects: Vec<f64>,
}

/// Level 1 of the traits of a design.
pub(super) type Level1 = Vec<Result<(Level1Fit, Portable), TraitProblem>>;

/// Whether each sample of the matrix is predicted by models that did not see it.
fn left_out(design: &Design, of: &PreparedTrait) -> Vec<bool> {
    let mut left_out = vec![false; design.samples];
    for (sample, counts) in design.order.iter().zip(&of.counted) {
        left_out[*sample as usize] = *counts;
    }
    left_out
}

/// Predictions by weights for the samples that need them: `[trait][chromosome]`, a value per sample; empty where no
/// sample needs them.
pub(super) fn predict_outside(
    matrix: &dyn GenotypeMatrix,
    design: &Design,
    data: &RidgeData<'_>,
    level1: &Level1,
    control: &RidgeControl<'_>,
) -> Result<Vec<Vec<Vec<f64>>>, FitError> {
    let needs = |of: &PreparedTrait| left_out(design, of).contains(&false);
    let mut columns = Vec::new();
    for (of, level1) in design.traits.iter().zip(level1) {
        if let (true, Ok((_, portable))) = (needs(of), level1) {
            columns.extend(portable.weights.iter().cloned());
        }
    }
    if columns.is_empty() {
        return Ok(vec![Vec::new(); design.traits.len()]);
    }
    control.go_on()?;
    control.report(RidgeProgress::Prediction);
    let mut sums = matrix.forward(&columns)?.into_iter();
    let mut all = Vec::with_capacity(design.traits.len());
    for (of, level1) in design.traits.iter().zip(level1) {
        let (true, Ok((_, portable))) = (needs(of), level1) else {
            all.push(Vec::new());
            continue;
        };
        let mut parts: Vec<Vec<f64>> = sums.by_ref().take(portable.weights.len()).collect();
        for sample in 0..design.samples {
            let taken = portable.along_basis.tr_mul(&coordinates(&design.basis, data.covariates, sample));
            for (chromosome, part) in parts.iter_mut().enumerate() {
                part[sample] += portable.constants[chromosome] - taken[chromosome];
            }
        }
        all.push(parts);
    }
    Ok(all)
}

/// The outcomes of the traits of a design.
pub(super) fn traits(
    design: &Design,
    data: &RidgeData<'_>,
    level1: Level1,
    outside: Vec<Vec<Vec<f64>>>,
) -> Vec<Result<RidgeTraitFit, TraitProblem>> {
    let one = |((of, level1), outside): ((&PreparedTrait, Result<_, _>), Vec<Vec<f64>>)| {
        level1.map(|(fit, portable)| outcome(design, data, of, fit, &portable, &outside))
    };
    design.traits.iter().zip(level1).zip(outside).map(one).collect()
}

fn outcome(
    design: &Design,
    data: &RidgeData<'_>,
    of: &PreparedTrait,
    fit: Level1Fit,
    portable: &Portable,
    outside: &[Vec<f64>],
) -> RidgeTraitFit {
    let parts = parts_by_sample(design, of, &fit.parts, outside);
    let prediction: Vec<f64> =
        (0..design.samples).map(|sample| parts.iter().map(|part| part[sample]).sum()).collect();
    let loco = parts.iter().map(|part| prediction.iter().zip(part).map(|(all, own)| all - own).collect());
    let unit = if of.family == RidgeFamily::Gaussian { of.scale } else { 1.0 };
    let mut weights = vec![0.0; data.chromosomes.len()];
    for (variant, weight) in portable.weights.iter().flatten() {
        weights[*variant as usize] = weight * unit;
    }
    let along = &of.null - portable.along_basis.column_sum() * unit;
    let of_kept = design.basis.coefficients(&along);
    let mut covariate_effects = vec![0.0; data.covariates.len() + 1];
    for (place, column) in design.basis.kept.iter().enumerate() {
        covariate_effects[*column] = of_kept[place];
    }
    covariate_effects[0] += portable.constants.sum() * unit;
    RidgeTraitFit {
        missing: of.missing,
        residual_deviation: of.scale,
        loco: loco.collect(),
        prediction,
        weights,
        covariate_effects,
        scores: fit.scores,
        chosen: fit.chosen,
    }
}

/// Each chromosome's part for all samples: left-out predictions for those that train, by weights for the others.
fn parts_by_sample(
    design: &Design,
    of: &PreparedTrait,
    of_rows: &DMatrix<f64>,
    outside: &[Vec<f64>],
) -> Vec<Vec<f64>> {
    let place = |chromosome: usize| {
        let mut part = outside.get(chromosome).cloned().unwrap_or_else(|| vec![0.0; design.samples]);
        for (row, sample) in design.order.iter().enumerate().filter(|(row, _)| of.counted[*row]) {
            part[*sample as usize] = of_rows[(row, chromosome)];
        }
        part
    };
    (0..of_rows.ncols()).map(place).collect()
}
