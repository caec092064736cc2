//! A block's sums with covariates taken out and every variant of variance 1.

use std::borrow::Cow;

use nalgebra::DMatrix;
use steppe_stats::linear_algebra::{multiply, subtract_product_below};

use super::level0::{BlockSums, DropReason, Level0};
use crate::matrix::GramSums;

/// Side of the squares in which a matrix is read along rows and columns at once.
const SQUARE: usize = 32;

/// Sums of residual genotypes over all training samples, and what each fold has of them. Of symmetric matrices only the
/// lower triangle holds values.
pub(super) struct ResidualSums<'a> {
    level0: &'a Level0,
    /// Of the variants that take part.
    sums: Cow<'a, BlockSums>,
    /// Over all folds.
    total: GramSums,
    /// QᵀQ over all folds.
    basis: DMatrix<f64>,
    /// Γ of the variants that take part.
    gamma: DMatrix<f64>,
    right_of_fold: Vec<DMatrix<f64>>,
    right: DMatrix<f64>,
    /// Γ = XᵀQ, variants x rank.
    pub along_basis: DMatrix<f64>,
    /// Variants that take part, as places in the block.
    pub kept: Vec<usize>,
    /// 1 / standard deviation of each kept variant.
    pub inverse_deviation: Vec<f64>,
    pub dropped: Vec<(u32, DropReason)>,
}

impl<'a> ResidualSums<'a> {
    pub(super) fn new(level0: &'a Level0, sums: &'a BlockSums) -> Self {
        let along_basis = total(&sums.with_basis);
        let basis = level0.folds.iter().map(|fold| &fold.basis);
        let basis =
            basis.fold(DMatrix::zeros(along_basis.ncols(), along_basis.ncols()), |sum, one| sum + one);
        let halves = half(&along_basis, &along_basis, &basis);
        let freedom = (level0.samples - along_basis.ncols()) as f64;
        let (mut kept, mut inverse_deviation, mut dropped) = (Vec::new(), Vec::new(), Vec::new());
        for variant in 0..sums.means.len() {
            let explained = 2.0 * halves.row(variant).dot(&along_basis.row(variant));
            let deviation = ((sum_of_squares(sums, variant) - explained).max(0.0) / freedom).sqrt();
            match reason(&sums.grams, variant, deviation, level0.smallest_deviation) {
                Some(reason) => dropped.push((variant as u32, reason)),
                None => {
                    kept.push(variant);
                    inverse_deviation.push(1.0 / deviation);
                }
            }
        }
        let sums = match dropped.is_empty() {
            true => Cow::Borrowed(sums),
            false => Cow::Owned(sums.select(&kept)),
        };
        let gamma = along_basis.select_rows(&kept);
        let right_of_fold: Vec<DMatrix<f64>> = sums
            .with_traits
            .iter()
            .zip(&level0.folds)
            .map(|(with_traits, fold)| with_traits - multiply(&gamma, &fold.traits))
            .collect();
        Self {
            level0,
            total: total_gram(&sums.grams),
            right: total(&right_of_fold),
            sums,
            basis,
            gamma,
            right_of_fold,
            along_basis,
            kept,
            inverse_deviation,
            dropped,
        }
    }

    /// Products of the kept, standardised variants with each other, over all samples or those outside a fold.
    pub(super) fn without(&self, fold: Option<usize>) -> DMatrix<f64> {
        let size = self.kept.len();
        let mut products = DMatrix::zeros(size, size);
        self.fill_without(fold, &mut products);
        products
    }

    /// The same in a matrix that is there, as wide and high as variants are kept; its upper triangle stays as it is.
    pub(super) fn fill_without(&self, fold: Option<usize>, products: &mut DMatrix<f64>) {
        impute(&self.total, fold.map(|fold| &self.sums.grams[fold]), &self.sums.means, products);
        let half = match fold {
            Some(fold) => half(
                &(&self.gamma - &self.sums.with_basis[fold]),
                &self.gamma,
                &(&self.basis - &self.level0.folds[fold].basis),
            ),
            None => half(&self.gamma, &self.gamma, &self.basis),
        };
        subtract_product_below(products, &beside(&half, &self.gamma), &beside(&self.gamma, &half));
        let size = self.kept.len();
        for (column, scale) in self.inverse_deviation.iter().enumerate() {
            let lower = &mut products.as_mut_slice()[column * size + column..(column + 1) * size];
            let scales = &self.inverse_deviation[column..];
            lower.iter_mut().zip(scales).for_each(|(value, other)| *value *= scale * other);
        }
    }

    /// Products of the kept, standardised variants with the traits.
    pub(super) fn right_without(&self, fold: Option<usize>) -> DMatrix<f64> {
        DMatrix::from_fn(self.kept.len(), self.right.ncols(), |row, column| {
            let at = (row, column);
            let part = fold.map_or(0.0, |fold| self.right_of_fold[fold][at]);
            (self.right[at] - part) * self.inverse_deviation[row]
        })
    }

    /// Weights per copy of the counted allele, variants x (trait, ridge), from the standardised weights of each ridge.
    pub(super) fn per_copy(&self, solutions: &[DMatrix<f64>]) -> DMatrix<f64> {
        let (variants, traits, ridges) = (self.along_basis.nrows(), self.right.ncols(), solutions.len());
        let mut weights = DMatrix::zeros(variants, traits * ridges);
        for (ridge, solution) in solutions.iter().enumerate() {
            for of in 0..traits {
                for (row, variant) in self.kept.iter().enumerate() {
                    weights[(*variant, of * ridges + ridge)] =
                        solution[(row, of)] * self.inverse_deviation[row];
                }
            }
        }
        weights
    }
}

fn reason(grams: &[GramSums], variant: usize, deviation: f64, smallest: f64) -> Option<DropReason> {
    let mut calls = [0; 3];
    for gram in grams {
        for (sum, count) in calls.iter_mut().zip(gram.counts[variant]) {
            *sum += count;
        }
    }
    match calls.iter().filter(|count| **count > 0).count() {
        0 => Some(DropReason::NoCalls),
        1 => Some(DropReason::Monomorphic),
        _ if deviation > smallest => None,
        _ => Some(DropReason::LowVariance),
    }
}

fn total(parts: &[DMatrix<f64>]) -> DMatrix<f64> {
    let (rows, columns) = parts.first().map_or((0, 0), DMatrix::shape);
    parts.iter().fold(DMatrix::zeros(rows, columns), |sum, part| sum + part)
}

/// Sums over all folds.
fn total_gram(folds: &[GramSums]) -> GramSums {
    fn add(sums: &mut Vec<u32>, parts: &[u32]) {
        if sums.len() < parts.len() {
            sums.resize(parts.len(), 0);
        }
        sums.iter_mut().zip(parts).for_each(|(sum, part)| *sum += part);
    }
    let Some((first, others)) = folds.split_first() else { return GramSums::default() };
    let mut total = first.clone();
    for fold in others {
        total.samples += fold.samples;
        add(&mut total.codes, &fold.codes);
        add(&mut total.code_missing, &fold.code_missing);
        add(&mut total.both_missing, &fold.both_missing);
    }
    total
}

/// Σ genotype² of a variant over all folds, missing calls at the mean.
fn sum_of_squares(sums: &BlockSums, variant: usize) -> f64 {
    let of_fold = |gram: &GramSums| {
        let [_, one, two, missing] = gram.counts[variant];
        (one + 4 * two) as f64 + sums.means[variant].powi(2) * missing as f64
    };
    sums.grams.iter().map(of_fold).sum()
}

/// XᵀX with missing calls at the means, lower triangle: Σ (cᵢ + μᵢmᵢ)(cⱼ + μⱼmⱼ), over all samples or those outside a fold.
fn impute(total: &GramSums, fold: Option<&GramSums>, means: &[f64], products: &mut DMatrix<f64>) {
    let size = means.len();
    for column in 0..size {
        // The sums are symmetric: their row is this column.
        let lower = column * size + column..(column + 1) * size;
        let into = &mut products.as_mut_slice()[lower.clone()];
        let sums = into.iter_mut().zip(&total.codes[lower.clone()]);
        match fold {
            Some(fold) => sums
                .zip(&fold.codes[lower])
                .for_each(|((value, total), part)| *value = f64::from(total - part)),
            None => sums.for_each(|(value, total)| *value = f64::from(*total)),
        }
    }
    if total.code_missing.is_empty() {
        return;
    }
    // A fold has none of these sums where none of its calls is missing.
    let rest = |total: &[u32], part: Option<&Vec<u32>>, at: usize| {
        f64::from(total[at] - part.and_then(|part| part.get(at)).unwrap_or(&0))
    };
    let cm = |at| rest(&total.code_missing, fold.map(|fold| &fold.code_missing), at);
    let mm = |at| rest(&total.both_missing, fold.map(|fold| &fold.both_missing), at);
    for j0 in (0..size).step_by(SQUARE) {
        for i0 in (j0..size).step_by(SQUARE) {
            for j in j0..(j0 + SQUARE).min(size) {
                for i in i0.max(j)..(i0 + SQUARE).min(size) {
                    let one = means[j] * cm(i * size + j) + means[i] * cm(j * size + i);
                    products[(i, j)] += one + means[i] * means[j] * mm(j * size + i);
                }
            }
        }
    }
}

/// U = XᵀQ − ½ΓQᵀQ over some samples: what covariates take out of their products is UΓᵀ + ΓUᵀ.
fn half(with_basis: &DMatrix<f64>, gamma: &DMatrix<f64>, basis: &DMatrix<f64>) -> DMatrix<f64> {
    with_basis - multiply(gamma, basis) * 0.5
}

fn beside(left: &DMatrix<f64>, right: &DMatrix<f64>) -> DMatrix<f64> {
    let rank = left.ncols();
    let mut both = DMatrix::zeros(left.nrows(), 2 * rank);
    both.columns_mut(0, rank).copy_from(left);
    both.columns_mut(rank, rank).copy_from(right);
    both
}
