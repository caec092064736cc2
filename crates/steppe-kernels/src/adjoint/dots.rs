//! Column after column: the dot products of rows with one column of residuals.

use super::{AdjointPasses, AdjointResiduals, AdjointSum, BLOCK, LimbBlock};
use crate::rows::Rows;

/// Rows whose missing calls are summed right after their codes, while the cache still holds them.
const CACHED_ROWS: usize = 16;

/// Rows of one call of a pass.
const TOGETHER: usize = 4;

/// Blocks between two additions to 64-bit sums; 4,096 bytes of a row, whose residuals the caches hold.
const CHUNK: usize = 64;

/// Adds the columns that are summed one by one.
pub(super) fn add<P: AdjointPasses>(
    passes: P,
    rows: &Rows<'_>,
    residuals: &AdjointResiduals,
    out: &mut [AdjointSum],
) {
    if residuals.single().next().is_none() {
        return;
    }
    let row = |row: usize| &rows.bytes[row * rows.stride..][..rows.row_bytes()];
    let columns = residuals.columns();
    let mut missing = Vec::with_capacity(CACHED_ROWS);
    for first in (0..rows.rows).step_by(CACHED_ROWS) {
        let run = first..rows.rows.min(first + CACHED_ROWS);
        missing.clear();
        missing.extend(run.clone().filter(|&index| passes.any_missing(row(index))));
        for (column, blocks) in residuals.single() {
            let codes = |at: usize| run.start + at;
            let next = |at: usize| {
                if codes(at) + CACHED_ROWS < rows.rows && column == residuals.grouped() {
                    passes.prefetch(row(codes(at) + CACHED_ROWS));
                }
            };
            dot(
                passes,
                run.len(),
                |at| {
                    next(at);
                    row(codes(at))
                },
                blocks,
                Kind::Codes,
                |at, sum| {
                    let out = &mut out[codes(at) * columns + column];
                    out.codes = out.codes.wrapping_add(sum);
                },
            );
            dot(
                passes,
                missing.len(),
                |at| row(missing[at]),
                blocks,
                Kind::Missing,
                |at, sum| {
                    let out = &mut out[missing[at] * columns + column];
                    // The codes' sum has 3 for a missing call.
                    out.codes = out.codes.wrapping_sub(3 * sum);
                    out.missing = out.missing.wrapping_add(sum);
                },
            );
        }
    }
}

#[derive(Clone, Copy)]
enum Kind {
    Codes,
    Missing,
}

/// The sums of rows `0..rows`, four rows at a time.
fn dot<'a, P: AdjointPasses>(
    passes: P,
    rows: usize,
    row: impl Fn(usize) -> &'a [u8],
    blocks: &[LimbBlock],
    kind: Kind,
    mut add: impl FnMut(usize, i64),
) {
    let whole = rows / TOGETHER * TOGETHER;
    for first in (0..whole).step_by(TOGETHER) {
        let sums = dot_some::<P, TOGETHER>(passes, std::array::from_fn(|at| row(first + at)), blocks, kind);
        sums.into_iter().enumerate().for_each(|(at, sum)| add(first + at, sum));
    }
    for at in whole..rows {
        let [sum] = dot_some(passes, [row(at)], blocks, kind);
        add(at, sum);
    }
}

fn dot_some<P: AdjointPasses, const ROWS: usize>(
    passes: P,
    rows: [&[u8]; ROWS],
    blocks: &[LimbBlock],
    kind: Kind,
) -> [i64; ROWS] {
    let mut sums = [0; ROWS];
    for (chunk, blocks) in blocks.chunks(CHUNK).enumerate() {
        let part = |row: &'_ [u8]| {
            (chunk * CHUNK * BLOCK).min(row.len())..row.len().min((chunk + 1) * CHUNK * BLOCK)
        };
        let rows = rows.map(|row| &row[part(row)]);
        let dots = match kind {
            Kind::Codes => passes.dot_codes(rows, blocks),
            Kind::Missing => passes.dot_missing(rows, blocks),
        };
        for (sum, dot) in sums.iter_mut().zip(dots) {
            *sum += dot;
        }
    }
    sums
}
