//! From the two levels of a trait to one weight per variant.

use nalgebra::{DMatrix, DVector};

use super::blocks::Blocks;
use super::checkpoint::FittedBlock;
use super::design::Design;
use super::level1::{Level1Fit, Predictors};

/// The predictors of level 1 of the trait at `place`: its columns of every block, side by side.
pub(super) fn predictors(blocks: &Blocks, fitted: &[FittedBlock], place: usize, ridges: usize) -> Predictors {
    let rows = fitted.first().map_or(0, |block| block.predictions.nrows());
    let mut columns = DMatrix::zeros(rows, fitted.len() * ridges);
    for (number, block) in fitted.iter().enumerate() {
        columns
            .columns_mut(number * ridges, ridges)
            .copy_from(&block.predictions.columns(place * ridges, ridges));
    }
    let of_chromosome = (0..blocks.chromosomes.len()).map(|chromosome| {
        let first = blocks.blocks.partition_point(|block| block.chromosome < chromosome);
        let end = blocks.blocks.partition_point(|block| block.chromosome <= chromosome);
        first * ridges..end * ridges
    });
    Predictors { of_chromosome: of_chromosome.collect(), columns }
}

/// A trait's prediction, the mean over its models, as a function of raw genotypes and covariates, in the units of level
/// 1: for each chromosome `constant + Σ genotype × weight − (coordinates on the covariates' basis) · along_basis`.
pub(super) struct Portable {
    /// Weights per copy of the counted allele, for each chromosome in ascending order of variants.
    pub weights: Vec<Vec<(u32, f64)>>,
    /// What covariates take out, a column for each chromosome.
    pub along_basis: DMatrix<f64>,
    pub constants: DVector<f64>,
}

impl Portable {
    /// Multiplies level 0's weights with level 1's coefficients.
    pub(super) fn new(
        design: &Design,
        blocks: &Blocks,
        fitted: &[FittedBlock],
        place: usize,
        level1: &Level1Fit,
    ) -> Self {
        let chromosomes = blocks.chromosomes.len();
        let mut all = Self {
            weights: vec![Vec::new(); chromosomes],
            along_basis: DMatrix::zeros(design.basis.rank(), chromosomes),
            constants: DVector::zeros(chromosomes),
        };
        for (number, (block, fitted)) in blocks.blocks.iter().zip(fitted).enumerate() {
            let ridges = fitted.moments.len() / design.traits.len();
            let columns = place * ridges..(place + 1) * ridges;
            let mut weights = DVector::zeros(block.variants.len());
            for (model, coefficients) in level1.coefficients.iter().enumerate() {
                let of_block = coefficients.rows(number * ridges, ridges);
                for (column, coefficient) in columns.clone().zip(of_block.iter()) {
                    let (mean, deviation) = fitted.moments[column];
                    if deviation == 0.0 {
                        continue;
                    }
                    let share = coefficient / deviation / level1.coefficients.len() as f64;
                    weights.axpy(share, &fitted.models.weights[model].column(column), 1.0);
                    let taken = fitted.models.along_basis[model].column(column) * share;
                    let mut along = all.along_basis.column_mut(block.chromosome);
                    along += taken;
                    all.constants[block.chromosome] -= mean * share;
                }
            }
            let numbered = block.variants.clone().zip(weights.iter().copied());
            all.weights[block.chromosome].extend(numbered.filter(|(_, weight)| *weight != 0.0));
        }
        all
    }
}
