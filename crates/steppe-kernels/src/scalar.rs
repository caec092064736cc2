//! Portable code: the reference, and the body of the passes that a compiler vectorises well by itself.

pub(crate) mod adjoint;
pub(crate) mod bytes;
pub(crate) mod column;
pub(crate) mod gather;
pub(crate) mod gram;
pub(crate) mod lookup;
pub(crate) mod packed_column;
pub(crate) mod subtract;

use crate::passes::{ColumnBlock, ColumnSums, Lanes, LookupTable, Passes, RowOffset, TABLE_ROWS};
use crate::rows::{CountTable, WeightTable};

/// The portable passes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Scalar;

impl Passes for Scalar {
    const COLUMN: usize = 64;
    const CHUNK_ROWS: usize = 128;
    const LOOKUP_FROM: usize = 2;
    type Prepared = column::Prepared;

    fn count(self, row: &[u8], mask: Option<&[u8]>) -> [u64; 4] {
        bytes::count(row, mask)
    }

    fn recode(self, bed: &[u8], tile: &mut [u8]) {
        bytes::recode(bed, tile);
    }

    fn and_mask(self, row: &[u8], mask: &[u8], dst: &mut [u8]) {
        bytes::and_mask(row, mask, dst);
    }

    fn prepare(self, weights: &[WeightTable], counts: &[CountTable], into: &mut Self::Prepared) {
        into.fill(weights, counts);
    }

    fn column(self, block: ColumnBlock<'_>, prepared: &mut Self::Prepared, sums: &mut ColumnSums<'_>) {
        column::add::<{ Self::COLUMN }>(block, prepared, sums);
    }

    fn column_sample(slot: usize) -> usize {
        slot
    }

    fn merge_offsets(self, rows: [&[u8]; TABLE_ROWS], offsets: &mut [RowOffset]) {
        lookup::merge_offsets(rows, offsets);
    }

    fn lookup(self, tables: &[LookupTable], offsets: &[RowOffset], starts: &[usize], sums: &mut [Lanes]) {
        lookup::add(tables, offsets, starts, sums);
    }

    fn build_lookup(self, entries: &[[Lanes; 4]; TABLE_ROWS], table: &mut LookupTable) {
        lookup::build(entries, table);
    }

    fn offset_sample(slot: usize) -> usize {
        slot
    }
}
