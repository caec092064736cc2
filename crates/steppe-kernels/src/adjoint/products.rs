//! Dense rows as a product of byte matrices: eight rows are unpacked to a byte a code, once for all columns, and multiplied
//! with the bytes of the residuals. What each loop reads again stays in a cache: the codes of eight rows in the first
//! level, the residuals of some columns in the second.

use std::ops::Range;

use super::dense::{Ahead, Call, DensePass, Operand};
use super::{AdjointPasses, AdjointSum, BLOCK, LimbBlock};

/// Rows that are multiplied together.
pub(crate) const ROWS: usize = 8;

/// Blocks of a row that are multiplied at once.
const CHUNK: usize = 16;

/// Samples of one product at most, which bounds the narrow sums.
pub(crate) const SAMPLES: usize = CHUNK * 4 * BLOCK;

/// Columns whose residuals the second-level cache holds, 12 KiB each.
const COLUMNS: usize = 64;

/// The codes of eight rows for the samples of one [`LimbBlock`]: `[field][row][byte of the row]`.
#[repr(C, align(64))]
#[derive(Clone, Copy, Debug)]
pub(crate) struct CodeBlock(pub(crate) [[[u8; BLOCK]; ROWS]; 4]);

/// What an instruction set provides for byte products.
pub(crate) trait ProductPasses: AdjointPasses {
    /// Unpacks a part of each row: a byte a code, and 0 for a missing call or past the row's end.
    fn unpack(self, rows: [&[u8]; ROWS], codes: &mut [CodeBlock]);
    /// Σ code × residual for each row. There are at most [`SAMPLES`].
    fn multiply(self, codes: &[CodeBlock], residuals: &[LimbBlock]) -> [i64; ROWS];
}

/// The codes of eight rows.
pub(crate) struct Products(Vec<CodeBlock>);

impl Default for Products {
    fn default() -> Self {
        Self(vec![CodeBlock([[[0; BLOCK]; ROWS]; 4]); CHUNK])
    }
}

impl<P: ProductPasses> DensePass<P> for Products {
    const ROWS: usize = 64;
    const OPERAND: Operand = Operand::Blocks;

    fn add(
        &mut self,
        passes: P,
        call: &Call<'_>,
        dense: &[usize],
        ahead: &mut Ahead<'_>,
        out: &mut [AdjointSum],
    ) {
        let grouped: Vec<(usize, &[LimbBlock])> = call.residuals.grouped_bytes().collect();
        let bytes = call.rows.row_bytes();
        for columns in grouped.chunks(COLUMNS) {
            for (chunk, at) in (0..bytes).step_by(CHUNK * BLOCK).enumerate() {
                let bytes = at..bytes.min(at + CHUNK * BLOCK);
                for first in (0..dense.len()).step_by(ROWS) {
                    let (rows, next) = dense[first..].split_at(ROWS.min(dense.len() - first));
                    let next = &next[..next.len().min(ROWS)];
                    let part = Part { call: *call, rows, next, chunk, bytes: bytes.clone() };
                    self.unpack(passes, &part);
                    self.multiply(passes, &part, columns, ahead, out);
                }
            }
        }
    }
}

/// A part of at most eight rows.
struct Part<'a> {
    call: Call<'a>,
    rows: &'a [usize],
    /// The rows whose part is next.
    next: &'a [usize],
    chunk: usize,
    bytes: Range<usize>,
}

impl<'a> Part<'a> {
    fn of(&self, row: usize) -> &'a [u8] {
        &self.call.row(row)[self.bytes.clone()]
    }

    fn blocks(&self) -> usize {
        self.bytes.len().div_ceil(BLOCK)
    }
}

impl Products {
    /// Unpacks the rows; what is missing to eight is zero.
    fn unpack<P: ProductPasses>(&mut self, passes: P, part: &Part<'_>) {
        let rows = std::array::from_fn(|at| part.rows.get(at).map_or(&[][..], |&row| part.of(row)));
        passes.unpack(rows, &mut self.0[..part.blocks()]);
    }

    /// Multiplies the unpacked rows with some columns. Meanwhile it asks for the rows that come next, and for twice as much
    /// of those that are not looked at yet: listed rows lie between the dense ones.
    fn multiply<P: ProductPasses>(
        &self,
        passes: P,
        part: &Part<'_>,
        columns: &[(usize, &[LimbBlock])],
        ahead: &mut Ahead<'_>,
        out: &mut [AdjointSum],
    ) {
        let codes = &self.0[..part.blocks()];
        let piece = 2 * ROWS * part.bytes.len() / columns.len();
        for (index, &(column, residuals)) in columns.iter().enumerate() {
            for &row in part.next.iter().skip(index).step_by(columns.len()) {
                passes.prefetch(part.of(row));
            }
            ahead.step(passes, piece);
            let sums = passes.multiply(codes, &residuals[part.chunk * CHUNK..][..codes.len()]);
            for (row, sum) in part.rows.iter().zip(sums) {
                let out = &mut out[row * part.call.residuals.columns() + column];
                out.codes = out.codes.wrapping_add(sum);
            }
        }
    }
}
