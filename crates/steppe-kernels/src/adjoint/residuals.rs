//! Residuals of one sample block in the order in which the passes read them.

use super::{AdjointPasses, Lanes32, Sums64};
use crate::dispatch::with_passes;
use crate::error::KernelError;
use crate::level::Level;

/// Bytes of a row that one [`LimbBlock`] covers.
pub(crate) const BLOCK: usize = 64;

/// Bytes of a residual.
pub(crate) const LIMBS: usize = 3;

/// Bits of a residual, sign included.
const RESIDUAL_BITS: u32 = 8 * LIMBS as u32;

/// 256 residuals of one column as bytes of two's complement, `[limb][field][byte of the row]`: the lowest limb
/// first; the highest is signed.
#[repr(C, align(64))]
#[derive(Clone, Copy, Debug)]
pub(crate) struct LimbBlock(pub(crate) [[[u8; BLOCK]; 4]; LIMBS]);

/// Columns of residuals of one sample block, in fixed point: signed 24-bit numbers.
#[derive(Clone, Debug)]
pub struct AdjointResiduals {
    level: Level,
    samples: usize,
    columns: usize,
    /// Columns that are looked up in groups of 16: the first ones. The others are summed one by one.
    grouped: usize,
    /// Group-major, a whole number of bytes of samples each; padding is zero.
    groups: Vec<Lanes32>,
    /// The sum of each group's residuals.
    totals: Vec<Sums64>,
    /// Column-major; padding is zero.
    blocks: Vec<LimbBlock>,
}

impl AdjointResiduals {
    /// Prepares columns of `samples` residuals each. Memory: about three to four bytes a residual (up to 64 a sample
    /// where a group of 16 columns is not full).
    ///
    /// # Errors
    /// A column of another length, or a residual outside ±(2^23 − 1).
    pub fn new(level: Level, samples: usize, columns: &[&[i32]]) -> Result<Self, KernelError> {
        for (column, residuals) in columns.iter().enumerate() {
            if residuals.len() != samples {
                let length = residuals.len();
                return Err(KernelError::Length { what: "residuals", length, expected: samples });
            }
            let limit = 1_u32 << (RESIDUAL_BITS - 1);
            // No branch per residual: the common answer is that all are in range.
            if residuals.iter().fold(0, |most, value| value.unsigned_abs().max(most)) >= limit {
                return Err(KernelError::ResidualRange { column });
            }
        }
        let group_from = with_passes!(level, passes => group_from(passes));
        let rest = columns.len() % 16;
        let grouped = if rest < group_from { columns.len() - rest } else { columns.len() };
        let (together, single) = columns.split_at(grouped);
        Ok(Self {
            level,
            samples,
            columns: columns.len(),
            grouped,
            groups: together.chunks(16).flat_map(|group| to_lanes(samples, group)).collect(),
            totals: together.chunks(16).map(totals).collect(),
            blocks: single.iter().flat_map(|column| to_blocks(column)).collect(),
        })
    }

    /// Samples of the block.
    pub fn samples(&self) -> usize {
        self.samples
    }

    /// Columns of residuals.
    pub fn columns(&self) -> usize {
        self.columns
    }

    pub(super) fn level(&self) -> Level {
        self.level
    }

    /// Columns that are summed in groups: the first ones.
    pub(super) fn grouped(&self) -> usize {
        self.grouped
    }

    /// The columns that are summed one by one, with their blocks.
    pub(super) fn single(&self) -> impl Iterator<Item = (usize, &[LimbBlock])> {
        let blocks = self.samples.div_ceil(4 * BLOCK).max(1);
        (self.grouped..).zip(self.blocks.chunks(blocks))
    }

    /// The groups of columns that are summed together.
    pub(super) fn groups(&self) -> impl Iterator<Item = Group<'_>> {
        let bytes = self.samples.div_ceil(4).max(1);
        let groups = self.groups.as_chunks::<4>().0.chunks(bytes);
        (0..self.grouped).step_by(16).zip(groups.zip(&self.totals)).map(|(first, (samples, total))| Group {
            first,
            columns: (self.grouped - first).min(16),
            samples,
            total,
        })
    }
}

/// Up to 16 columns that are summed together.
#[derive(Clone, Copy)]
pub(super) struct Group<'a> {
    pub(super) first: usize,
    pub(super) columns: usize,
    /// Sixteen lanes a sample, and four samples a byte of a row.
    pub(super) samples: &'a [[Lanes32; 4]],
    pub(super) total: &'a Sums64,
}

fn totals(columns: &[&[i32]]) -> Sums64 {
    let mut totals = Sums64([0; 16]);
    for (total, column) in totals.0.iter_mut().zip(columns) {
        *total = column.iter().map(|residual| i64::from(*residual)).sum();
    }
    totals
}

fn group_from<P: AdjointPasses>(_: P) -> usize {
    P::GROUP_FROM
}

/// Up to 16 columns side by side, padded to a multiple of four samples.
fn to_lanes(samples: usize, columns: &[&[i32]]) -> Vec<Lanes32> {
    let mut lanes = vec![Lanes32::ZERO; samples.next_multiple_of(4)];
    for (lane, column) in columns.iter().enumerate() {
        for (lanes, &residual) in lanes.iter_mut().zip(*column) {
            lanes.0[lane] = residual;
        }
    }
    lanes
}

/// One column's bytes.
fn to_blocks(column: &[i32]) -> Vec<LimbBlock> {
    let block = |residuals: &[i32]| {
        let mut block = LimbBlock([[[0; BLOCK]; 4]; LIMBS]);
        for (sample, residual) in residuals.iter().enumerate() {
            for (limb, byte) in block.0.iter_mut().zip(residual.to_le_bytes()) {
                limb[sample % 4][sample / 4] = byte;
            }
        }
        block
    };
    column.chunks(4 * BLOCK).map(block).collect()
}
