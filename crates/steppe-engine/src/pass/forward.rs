//! The forward pass: for every sample and every lane, the sum over variants of a table entry chosen by the
//! genotype code.
//!
//! A *lane* is one column of sums: a score's fixed-point weights ([`WeightLane`]), or the integers behind its
//! denominator ([`CountLane`]). Partial sums are keyed by sample block.

mod kernel_loop;
mod operand;
mod operand_bytes;
mod sex_classes;

pub use operand::{CountLane, ForwardOperand, Sparse, WeightLane};
pub use sex_classes::{BlockMasks, SEX_CLASSES, SexClass};

use kernel_loop::BlockPass;
use steppe_store::{RowGroup, Scratch};

use super::{PartialSums, PassContext};
use crate::EngineError;

/// Sums the tiles of one partition. A block's sums are handed out when the list moves on to another block, and only
/// when every tile in them has passed its checksum.
pub(super) fn sum_tiles<'a>(
    context: &PassContext,
    operand: &ForwardOperand,
    tiles: impl Iterator<Item = Result<&'a RowGroup, EngineError>>,
) -> Result<Vec<PartialSums>, EngineError> {
    let mut scratch = Scratch::default();
    let mut done = Vec::new();
    let mut current: Option<BlockPass<'_>> = None;
    for group in tiles {
        let group = group?;
        if let Some(pass) = current.take_if(|pass| pass.block() != group.block) {
            done.push(pass.finish()?);
        }
        let block = &context.cohort.blocks()[group.block as usize];
        current
            .get_or_insert_with(|| BlockPass::new(context, operand, block))
            .add_row_group(group, &mut scratch)?;
    }
    if let Some(pass) = current {
        done.push(pass.finish()?);
    }
    Ok(done)
}
