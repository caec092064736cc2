//! The blocks of level 0.

use std::ops::Range;

use crate::error::FitError;

/// A run of variants of one chromosome.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Block {
    /// Its variants.
    pub variants: Range<u32>,
    /// Position of its chromosome in [`Blocks::chromosomes`].
    pub chromosome: usize,
}

/// All blocks, in the order of the variants.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Blocks {
    /// Chromosomes, in the order in which they come.
    pub chromosomes: Vec<u32>,
    /// Blocks.
    pub blocks: Vec<Block>,
}

impl Blocks {
    /// Cuts each chromosome into runs of `size` variants; its last run is shorter.
    ///
    /// # Errors
    /// When a chromosome comes again after another one.
    pub fn new(chromosome_of_variant: &[u32], size: usize) -> Result<Self, FitError> {
        let mut chromosomes: Vec<u32> = Vec::new();
        let mut blocks = Vec::new();
        let mut start = 0;
        for run in chromosome_of_variant.chunk_by(|left, right| left == right) {
            if chromosomes.contains(&run[0]) {
                return Err(FitError::ChromosomeAgain { chromosome: run[0], variant: start });
            }
            chromosomes.push(run[0]);
            for offset in (0..run.len()).step_by(size) {
                let end = (offset + size).min(run.len());
                blocks.push(Block {
                    variants: (start + offset) as u32..(start + end) as u32,
                    chromosome: chromosomes.len() - 1,
                });
            }
            start += run.len();
        }
        Ok(Self { chromosomes, blocks })
    }
}
