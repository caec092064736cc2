//! Rows as products of tiles of bytes: 32 rows at a time are unpacked to a byte a code, a block at a time, and multiplied with
//! the tiles of up to 16 columns of residuals. What is read again for the next 32 rows stays in the second-level cache.

use std::ops::Range;

use super::dense::{Ahead, Call, DensePass, Operand};
use super::residual_tiles::{FIELDS, HALF, ResidualTiles, SAMPLES, TILE_ROWS, Tile};
use super::{AdjointSum, AdjointWays, BLOCK};

/// Rows that are multiplied together.
pub(crate) const PAIR: usize = 2 * TILE_ROWS;

/// Tiles of residuals side by side, at most.
const WIDTH: usize = 3;

/// Blocks of a row that are multiplied in one go: their residuals are 768 KiB at most.
pub(crate) const SPAN: usize = 64;

/// The lower two bytes of a residual, times a code, add up in 32 bits.
const _: () = assert!(SPAN * SAMPLES * 2 * 0xFFFF < 1 << 31);

/// Sums of a row with 16 columns of bytes.
#[repr(C, align(64))]
#[derive(Clone, Copy, Debug)]
pub(crate) struct TileSums(pub(crate) [i32; TILE_ROWS]);

/// Room for the codes of two blocks of 32 rows: `[block][field][half of the rows]`.
#[repr(C, align(4096))]
#[derive(Clone, Debug)]
pub(crate) struct Codes(pub(crate) [[[Tile; 2]; FIELDS]; 2]);

/// Which genotypes a product counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Counted {
    /// Copies; none in a missing call.
    Copies,
    /// Missing calls.
    Missing,
}

/// The left factors of a product.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Left<'a> {
    /// A part of each row, equally long.
    pub(crate) rows: [&'a [u8]; PAIR],
    /// What is counted.
    pub(crate) counted: Counted,
    /// What is asked for meanwhile.
    pub(crate) ahead: &'a [u8],
}

/// What an instruction set provides for products of tiles.
pub(crate) trait TilePasses: AdjointWays {
    /// Σ genotype × byte for each row and each column of bytes: `sums[row * width + tile]`. The right factors are
    /// `[block][field][tile]`, for all bytes of the rows, and the last of those side by side is signed. Says whether there is
    /// a missing call.
    fn multiply(self, left: &Left<'_>, right: &[Tile], codes: &mut Codes, sums: &mut [TileSums]) -> bool;
    /// Adds what a row's sums say of up to 16 columns.
    fn combine(self, sums: &[TileSums], counted: Counted, out: &mut [AdjointSum]);
}

/// Buffers of the products.
pub(crate) struct Tiles {
    codes: Box<Codes>,
    sums: [TileSums; PAIR * WIDTH],
}

impl Default for Tiles {
    fn default() -> Self {
        Self {
            codes: Box::new(Codes([[[Tile::ZERO; 2]; FIELDS]; 2])),
            sums: [TileSums([0; TILE_ROWS]); PAIR * WIDTH],
        }
    }
}

impl<P: TilePasses> DensePass<P> for Tiles {
    const ROWS: usize = 4 * PAIR;
    const OPERAND: Operand = Operand::Tiles;

    fn add(
        &mut self,
        passes: P,
        call: &Call<'_>,
        dense: &[usize],
        ahead: &mut Ahead<'_>,
        out: &mut [AdjointSum],
    ) {
        let row_bytes = call.rows.row_bytes();
        let groups = call.residuals.tiles();
        for start in (0..row_bytes).step_by(SPAN * BLOCK) {
            let bytes = start..row_bytes.min(start + SPAN * BLOCK);
            for group in groups {
                for rows in dense.chunks(PAIR) {
                    let asked = ahead.take((PAIR * bytes.len()).div_ceil(groups.len()));
                    let part = Part { call: *call, rows, bytes: bytes.clone(), group };
                    if self.add_part(passes, &part, Counted::Copies, asked, out) {
                        self.add_part(passes, &part, Counted::Missing, &[], out);
                    }
                }
            }
        }
    }
}

/// A part of at most 32 rows, and up to 16 columns.
struct Part<'a> {
    call: Call<'a>,
    rows: &'a [usize],
    bytes: Range<usize>,
    group: &'a ResidualTiles,
}

impl Tiles {
    /// Says whether there is a missing call.
    fn add_part<P: TilePasses>(
        &mut self,
        passes: P,
        part: &Part<'_>,
        counted: Counted,
        ahead: &[u8],
        out: &mut [AdjointSum],
    ) -> bool {
        let Part { call, rows, bytes, group } = part;
        let width = group.width();
        // Past the last row, it is multiplied again, for nothing.
        let row = |at: usize| &call.row(rows[at.min(rows.len() - 1)])[bytes.clone()];
        let left = Left { rows: std::array::from_fn(row), counted, ahead };
        let right = group.blocks(bytes.start / BLOCK..bytes.end.div_ceil(BLOCK));
        let sums = &mut self.sums[..PAIR * width];
        let missing = passes.multiply(&left, right, &mut self.codes, sums);
        for (row, sums) in rows.iter().zip(sums.chunks(width)) {
            let first = row * call.residuals.columns() + group.first;
            passes.combine(sums, counted, &mut out[first..][..group.columns]);
        }
        missing
    }
}

/// Puts the sums of bytes together.
#[inline(always)]
pub(crate) fn combine(sums: &[TileSums], counted: Counted, out: &mut [AdjointSum]) {
    let (low, middle, high) = match sums {
        [TileSums(low), TileSums(middle), TileSums(high)] => (&low[..], &middle[..], high),
        [TileSums(lower), TileSums(high)] => (&lower[..HALF], &lower[HALF..], high),
        _ => return,
    };
    for (out, ((low, middle), high)) in out.iter_mut().zip(low.iter().zip(middle).zip(high)) {
        let sum = i64::from(low + (middle << 8)) + (i64::from(*high) << 16);
        let out = match counted {
            Counted::Copies => &mut out.codes,
            Counted::Missing => &mut out.missing,
        };
        *out = out.wrapping_add(sum);
    }
}
