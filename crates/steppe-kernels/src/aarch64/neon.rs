//! Neon: the portable passes. Neon is part of 64-bit Arm's baseline, so the compiler vectorises them with
//! it as they stand, and there is no feature to detect.

use crate::adjoint::{
    AdjointPasses, AdjointWays, CopiedRow, Lanes32, LimbBlock, Lookup, LookupPasses, Plane, ROOM,
    ResidualTable, Sums64, TABLES,
};
use crate::gather::{GatherPasses, Pick};
use crate::gram::{GramPasses, LaneCodes, LaneSums, PlaneBlock, TILE};
use crate::packed_column::{ColumnPasses, LANES, LaneSums as ColumnLanes, Word};
use crate::passes::{ColumnBlock, ColumnSums, Lanes, LookupTable, Passes, RowOffset, TABLE_ROWS};
use crate::rows::{CountTable, WeightTable};
use crate::scalar::Scalar;
use crate::subtract::SubtractPasses;

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
        Passes::lookup(self.0, tables, offsets, starts, sums);
    }

    fn build_lookup(self, entries: &[[Lanes; 4]; TABLE_ROWS], table: &mut LookupTable) {
        self.0.build_lookup(entries, table);
    }

    fn offset_sample(slot: usize) -> usize {
        Scalar::offset_sample(slot)
    }
}

impl AdjointWays for Neon {
    const GROUP_FROM: usize = Scalar::GROUP_FROM;
    type Passes = Self;
    type Dense = Lookup;

    fn passes(self) -> Self {
        self
    }

    fn listed_of_1024(columns: usize) -> Option<u64> {
        Scalar::listed_of_1024(columns)
    }
}

impl AdjointPasses for Neon {
    fn any_missing(self, row: &[u8]) -> bool {
        self.0.any_missing(row)
    }

    fn dot_codes<const ROWS: usize>(self, rows: [&[u8]; ROWS], residuals: &[LimbBlock]) -> [i64; ROWS] {
        self.0.dot_codes(rows, residuals)
    }

    fn dot_missing<const ROWS: usize>(self, rows: [&[u8]; ROWS], residuals: &[LimbBlock]) -> [i64; ROWS] {
        self.0.dot_missing(rows, residuals)
    }

    fn list(self, part: &[u8], swapped: bool, plane: Plane, numbers: &mut [u16; ROOM]) -> usize {
        AdjointPasses::list(self.0, part, swapped, plane, numbers)
    }

    fn add_listed(self, numbers: &[u16], samples: &[Lanes32], sums: &mut Sums64) {
        AdjointPasses::add_listed(self.0, numbers, samples, sums);
    }
}

impl LookupPasses for Neon {
    fn build_table(self, samples: &[Lanes32; 4], table: &mut ResidualTable) {
        self.0.build_table(samples, table);
    }

    fn lookup(self, tables: &[ResidualTable; TABLES], rows: &[CopiedRow], at: usize, sums: &mut [Sums64]) {
        LookupPasses::lookup(self.0, tables, rows, at, sums);
    }
}

impl GramPasses for Neon {
    fn tile(
        self,
        left: [&[PlaneBlock]; TILE[0]],
        right: [&[PlaneBlock]; TILE[1]],
    ) -> [[i64; TILE[1]]; TILE[0]] {
        self.0.tile(left, right)
    }

    fn add_lanes(self, turned: &[LaneCodes], samples: &[u32], sums: &mut LaneSums) {
        self.0.add_lanes(turned, samples, sums);
    }
}

impl SubtractPasses for Neon {
    fn subtract_four(self, rows: [&[f32]; 4], factors: [f64; 4], values: &mut [f64]) {
        self.0.subtract_four(rows, factors, values);
    }

    fn subtract_one(self, row: &[f32], factor: f64, values: &mut [f64]) {
        self.0.subtract_one(row, factor, values);
    }
}

impl GatherPasses for Neon {
    fn picks(self) -> bool {
        self.0.picks()
    }

    fn pick(self, row: &[[u8; 8]], picks: &[Pick], out: &mut [u8]) {
        self.0.pick(row, picks, out);
    }

    fn unpack(self, row: &[u8], codes: &mut [[u8; 4]]) {
        self.0.unpack(row, codes);
    }
}

impl ColumnPasses for Neon {
    fn dot(self, words: &[Word], values: &[[f64; LANES]], codes: &mut ColumnLanes) {
        self.0.dot(words, values, codes);
    }

    fn dot_both(
        self,
        words: &[Word],
        values: &[[f64; LANES]],
        codes: &mut ColumnLanes,
        missing: &mut ColumnLanes,
    ) {
        self.0.dot_both(words, values, codes, missing);
    }

    fn add(self, words: &[Word], table: &[f64; 4], values: &mut [[f64; LANES]]) {
        self.0.add(words, table, values);
    }

    fn add_weighted(
        self,
        words: &[Word],
        table: &[f64; 4],
        weights: &[[f64; LANES]],
        values: &mut [[f64; LANES]],
    ) {
        self.0.add_weighted(words, table, weights, values);
    }

    fn moments(self, words: &[Word], values: &[[f64; LANES]], sums: &mut [ColumnLanes; 4]) {
        self.0.moments(words, values, sums);
    }
}
