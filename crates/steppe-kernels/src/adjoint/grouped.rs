//! Many columns: up to 16 of them go together. Rows of mostly one genotype are listed, the others left to the way of the
//! instruction set.

use super::dense::{Ahead, Call, DensePass};
use super::listed::{Kind, Lists};
use super::{AdjointPasses, AdjointResiduals, AdjointSum};
use crate::passes::Passes;
use crate::rows::Rows;

/// Rows that are looked at together, and listed while the caches hold them.
const BATCH: usize = 64;

/// Rows after a batch that are asked for meanwhile.
const AHEAD: usize = 2 * BATCH;

/// Adds the columns that are summed in groups.
pub(super) fn add<P: AdjointPasses + Passes>(
    passes: P,
    rows: &Rows<'_>,
    residuals: &AdjointResiduals,
    out: &mut [AdjointSum],
) {
    if residuals.groups().next().is_none() {
        return;
    }
    let call = Call { rows: *rows, residuals };
    let mut ahead = Ahead::new(call);
    let mut lists = Lists::new();
    let mut way = P::Dense::default();
    let mut dense = Vec::with_capacity(P::Dense::ROWS);
    for first in (0..rows.rows).step_by(BATCH) {
        let end = rows.rows.min(first + BATCH);
        ahead.set(end, end + AHEAD);
        let batch = (first..end).map(|row| (row, Kind::of(passes, call.row(row), residuals)));
        lists.add(passes, &call, batch, out);
        for row in lists.dense() {
            dense.push(row);
            if dense.len() == P::Dense::ROWS {
                way.add(passes, &call, &dense, &mut ahead, out);
                dense.clear();
            }
        }
    }
    way.add(passes, &call, &dense, &mut ahead, out);
}
