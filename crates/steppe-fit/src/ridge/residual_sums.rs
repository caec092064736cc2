//! A block's sums with covariates taken out and every variant of variance 1.

use nalgebra::DMatrix;
use rayon::prelude::*;
use steppe_stats::linear_algebra::{multiply, subtract_product};

use super::level0::{BlockSums, DropReason, Level0};
use crate::matrix::GramSums;

/// Side of the squares in which a matrix is read along rows and columns at once.
const SQUARE: usize = 32;

/// Sums of residual genotypes over each fold and over all training samples. Of symmetric matrices only the lower triangle
/// holds values.
pub(super) struct ResidualSums {
    folds: Vec<DMatrix<f64>>,
    total: DMatrix<f64>,
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

impl ResidualSums {
    pub(super) fn new(level0: &Level0, sums: &BlockSums) -> Self {
        let variants = sums.means.len();
        let along_basis = total(&sums.with_basis);
        let folds: Vec<DMatrix<f64>> = (0..level0.folds.len())
            .into_par_iter()
            .map(|fold| {
                let mut products = imputed(&sums.grams[fold], &sums.means);
                take_out(&mut products, &sums.with_basis[fold], &along_basis, &level0.folds[fold].basis);
                products
            })
            .collect();
        let right_of_fold: Vec<DMatrix<f64>> = (0..level0.folds.len())
            .map(|fold| &sums.with_traits[fold] - multiply(&along_basis, &level0.folds[fold].traits))
            .collect();
        let total_products = total_lower(&folds);
        let freedom = (level0.samples - along_basis.ncols()) as f64;
        let (mut kept, mut inverse_deviation, mut dropped) = (Vec::new(), Vec::new(), Vec::new());
        for variant in 0..variants {
            let deviation = (total_products[(variant, variant)].max(0.0) / freedom).sqrt();
            match reason(&sums.grams, variant, deviation, level0.smallest_deviation) {
                Some(reason) => dropped.push((variant as u32, reason)),
                None => {
                    kept.push(variant);
                    inverse_deviation.push(1.0 / deviation);
                }
            }
        }
        let right = total(&right_of_fold);
        Self {
            folds,
            total: total_products,
            right_of_fold,
            right,
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
        let size = self.kept.len();
        for (column, (j, scale)) in self.kept.iter().zip(&self.inverse_deviation).enumerate() {
            let total = self.total.column(*j);
            let mut into = products.column_mut(column);
            let rows = (column..size).map(|row| (row, self.kept[row], self.inverse_deviation[row]));
            match fold {
                Some(fold) => {
                    let part = self.folds[fold].column(*j);
                    rows.for_each(|(row, i, s)| into[row] = (total[i] - part[i]) * (s * scale));
                }
                None => rows.for_each(|(row, i, s)| into[row] = total[i] * (s * scale)),
            }
        }
    }

    /// Products of the kept, standardised variants with the traits.
    pub(super) fn right_without(&self, fold: Option<usize>) -> DMatrix<f64> {
        DMatrix::from_fn(self.kept.len(), self.right.ncols(), |row, column| {
            let at = (self.kept[row], column);
            let part = fold.map_or(0.0, |fold| self.right_of_fold[fold][at]);
            (self.right[at] - part) * self.inverse_deviation[row]
        })
    }

    /// Weights per copy of the counted allele, variants x (trait, ridge), from the standardised weights of each ridge.
    pub(super) fn per_copy(&self, solutions: &[DMatrix<f64>]) -> DMatrix<f64> {
        let (variants, traits, ridges) = (self.total.nrows(), self.right.ncols(), solutions.len());
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

fn total_lower(parts: &[DMatrix<f64>]) -> DMatrix<f64> {
    let size = parts.first().map_or(0, DMatrix::nrows);
    let mut sum = DMatrix::zeros(size, size);
    for part in parts {
        for column in 0..size {
            let lower = column * size + column..(column + 1) * size;
            let into = &mut sum.as_mut_slice()[lower.clone()];
            into.iter_mut().zip(&part.as_slice()[lower]).for_each(|(sum, value)| *sum += value);
        }
    }
    sum
}

/// XᵀX with missing calls at the means, lower triangle: Σ (cᵢ + μᵢmᵢ)(cⱼ + μⱼmⱼ).
fn imputed(gram: &GramSums, means: &[f64]) -> DMatrix<f64> {
    let size = means.len();
    let mut products = DMatrix::zeros(size, size);
    for column in 0..size {
        // The sums are symmetric: their row is this column.
        let row = &gram.codes[column * size + column..(column + 1) * size];
        let into = &mut products.as_mut_slice()[column * size + column..(column + 1) * size];
        into.iter_mut().zip(row).for_each(|(value, sum)| *value = *sum as f64);
    }
    if gram.code_missing.is_empty() {
        return products;
    }
    let (cm, mm) = (&gram.code_missing, &gram.both_missing);
    for j0 in (0..size).step_by(SQUARE) {
        for i0 in (j0..size).step_by(SQUARE) {
            for j in j0..(j0 + SQUARE).min(size) {
                for i in i0.max(j)..(i0 + SQUARE).min(size) {
                    let one = means[j] * cm[i * size + j] as f64 + means[i] * cm[j * size + i] as f64;
                    products[(i, j)] += one + means[i] * means[j] * mm[j * size + i] as f64;
                }
            }
        }
    }
    products
}

/// Takes the covariates out of a fold's products: `products − (UΓᵀ + ΓUᵀ)` with U = XₛᵀQₛ − ½ΓQₛᵀQₛ.
fn take_out(
    products: &mut DMatrix<f64>,
    with_basis: &DMatrix<f64>,
    gamma: &DMatrix<f64>,
    basis: &DMatrix<f64>,
) {
    let half = with_basis - multiply(gamma, basis) * 0.5;
    let rank = gamma.ncols();
    let beside = |left: &DMatrix<f64>, right: &DMatrix<f64>| {
        let mut both = DMatrix::zeros(left.nrows(), 2 * rank);
        both.columns_mut(0, rank).copy_from(left);
        both.columns_mut(rank, rank).copy_from(right);
        both
    };
    subtract_product(products, &beside(&half, gamma), &beside(gamma, &half));
}
