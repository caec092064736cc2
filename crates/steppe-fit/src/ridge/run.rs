//! Level 0 over all blocks: passes, models, predictions, checkpoints.

use std::borrow::Cow;

use steppe_kernels::Level;

use super::blocks::{Block, Blocks};
use super::checkpoint::FittedBlock;
use super::design::Design;
use super::level0::{DropReason, Level0, Memory};
use super::options::{RidgeControl, RidgeOptions, RidgeProgress};
use super::runs::{BlockGiven, RidgeRuns};
use crate::error::FitError;
use crate::matrix::{GenotypeMatrix, Products, ResidualPrecision};
use crate::runs::from_bytes;

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
    let mut blocks = LevelZero { matrix, design, level0, blocks, control, fitted: loaded };
    let done = if matrix.spreads_runs() { blocks.elsewhere(&products) } else { blocks.here(&products) };
    done?;
    Ok(blocks.fitted.into_iter().flatten().collect())
}

/// Blocks while they are fitted.
struct LevelZero<'a> {
    matrix: &'a dyn GenotypeMatrix,
    design: &'a Design,
    level0: Level0,
    blocks: &'a Blocks,
    control: &'a RidgeControl<'a>,
    fitted: Vec<Option<FittedBlock>>,
}

impl LevelZero<'_> {
    /// Fits one block after the other.
    fn here(&mut self, products: &Products) -> Result<(), FitError> {
        let memory = Memory::default();
        for (number, block) in self.blocks.blocks.iter().enumerate() {
            self.control.go_on()?;
            if self.fitted[number].is_none() {
                let given = BlockGiven::new(self.matrix, self.design, block, products);
                let packed = self.matrix.select(&block.variants.clone().collect::<Vec<u32>>())?;
                let fitted = given.fit(self.design, &self.level0, &packed, Level::best(), &memory)?;
                self.keep(number, fitted)?;
            }
            self.report(number + 1);
        }
        Ok(())
    }

    /// Has all missing blocks fitted where their genotypes are.
    fn elsewhere(&mut self, products: &Products) -> Result<(), FitError> {
        let blocks = &self.blocks.blocks;
        let missing: Vec<usize> = (0..blocks.len()).filter(|&number| self.fitted[number].is_none()).collect();
        let runs: Vec<Vec<u32>> =
            missing.iter().map(|&number| blocks[number].variants.clone().collect()).collect();
        let given = |&number: &usize| BlockGiven::new(self.matrix, self.design, &blocks[number], products);
        let task = RidgeRuns {
            design: Cow::Borrowed(self.design),
            level0: Cow::Owned(self.level0.clone()),
            blocks: missing.iter().map(given).collect(),
            memory: Memory::default(),
        };
        let shape = (self.design.rows(), self.design.columns(self.level0.penalties.len()));
        let loaded = blocks.len() - missing.len();
        self.control.go_on()?;
        self.matrix.each_run(&runs, &task, &mut |run, bytes| {
            self.control.go_on()?;
            let number = missing[run];
            let fitted: FittedBlock = from_bytes(&bytes)?;
            fitted.check(number, &blocks[number], shape.0, shape.1)?;
            self.keep(number, fitted)?;
            self.report(loaded + run + 1);
            Ok(())
        })
    }

    fn keep(&mut self, number: usize, fitted: FittedBlock) -> Result<(), FitError> {
        save(self.control, number, &fitted)?;
        self.fitted[number] = Some(fitted);
        Ok(())
    }

    fn report(&self, done: usize) {
        self.control.report(RidgeProgress::Level0 { done, blocks: self.blocks.blocks.len() });
    }
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
