//! Residuals of one sample block in the order in which the passes read them.

use super::dense::Operand;
use super::residual_tiles::ResidualTiles;
use super::{AdjointWays, DensePass, Lanes32, Sums64};
use crate::dispatch::with_matrix_passes;
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

/// Which columns are summed how.
#[derive(Clone, Copy, Debug)]
struct Plan {
    /// Columns that are summed in groups of 16: the first ones. The others are summed one by one.
    grouped: usize,
    /// Columns without blocks: the first ones.
    without_blocks: usize,
    /// Whether the columns that are summed in groups are tiles.
    tiles: bool,
    /// Of 1024 genotypes of a row, so many that differ from the commonest make it worth a list.
    listed_of_1024: Option<u64>,
}

impl Plan {
    fn new<W: AdjointWays>(_: W, columns: usize) -> Self {
        let rest = columns % 16;
        // Where rows are unpacked for 16 columns, one more costs little.
        let unpacked = W::Dense::OPERAND != Operand::Lanes;
        let from = if unpacked && columns > 16 { 1 } else { W::GROUP_FROM };
        let grouped = if rest < from { columns - rest } else { columns };
        Self {
            grouped,
            without_blocks: if W::Dense::OPERAND == Operand::Blocks { 0 } else { grouped },
            tiles: W::Dense::OPERAND == Operand::Tiles,
            listed_of_1024: W::listed_of_1024(grouped),
        }
    }
}

/// Columns of residuals of one sample block, in fixed point: signed 24-bit numbers.
#[derive(Clone, Debug)]
pub struct AdjointResiduals {
    level: Level,
    samples: usize,
    columns: usize,
    plan: Plan,
    /// Of the columns that are summed in groups, where they are not tiles. Group-major, a whole number of bytes of samples each; padding is zero.
    groups: Vec<Lanes32>,
    /// The sum of each group's residuals.
    totals: Vec<Sums64>,
    /// Column-major, of the columns that are multiplied as bytes; padding is zero.
    blocks: Vec<LimbBlock>,
    /// Those of the columns that are summed in groups, where they are tiles.
    #[cfg_attr(not(target_arch = "x86_64"), allow(dead_code))]
    tiles: Vec<ResidualTiles>,
}

impl AdjointResiduals {
    /// Prepares columns of `samples` residuals each. Memory: about three bytes a residual of a few columns, and three to
    /// seven of many (up to 64 more a sample where a group of 16 columns is not full).
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
        let plan = with_matrix_passes!(level, ways => Plan::new(ways, columns.len()));
        let together = &columns[..plan.grouped];
        let (lanes, tiles) = if plan.tiles { (&[][..], together) } else { (together, &[][..]) };
        Ok(Self {
            level,
            samples,
            columns: columns.len(),
            groups: lanes.chunks(16).flat_map(|group| to_lanes(samples, group)).collect(),
            totals: lanes.chunks(16).map(totals).collect(),
            blocks: columns[plan.without_blocks..].iter().flat_map(|column| to_blocks(column)).collect(),
            tiles: ResidualTiles::groups(samples, tiles),
            plan,
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
        self.plan.grouped
    }

    /// Of 1024 genotypes of a row, so many that differ from the commonest make it worth a list. Nothing where it never is.
    pub(super) fn listed_of_1024(&self) -> Option<u64> {
        self.plan.listed_of_1024
    }

    /// The columns that are multiplied as bytes, with their blocks.
    fn bytes(&self) -> impl Iterator<Item = (usize, &[LimbBlock])> {
        let blocks = self.samples.div_ceil(4 * BLOCK).max(1);
        (self.plan.without_blocks..).zip(self.blocks.chunks(blocks))
    }

    /// The columns that are summed one by one, with their blocks.
    pub(super) fn single(&self) -> impl Iterator<Item = (usize, &[LimbBlock])> {
        self.bytes().skip(self.plan.grouped - self.plan.without_blocks)
    }

    /// The columns that are summed in groups, with their blocks, where they have some.
    #[cfg(target_arch = "x86_64")]
    pub(super) fn grouped_bytes(&self) -> impl Iterator<Item = (usize, &[LimbBlock])> {
        self.bytes().take(self.plan.grouped - self.plan.without_blocks)
    }

    /// The columns that are summed in groups, where they are tiles.
    #[cfg(target_arch = "x86_64")]
    pub(super) fn tiles(&self) -> &[ResidualTiles] {
        &self.tiles
    }

    /// The groups of columns that are summed together, where they are not tiles.
    pub(super) fn groups(&self) -> impl Iterator<Item = Group<'_>> {
        let bytes = self.samples.div_ceil(4).max(1);
        let groups = self.groups.as_chunks::<4>().0.chunks(bytes);
        (0..self.plan.grouped).step_by(16).zip(groups.zip(&self.totals)).map(|(first, (samples, total))| {
            Group { first, columns: (self.plan.grouped - first).min(16), samples, total }
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
