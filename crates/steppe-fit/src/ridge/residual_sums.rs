//! A block's sums with covariates taken out and every variant of variance 1.

use nalgebra::DMatrix;
use steppe_stats::linear_algebra::{multiply, subtract_product_below};

use super::level0::{BlockSums, Level0};
use super::taking_part::TakingPart;
use crate::matrix::GramSums;

/// Side of the squares in which a matrix is read along rows and columns at once.
const SQUARE: usize = 32;

/// Sums of residual genotypes over all training samples, and what each fold has of them. Of symmetric matrices only the
/// lower triangle holds values.
pub(super) struct ResidualSums<'a> {
    level0: &'a Level0,
    sums: &'a BlockSums,
    inverse_deviation: &'a [f64],
    /// Over all folds.
    total: GramSums,
    /// QᵀQ over all folds.
    basis: DMatrix<f64>,
    /// Γ = XᵀQ, variants x rank.
    pub gamma: DMatrix<f64>,
    right_of_fold: Vec<DMatrix<f64>>,
    right: DMatrix<f64>,
}

impl<'a> ResidualSums<'a> {
    pub(super) fn new(level0: &'a Level0, sums: &'a BlockSums, taking: &'a TakingPart) -> Self {
        let gamma = total(sums.with_basis.iter());
        let right_of_fold: Vec<DMatrix<f64>> = sums
            .with_traits
            .iter()
            .zip(&level0.folds)
            .map(|(with_traits, fold)| with_traits - multiply(&gamma, &fold.traits))
            .collect();
        Self {
            level0,
            sums,
            inverse_deviation: &taking.inverse_deviation,
            total: total_gram(&sums.grams),
            basis: total(level0.folds.iter().map(|fold| &fold.basis)),
            gamma,
            right: total(right_of_fold.iter()),
            right_of_fold,
        }
    }

    /// Variants that take part.
    pub(super) fn size(&self) -> usize {
        self.inverse_deviation.len()
    }

    /// Products of the standardised variants with each other, over all samples or those outside a fold.
    pub(super) fn without(&self, fold: Option<usize>) -> DMatrix<f64> {
        let size = self.size();
        let mut products = DMatrix::zeros(size, size);
        self.fill_without(fold, &mut products);
        products
    }

    /// The same in a matrix that is there, as wide and high as there are variants; its upper triangle stays as it is.
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
        let size = self.size();
        for (column, scale) in self.inverse_deviation.iter().enumerate() {
            let lower = &mut products.as_mut_slice()[column * size + column..(column + 1) * size];
            let scales = &self.inverse_deviation[column..];
            lower.iter_mut().zip(scales).for_each(|(value, other)| *value *= scale * other);
        }
    }

    /// Products of the standardised variants with the traits.
    pub(super) fn right_without(&self, fold: Option<usize>) -> DMatrix<f64> {
        DMatrix::from_fn(self.size(), self.right.ncols(), |row, column| {
            let at = (row, column);
            let part = fold.map_or(0.0, |fold| self.right_of_fold[fold][at]);
            (self.right[at] - part) * self.inverse_deviation[row]
        })
    }

    /// Weights per copy of the counted allele, variants x (trait, ridge), from the standardised weights of each ridge.
    pub(super) fn per_copy(&self, solutions: &[DMatrix<f64>]) -> DMatrix<f64> {
        let ridges = solutions.len();
        DMatrix::from_fn(self.size(), self.right.ncols() * ridges, |row, column| {
            solutions[column % ridges][(row, column / ridges)] * self.inverse_deviation[row]
        })
    }
}

/// The sum of matrices of one shape.
pub(super) fn total<'a>(mut parts: impl Iterator<Item = &'a DMatrix<f64>>) -> DMatrix<f64> {
    let first = parts.next().cloned().unwrap_or_default();
    parts.fold(first, |sum, part| sum + part)
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
