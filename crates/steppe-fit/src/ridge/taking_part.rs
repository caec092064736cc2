//! Which variants of a block take part, found before their products are made.

use nalgebra::DMatrix;

use super::level0::{DropReason, Level0};
use super::residual_sums::total;

/// The variants of a block that take part.
pub(super) struct TakingPart {
    /// Their places in the block, ascending.
    pub kept: Vec<usize>,
    /// 1 / standard deviation of each, covariates taken out.
    pub inverse_deviation: Vec<f64>,
    /// The others.
    pub dropped: Vec<(u32, DropReason)>,
    /// Variants of the block.
    pub variants: usize,
}

impl TakingPart {
    /// From the counts of codes 0, 1, 2, missing of each variant in each fold, and as in [`super::BlockSums`].
    pub(super) fn new(
        level0: &Level0,
        counts: &[Vec<[u64; 4]>],
        means: &[f64],
        with_basis: &[DMatrix<f64>],
    ) -> Self {
        let gamma = total(with_basis.iter());
        let basis = total(level0.folds.iter().map(|fold| &fold.basis));
        let freedom = (level0.samples - gamma.ncols()) as f64;
        let mut taking = Self {
            kept: Vec::new(),
            inverse_deviation: Vec::new(),
            dropped: Vec::new(),
            variants: means.len(),
        };
        for (variant, mean) in means.iter().enumerate() {
            let mut calls = [0; 4];
            for fold in counts {
                calls.iter_mut().zip(fold[variant]).for_each(|(sum, count)| *sum += count);
            }
            let [_, one, two, missing] = calls;
            let squares = (one + 4 * two) as f64 + mean * mean * missing as f64;
            // ‖x − QΓᵀ‖² of the variant's genotypes x.
            let along = gamma.row(variant);
            let explained = 2.0 * along.norm_squared() - (along * &basis).dot(&along);
            let deviation = ((squares - explained).max(0.0) / freedom).sqrt();
            match reason(calls, deviation, level0.smallest_deviation) {
                Some(reason) => taking.dropped.push((variant as u32, reason)),
                None => {
                    taking.kept.push(variant);
                    taking.inverse_deviation.push(1.0 / deviation);
                }
            }
        }
        taking
    }

    /// The rows of those who take part.
    pub(super) fn rows(&self, of_folds: &[DMatrix<f64>]) -> Vec<DMatrix<f64>> {
        of_folds.iter().map(|rows| rows.select_rows(&self.kept)).collect()
    }
}

fn reason(calls: [u64; 4], deviation: f64, smallest: f64) -> Option<DropReason> {
    match calls[..3].iter().filter(|count| **count > 0).count() {
        0 => Some(DropReason::NoCalls),
        1 => Some(DropReason::Monomorphic),
        _ if deviation > smallest => None,
        _ => Some(DropReason::LowVariance),
    }
}
