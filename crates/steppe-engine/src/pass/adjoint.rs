//! The adjoint pass: for every variant and every column of residuals, Σ over samples of code × residual, and Σ of the
//! residuals whose call is missing. Centring, scaling and the imputation of missing calls are algebra on these two.
//!
//! Residuals are fixed-point numbers of 24 bits, so sums are exact. Partial sums are keyed by the first variant of a
//! run; a variant has two sums a column: codes, missing.

mod operand;

pub use operand::AdjointOperand;

use steppe_kernels::{AdjointSum, Rows, adjoint};
use steppe_store::{RowGroup, Scratch};

use super::{
    PartialSums, PassContext,
    by_variant::{VariantSums, block_of},
};
use crate::EngineError;

/// From so many columns on, rows are gathered: the kernel makes tables of the residuals at every call.
const GATHER_FROM_COLUMNS: usize = 8;
/// So many rows are then summed together.
const GATHERED_ROWS: usize = 2048;

/// Sums the tiles of one partition.
pub(super) fn sum_tiles<'a>(
    context: &PassContext,
    operand: &AdjointOperand,
    tiles: impl Iterator<Item = Result<&'a RowGroup, EngineError>>,
) -> Result<Vec<PartialSums>, EngineError> {
    let mut run = Run::new(operand);
    let (reader, mut scratch) = (context.cohort.reader(), Scratch::default());
    for group in tiles {
        let group = group?;
        let block = block_of(context, group)?;
        run.sums.cover(group);
        let mut failure = None;
        reader.scan(group, &mut scratch, &mut |first, rows| {
            if failure.is_none() {
                failure = run.add(block.index, first, rows, context).err();
            }
            Ok(())
        })?;
        run.flush(block.index, block.samples as usize, context)?;
        if let Some(failure) = failure {
            return Err(failure);
        }
        context.progress.advance(context.genotypes(group));
    }
    Ok(run.sums.finish())
}

/// The sums of a partition, and rows that wait for more of their kind.
struct Run<'a> {
    operand: &'a AdjointOperand,
    sums: VariantSums,
    buffer: Vec<AdjointSum>,
    first: u32,
    codes: Vec<u8>,
}

impl<'a> Run<'a> {
    fn new(operand: &'a AdjointOperand) -> Self {
        let sums = VariantSums::new(2 * operand.columns());
        Self { operand, sums, buffer: Vec::new(), first: 0, codes: Vec::new() }
    }

    fn add(
        &mut self,
        block: u32,
        first: u32,
        rows: Rows<'_>,
        context: &PassContext,
    ) -> Result<(), EngineError> {
        if self.operand.columns() < GATHER_FROM_COLUMNS {
            return self.sum(block, first, rows, context);
        }
        let row_bytes = rows.row_bytes();
        for row in 0..rows.rows {
            if self.codes.is_empty() {
                self.first = first + row as u32;
            }
            self.codes.extend_from_slice(&rows.bytes[row * rows.stride..][..row_bytes]);
            if self.codes.len() >= GATHERED_ROWS * row_bytes {
                self.flush(block, rows.samples, context)?;
            }
        }
        Ok(())
    }

    fn flush(&mut self, block: u32, samples: usize, context: &PassContext) -> Result<(), EngineError> {
        let mut codes = std::mem::take(&mut self.codes);
        let stride = samples.div_ceil(4);
        if !codes.is_empty() {
            let rows = Rows { bytes: &codes, stride, rows: codes.len() / stride, samples };
            self.sum(block, self.first, rows, context)?;
        }
        codes.clear();
        self.codes = codes;
        Ok(())
    }

    fn sum(
        &mut self,
        block: u32,
        first: u32,
        rows: Rows<'_>,
        context: &PassContext,
    ) -> Result<(), EngineError> {
        let residuals = self.operand.of_block(context, block)?;
        self.buffer.clear();
        self.buffer.resize(rows.rows * self.operand.columns(), AdjointSum::default());
        adjoint(rows, residuals, &mut self.buffer)?;
        let sums = self.sums.of(first, rows.rows).as_chunks_mut::<2>().0;
        for ([codes, missing], more) in sums.iter_mut().zip(&self.buffer) {
            *codes = codes.wrapping_add(more.codes);
            *missing = missing.wrapping_add(more.missing);
        }
        Ok(())
    }
}
