//! Level 0 over all blocks: passes, models, predictions, checkpoints.

use nalgebra::DMatrix;

use super::blocks::{Block, Blocks};
use super::checkpoint::FittedBlock;
use super::design::Design;
use super::leave_one_out::leave_one_out;
use super::level0::{BlockSums, DropReason, Level0};
use super::options::{RidgeControl, RidgeOptions, RidgeProgress};
use super::predict::{BlockCodes, out_of_fold, standardise};
use crate::error::FitError;
use crate::matrix::{GenotypeMatrix, Products, ResidualPrecision};

/// All blocks, in their order. Blocks that the checkpoint holds are not fitted again.
pub(super) fn level0(
    matrix: &dyn GenotypeMatrix,
    design: &Design,
    blocks: &Blocks,
    options: &RidgeOptions,
    control: &RidgeControl<'_>,
) -> Result<Vec<FittedBlock>, FitError> {
    if design.traits.is_empty() {
        return Ok(Vec::new());
    }
    let shape = (design.rows(), design.columns(options.level0_shares.len()));
    let mut loaded = Vec::with_capacity(blocks.blocks.len());
    for (number, block) in blocks.blocks.iter().enumerate() {
        loaded.push(load(control, number, block, shape)?);
    }
    let products = if loaded.iter().all(Option::is_some) {
        Products::default()
    } else {
        control.go_on()?;
        control.report(RidgeProgress::Products);
        let columns = design.columns_by_group();
        let residuals: Vec<&[f64]> = columns.iter().map(Vec::as_slice).collect();
        matrix.adjoint(&residuals, ResidualPrecision::Full)?
    };
    let level0 = design.level0(options, markers(matrix));
    let mut fitted = Vec::with_capacity(loaded.len());
    for (number, (block, loaded)) in blocks.blocks.iter().zip(loaded).enumerate() {
        control.go_on()?;
        fitted.push(match loaded {
            Some(block) => block,
            None => {
                let block = fit_block(matrix, design, &level0, block, &products)?;
                save(control, number, &block)?;
                block
            }
        });
        control.report(RidgeProgress::Level0 { done: number + 1, blocks: blocks.blocks.len() });
    }
    Ok(fitted)
}

/// Variants that took no part, by their place in the matrix.
pub(super) fn dropped(blocks: &Blocks, fitted: &[FittedBlock]) -> Vec<(u32, DropReason)> {
    let of_block = |(block, fitted): (&Block, &FittedBlock)| {
        let start = block.variants.start;
        fitted.models.dropped.iter().map(move |(place, reason)| (start + place, *reason)).collect::<Vec<_>>()
    };
    blocks.blocks.iter().zip(fitted).flat_map(of_block).collect()
}

/// Variants that vary among the reference samples.
fn markers(matrix: &dyn GenotypeMatrix) -> usize {
    let varies = |counts: &&[u64; 4]| counts[..3].iter().filter(|count| **count > 0).count() > 1;
    matrix.counts().iter().filter(varies).count()
}

fn fit_block(
    matrix: &dyn GenotypeMatrix,
    design: &Design,
    level0: &Level0,
    block: &Block,
    products: &Products,
) -> Result<FittedBlock, FitError> {
    let sums = BlockSums {
        grams: matrix.gram(block.variants.clone(), &design.groups, design.ranges.len())?,
        means: block.variants.clone().map(|variant| matrix.mean(variant as usize)).collect(),
        with_basis: split(design, block, products, 0, design.basis.rank()),
        with_traits: split(design, block, products, design.basis.rank(), design.traits.len()),
    };
    let packed = matrix.select(&block.variants.clone().collect::<Vec<u32>>())?;
    let codes = BlockCodes { packed: &packed, means: &sums.means };
    let (models, mut predictions) = if design.leave_one_out {
        leave_one_out(design, level0, &sums, &codes)?
    } else {
        let models = level0.fit(&sums)?;
        let predictions = out_of_fold(design, &codes, &models);
        (models, predictions)
    };
    let moments = standardise(&mut predictions, design, level0.penalties.len());
    Ok(FittedBlock { models, predictions, moments })
}

/// A block's rows of some columns of the adjoint pass, for each group.
fn split(
    design: &Design,
    block: &Block,
    products: &Products,
    first: usize,
    count: usize,
) -> Vec<DMatrix<f64>> {
    let width = design.basis.rank() + design.traits.len();
    let of_group = |group: usize| {
        DMatrix::from_fn(block.variants.len(), count, |row, column| {
            products.of(block.variants.start as usize + row)[group * width + first + column]
        })
    };
    (0..design.ranges.len()).map(of_group).collect()
}

fn load(
    control: &RidgeControl<'_>,
    number: usize,
    block: &Block,
    (rows, columns): (usize, usize),
) -> Result<Option<FittedBlock>, FitError> {
    let Some(checkpoint) = control.checkpoint else { return Ok(None) };
    let loaded = checkpoint.load(number).map_err(|source| FitError::Checkpoint { block: number, source })?;
    if let Some(fitted) = &loaded {
        fitted.check(number, block, rows, columns)?;
    }
    Ok(loaded)
}

fn save(control: &RidgeControl<'_>, number: usize, fitted: &FittedBlock) -> Result<(), FitError> {
    match control.checkpoint {
        Some(checkpoint) => {
            checkpoint.save(number, fitted).map_err(|source| FitError::Checkpoint { block: number, source })
        }
        None => Ok(()),
    }
}
