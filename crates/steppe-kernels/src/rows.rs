//! What a forward pass reads: packed rows, and a table per row.

use crate::error::KernelError;

/// Bits of a weight entry, sign included: `|entry| < 2^(WEIGHT_BITS - 1)`.
pub const WEIGHT_BITS: u32 = 44;

/// A run of packed rows of one sample block. Row `i` starts at `bytes[i * stride]`; its first
/// [`Rows::row_bytes`] bytes are read, what follows them up to the stride is not.
#[derive(Clone, Copy, Debug)]
pub struct Rows<'a> {
    /// The rows, one after another.
    pub bytes: &'a [u8],
    /// Bytes from a row's start to the next one's; at least [`Rows::row_bytes`].
    pub stride: usize,
    /// Rows.
    pub rows: usize,
    /// Samples of a row.
    pub samples: usize,
}

impl Rows<'_> {
    /// Meaningful bytes of a row: four samples a byte, the last byte may be partly filled.
    pub fn row_bytes(&self) -> usize {
        self.samples.div_ceil(4)
    }

    /// Checks that the rows lie inside `bytes`: after this, `i * stride + row_bytes <= bytes.len()`.
    pub(crate) fn check(&self) -> Result<(), KernelError> {
        let row_bytes = self.row_bytes();
        if self.stride < row_bytes {
            return Err(KernelError::Stride { stride: self.stride, row_bytes });
        }
        let Some(last) = self.rows.checked_sub(1) else { return Ok(()) };
        let needed = last.checked_mul(self.stride).and_then(|start| start.checked_add(row_bytes));
        match needed {
            Some(needed) if needed <= self.bytes.len() => Ok(()),
            _ => Err(KernelError::RowsTooShort {
                rows: self.rows,
                needed: needed.unwrap_or(usize::MAX),
                bytes: self.bytes.len(),
            }),
        }
    }
}

/// A row's contribution to one weighted sum per code: 0, 1, 2 copies, missing. Fixed point, [`WEIGHT_BITS`].
pub type WeightTable = [i64; 4];

/// What one code adds to the counts of one score.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CountEntry {
    /// Alleles that this sample counts toward the denominator: 0, 1 or 2.
    pub alleles: u8,
    /// Copies of the effect allele: 0, 1 or 2.
    pub dosage: u8,
}

/// A row's contribution to the counts per code: 0, 1, 2 copies, missing.
pub type CountTable = [CountEntry; 4];

/// One call's tables, lane-major: row `r` of lane `l` is `weights[l * rows + r]`, counts likewise. A row
/// whose table is all zero is skipped in that lane.
#[derive(Clone, Copy, Debug)]
pub struct Tables<'a> {
    /// Weight tables.
    pub weights: &'a [WeightTable],
    /// Weighted sums per sample.
    pub weight_lanes: usize,
    /// Count tables.
    pub counts: &'a [CountTable],
    /// Counts per sample.
    pub count_lanes: usize,
}

impl Tables<'_> {
    /// Checks shapes against the sums' lanes, and that every entry is in range.
    pub(crate) fn check(
        &self,
        rows: usize,
        weight_lanes: usize,
        count_lanes: usize,
    ) -> Result<(), KernelError> {
        let shape = |kind, entries: usize, lanes: usize, expected_lanes: usize| {
            if lanes == expected_lanes && lanes.checked_mul(rows) == Some(entries) {
                return Ok(());
            }
            Err(KernelError::TableShape { kind, entries, lanes, rows, expected_lanes })
        };
        shape("weight", self.weights.len(), self.weight_lanes, weight_lanes)?;
        shape("count", self.counts.len(), self.count_lanes, count_lanes)?;
        if let Some((index, value)) = weight_out_of_range(self.weights) {
            return Err(KernelError::WeightRange { lane: index / rows, row: index % rows, value });
        }
        let excessive = |table: &CountTable| table.iter().any(|entry| entry.alleles > 2 || entry.dosage > 2);
        match self.counts.iter().position(excessive) {
            Some(index) => Err(KernelError::CountRange { lane: index / rows, row: index % rows }),
            None => Ok(()),
        }
    }
}

const LIMIT: i64 = 1 << (WEIGHT_BITS - 1);

/// The first entry out of range; the common answer (none) is found without a branch per entry.
fn weight_out_of_range(tables: &[WeightTable]) -> Option<(usize, i64)> {
    let outside = |entry: i64| entry.wrapping_add(LIMIT - 1) as u64 > (2 * (LIMIT - 1)) as u64;
    let any = tables.chunks(64).any(|chunk| {
        chunk.iter().fold(false, |any, table| table.iter().fold(any, |any, &entry| any | outside(entry)))
    });
    if !any {
        return None;
    }
    tables.iter().enumerate().find_map(|(index, table)| {
        table.iter().copied().find(|&entry| outside(entry)).map(|value| (index, value))
    })
}
