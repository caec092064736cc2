//! Many columns: up to 16 of them go together. Rows of mostly one genotype are listed, the others left to the way of the
//! instruction set; or all rows are, where its way is faster than a list.

use super::dense::{Ahead, Call, DensePass};
use super::listed::{Kind, Lists};
use super::{AdjointResiduals, AdjointSum, AdjointWays};
use crate::rows::Rows;

/// Rows that are looked at together, and listed while the caches hold them.
const BATCH: usize = 64;

/// Rows after a batch that are asked for meanwhile.
const AHEAD: usize = 2 * BATCH;

/// Adds the columns that are summed in groups.
pub(super) fn add<W: AdjointWays>(
    ways: W,
    rows: &Rows<'_>,
    residuals: &AdjointResiduals,
    out: &mut [AdjointSum],
) {
    if residuals.grouped() == 0 {
        return;
    }
    let call = Call { rows: *rows, residuals };
    match residuals.listed_of_1024() {
        Some(listed_of_1024) => add_listed_first(ways, &call, listed_of_1024, out),
        None => add_all(ways, &call, out),
    }
}

/// Lists the rows of which so many of 1024 genotypes differ from the commonest, and the missing calls of all.
fn add_listed_first<W: AdjointWays>(ways: W, call: &Call<'_>, listed_of_1024: u64, out: &mut [AdjointSum]) {
    let passes = ways.passes();
    let mut ahead = Ahead::new(*call);
    let mut lists = Lists::new();
    let mut way = W::Dense::default();
    let mut dense = Vec::with_capacity(W::Dense::ROWS);
    for first in (0..call.rows.rows).step_by(BATCH) {
        let end = call.rows.rows.min(first + BATCH);
        ahead.set(end, end + AHEAD);
        let batch = (first..end).map(|row| (row, Kind::of(passes, call.row(row), listed_of_1024)));
        lists.add(passes, call, batch, out);
        for row in lists.dense() {
            dense.push(row);
            if dense.len() == W::Dense::ROWS {
                way.add(ways, call, &dense, &mut ahead, out);
                dense.clear();
            }
        }
    }
    way.add(ways, call, &dense, &mut ahead, out);
}

/// Sums all rows alike.
fn add_all<W: AdjointWays>(ways: W, call: &Call<'_>, out: &mut [AdjointSum]) {
    let mut ahead = Ahead::new(*call);
    let mut way = W::Dense::default();
    let rows: Vec<usize> = (0..call.rows.rows).collect();
    for (rows, end) in rows.chunks(W::Dense::ROWS).zip((W::Dense::ROWS..).step_by(W::Dense::ROWS)) {
        ahead.set(end, end + W::Dense::ROWS);
        way.add(ways, call, rows, &mut ahead, out);
    }
}
