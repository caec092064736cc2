//! Level 0 of some blocks as work for whoever has their genotypes.

use std::{borrow::Cow, ops::Range};

use nalgebra::DMatrix;
use serde::{Deserialize, Serialize};
use steppe_kernels::{KernelError, Level};

use super::{
    blocks::Block,
    checkpoint::FittedBlock,
    design::Design,
    leave_one_out::leave_one_out,
    level0::{BlockModels, BlockSums, Level0, Memory},
    predict::{BlockCodes, out_of_fold, standardise},
    residual_sums::total,
    taking_part::TakingPart,
};
use crate::{
    error::{FitError, MatrixError},
    matrix::{GenotypeMatrix, PackedColumns, Products},
    runs::{RunTask, Written, of_run, to_bytes},
};

/// What is known of a block before its genotypes are read.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct BlockGiven {
    means: Vec<f64>,
    with_basis: Vec<DMatrix<f64>>,
    with_traits: Vec<DMatrix<f64>>,
}

/// Some blocks, each a run.
#[derive(Deserialize)]
pub(crate) struct RidgeRuns<'a> {
    pub(super) design: Cow<'a, Design>,
    pub(super) level0: Cow<'a, Level0>,
    pub(super) blocks: Vec<BlockGiven>,
    #[serde(skip)]
    pub(super) memory: Memory,
}

/// The same with some of the blocks.
#[derive(Serialize)]
pub(crate) struct RidgeWritten<'a> {
    design: &'a Design,
    level0: &'a Level0,
    blocks: &'a [BlockGiven],
}

impl BlockGiven {
    /// `products` are of [`Design::columns_by_group`].
    pub(super) fn new(
        matrix: &dyn GenotypeMatrix,
        design: &Design,
        block: &Block,
        products: &Products,
    ) -> Self {
        let rank = design.basis.rank();
        Self {
            means: block.variants.clone().map(|variant| matrix.mean(variant as usize)).collect(),
            with_basis: split(design, block, products, 0, rank),
            with_traits: split(design, block, products, rank, design.traits.len()),
        }
    }

    /// The block's models and predictions, from its genotypes.
    pub(super) fn fit(
        self,
        design: &Design,
        level0: &Level0,
        packed: &PackedColumns,
        level: Level,
        memory: &Memory,
    ) -> Result<FittedBlock, FitError> {
        let Self { means, with_basis, with_traits } = self;
        let mut codes = BlockCodes::new(design, packed, level).map_err(failed)?;
        let taking = TakingPart::new(level0, &codes.counts(), &means, &with_basis);
        codes.keep(&taking.kept);
        let sums = BlockSums {
            grams: codes.grams().map_err(failed)?,
            means: taking.kept.iter().map(|&variant| means[variant]).collect(),
            with_basis: taking.rows(&with_basis),
            with_traits: taking.rows(&with_traits),
        };
        let gamma = total(sums.with_basis.iter());
        let (models, mut predictions) = if design.leave_one_out {
            let (weights, predictions) = leave_one_out(design, level0, (&sums, &taking), &codes)?;
            (BlockModels::new(taking, &gamma, &weights), predictions)
        } else {
            let weights = level0.fit(&sums, &taking, memory)?;
            let models = BlockModels::new(taking, &gamma, &weights);
            let predictions = out_of_fold(design, &codes, &sums.means, (&weights, &models.along_basis));
            (models, predictions)
        };
        let moments = standardise(&mut predictions, design, level0.penalties.len());
        Ok(FittedBlock { models, predictions, moments })
    }
}

impl RunTask for RidgeRuns<'_> {
    fn encode(&self, runs: Range<usize>) -> Result<Vec<u8>, FitError> {
        let blocks = &self.blocks[runs];
        to_bytes(&Written::Ridge(RidgeWritten { design: &self.design, level0: &self.level0, blocks }))
    }

    fn run(&self, run: usize, codes: &PackedColumns, level: Level) -> Result<Vec<u8>, FitError> {
        let given = of_run(&self.blocks, run)?.clone();
        to_bytes(&given.fit(&self.design, &self.level0, codes, level, &self.memory)?)
    }
}

fn failed(error: KernelError) -> MatrixError {
    MatrixError { message: "a block's products failed".to_owned(), source: Some(Box::new(error)) }
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
