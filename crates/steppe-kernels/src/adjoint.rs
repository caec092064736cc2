//! The adjoint pass: per row, the sums of code times residual, for one or many columns of residuals.
//!
//! A few columns are summed one by one, as products of the codes with the residuals' bytes (`dots`). Many go
//! 16 at a time: by table lookup, where a byte of a row is four samples' codes, and the table of those four samples
//! holds all 256 sums for 16 columns (`lookup`); or, where most genotypes of a row are the same, by the list of the
//! others (`listed`).

mod dots;
mod listed;
mod lookup;
mod residuals;

use crate::dispatch::with_passes;
use crate::error::KernelError;
use crate::rows::Rows;
pub(crate) use listed::{List, Plane};
pub(crate) use lookup::{COPIED, CopiedRow, Lanes32, MAX_TABLES, ResidualTable, Sums64};
pub use residuals::AdjointResiduals;
pub(crate) use residuals::{BLOCK, LIMBS, LimbBlock};

/// What one row and one column of residuals give, exactly.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AdjointSum {
    /// Σ code × residual over the samples that have a call.
    pub codes: i64,
    /// Σ residual over the samples whose call is missing.
    pub missing: i64,
}

/// What an instruction set provides for the adjoint pass.
pub(crate) trait AdjointPasses: Copy {
    /// From how many columns on (at most 16) a lookup is faster than column after column.
    const GROUP_FROM: usize;
    /// Sample groups whose tables are held at once; at most [`MAX_TABLES`].
    const TABLES: usize;
    /// Of 64 genotypes of a row, so many that differ from the commonest are summed faster sample by sample.
    const LISTED_OF_64: u64;

    /// Asks for a row that will be read soon, so that memory works while others are summed.
    fn prefetch(self, _row: &[u8]) {}
    /// Whether a byte of `row` holds a missing call.
    fn any_missing(self, row: &[u8]) -> bool;
    /// Σ code × residual for each row, with 3 for a missing call; the blocks cover the rows, which are equally long.
    fn dot_codes<const ROWS: usize>(self, rows: [&[u8]; ROWS], residuals: &[LimbBlock]) -> [i64; ROWS];
    /// Σ residual over the missing calls, likewise.
    fn dot_missing<const ROWS: usize>(self, rows: [&[u8]; ROWS], residuals: &[LimbBlock]) -> [i64; ROWS];

    /// The table of four samples.
    fn build_table(self, samples: &[Lanes32; 4], table: &mut ResidualTable);
    /// Adds to each row's sums the entries of `TABLES` tables for as many bytes of the row, from `at` on.
    fn lookup(self, tables: &[ResidualTable], rows: &[CopiedRow], at: usize, sums: &mut [Sums64]);
    /// Lists the samples of a part of a row with this bit, once copies are counted of the allele that is rare: of the
    /// other one where `swapped`. A missing call has both bits in any case.
    fn list(self, part: &[u8], swapped: bool, plane: Plane, list: &mut List);
    /// Adds the residuals of the listed samples.
    fn add_listed(self, list: &[u16], samples: &[Lanes32], sums: &mut Sums64);
    /// Adds the residuals of the samples whose call is missing in the row; a sample past the end of `samples` has none.
    fn add_missing(self, row: &CopiedRow, samples: &[Lanes32], sums: &mut Sums64);
}

/// Adds the rows' sums to `out`, which holds `residuals.columns()` of them a row: `out[row * columns + column]`. The
/// sums are two's complement: with fewer than 2^38 samples in all, none leaves the range of i64.
///
/// With many columns, tables are made once a call, for the rows that are not listed: calls of a few thousand rows are the
/// fastest.
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
    with_passes!(residuals.level(), passes => {
        lookup::add(passes, &rows, residuals, out);
        dots::add(passes, &rows, residuals, out);
    });
    Ok(())
}
