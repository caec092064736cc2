//! Neon: the portable passes. Neon is part of 64-bit Arm's baseline, so the compiler vectorises them with
//! it as they stand, and there is no feature to detect.

use crate::passes::{ColumnBlock, ColumnSums, Lanes, LookupTable, Passes, RowOffset, TABLE_ROWS};
use crate::rows::{CountTable, WeightTable};
use crate::scalar::Scalar;

/// Proof that the CPU has Neon.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Neon(Scalar);

impl Neon {
    pub(crate) fn new() -> Option<Self> {
        cfg!(target_feature = "neon").then_some(Self(Scalar))
    }
}

impl Passes for Neon {
    const COLUMN: usize = Scalar::COLUMN;
    const CHUNK_ROWS: usize = Scalar::CHUNK_ROWS;
    const LOOKUP_FROM: usize = Scalar::LOOKUP_FROM;
    type Prepared = <Scalar as Passes>::Prepared;

    fn count(self, row: &[u8], mask: Option<&[u8]>) -> [u64; 4] {
        self.0.count(row, mask)
    }

    fn recode(self, bed: &[u8], tile: &mut [u8]) {
        self.0.recode(bed, tile);
    }

    fn and_mask(self, row: &[u8], mask: &[u8], dst: &mut [u8]) {
        self.0.and_mask(row, mask, dst);
    }

    fn prepare(self, weights: &[WeightTable], counts: &[CountTable], into: &mut Self::Prepared) {
        self.0.prepare(weights, counts, into);
    }

    fn column(self, block: ColumnBlock<'_>, prepared: &mut Self::Prepared, sums: &mut ColumnSums<'_>) {
        self.0.column(block, prepared, sums);
    }

    fn column_sample(slot: usize) -> usize {
        Scalar::column_sample(slot)
    }

    fn merge_offsets(self, rows: [&[u8]; TABLE_ROWS], offsets: &mut [RowOffset]) {
        self.0.merge_offsets(rows, offsets);
    }

    fn lookup(self, tables: &[LookupTable], offsets: &[RowOffset], starts: &[usize], sums: &mut [Lanes]) {
        self.0.lookup(tables, offsets, starts, sums);
    }

    fn build_lookup(self, entries: &[[Lanes; 4]; TABLE_ROWS], table: &mut LookupTable) {
        self.0.build_lookup(entries, table);
    }

    fn offset_sample(slot: usize) -> usize {
        Scalar::offset_sample(slot)
    }
}
