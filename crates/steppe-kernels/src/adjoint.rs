//! The adjoint pass: per row, the sums of code times residual, for one or many columns of residuals.
//!
//! A few columns are summed one by one, as products of the codes with the residuals' bytes (`dots`). Many go 16 at a time
//! (`grouped`). Where an instruction set multiplies tiles of bytes, all rows are its products (`tiles`). Elsewhere a row of
//! which most genotypes are the same is summed by the list of the others (`listed`), and a dense one by byte products of
//! several rows and columns (`products`) or, where an instruction set has none, by table lookup, where a byte of a row is
//! four samples' codes (`lookup`).

mod dense;
mod dots;
mod grouped;
mod listed;
mod lookup;
// Only AVX-512 multiplies vectors of bytes quickly enough.
#[cfg(target_arch = "x86_64")]
mod products;
// Only x86-64 has tiles.
#[cfg_attr(not(target_arch = "x86_64"), allow(dead_code))]
mod residual_tiles;
mod residuals;
#[cfg(target_arch = "x86_64")]
mod tiles;

use crate::dispatch::with_matrix_passes;
use crate::error::KernelError;
use crate::passes::Passes;
use crate::rows::Rows;
pub(crate) use dense::DensePass;
pub(crate) use listed::{Plane, ROOM};
pub(crate) use lookup::{CopiedRow, Lanes32, Lookup, LookupPasses, ResidualTable, Sums64, TABLES};
#[cfg(target_arch = "x86_64")]
pub(crate) use products::{CodeBlock, ProductPasses, Products, ROWS, SAMPLES};
#[cfg(target_arch = "x86_64")]
pub(crate) use residual_tiles::{FIELDS, TILE_ROWS, Tile};
pub use residuals::AdjointResiduals;
pub(crate) use residuals::{BLOCK, LIMBS, LimbBlock};
#[cfg(target_arch = "x86_64")]
pub(crate) use tiles::{Codes, Counted, Left, PAIR, SPAN, TilePasses, TileSums, Tiles, combine};

/// What one row and one column of residuals give, exactly.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AdjointSum {
    /// Σ code × residual over the samples that have a call.
    pub codes: i64,
    /// Σ residual over the samples whose call is missing.
    pub missing: i64,
}

/// Which way an instruction set sums which columns and rows.
pub(crate) trait AdjointWays: Copy {
    /// From how many columns on (at most 16) a group is faster than column after column.
    const GROUP_FROM: usize;
    /// The passes of a few columns, and of listed rows.
    type Passes: AdjointPasses + Passes;
    /// How a group of columns is summed where a row is not listed.
    type Dense: DensePass<Self>;

    /// The passes.
    fn passes(self) -> Self::Passes;
    /// Of 1024 genotypes of a row, so many that differ from the commonest are summed faster sample by sample, where so many
    /// columns are summed in groups. Nothing where no row is, nor its missing calls.
    fn listed_of_1024(columns: usize) -> Option<u64>;
}

/// What an instruction set provides for the adjoint pass.
pub(crate) trait AdjointPasses: Copy {
    /// Asks for what will be read soon, so that memory works while others are summed.
    fn prefetch<T>(self, _data: &[T]) {}
    /// Whether a byte of `row` holds a missing call.
    fn any_missing(self, row: &[u8]) -> bool;
    /// Σ code × residual for each row, with 3 for a missing call; the blocks cover the rows, which are equally long.
    fn dot_codes<const ROWS: usize>(self, rows: [&[u8]; ROWS], residuals: &[LimbBlock]) -> [i64; ROWS];
    /// Σ residual over the missing calls, likewise.
    fn dot_missing<const ROWS: usize>(self, rows: [&[u8]; ROWS], residuals: &[LimbBlock]) -> [i64; ROWS];

    /// Lists the samples of a part of a row with this bit, once copies are counted of the allele that is rare: of the
    /// other one where `swapped`. A missing call has both bits in any case. Returns how many there are.
    fn list(self, part: &[u8], swapped: bool, plane: Plane, numbers: &mut [u16; ROOM]) -> usize;
    /// Adds the residuals of the listed samples.
    fn add_listed(self, numbers: &[u16], samples: &[Lanes32], sums: &mut Sums64);
}

/// Adds the rows' sums to `out`, which holds `residuals.columns()` of them a row: `out[row * columns + column]`. The
/// sums are two's complement: with fewer than 2^38 samples in all, none leaves the range of i64.
///
/// With many columns, and neither tiles nor AVX-512, tables are made once a call, for the rows that are not listed: calls
/// of a few thousand rows are the fastest.
///
/// # Errors
/// Rows of another sample block or `out` of another length; nothing is added then.
pub fn adjoint(
    rows: Rows<'_>,
    residuals: &AdjointResiduals,
    out: &mut [AdjointSum],
) -> Result<(), KernelError> {
    if rows.samples != residuals.samples() {
        return Err(KernelError::Samples { rows: rows.samples, sums: residuals.samples() });
    }
    rows.check()?;
    let expected = rows.rows.saturating_mul(residuals.columns());
    if out.len() != expected {
        return Err(KernelError::Length { what: "sums", length: out.len(), expected });
    }
    if expected == 0 || rows.samples == 0 {
        return Ok(());
    }
    with_matrix_passes!(residuals.level(), ways => {
        grouped::add(ways, &rows, residuals, out);
        dots::add(ways.passes(), &rows, residuals, out);
    });
    Ok(())
}
