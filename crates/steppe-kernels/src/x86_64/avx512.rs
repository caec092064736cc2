//! AVX-512: thin wrappers that give the compiler the instruction set, and the two passes that it would not
//! find by itself.

pub(super) mod adjoint;
mod column;
mod gram;
mod listed;
mod lookup;
mod merge;
mod packed_column;
mod products;
mod subtract;

use std::arch::{is_x86_feature_detected, x86_64::*};

use crate::passes::{ColumnBlock, ColumnSums, Lanes, LookupTable, Passes, RowOffset, TABLE_ROWS};
use crate::rows::{CountTable, WeightTable};
use crate::scalar::bytes;
use adjoint::load_part;

/// Proof that the CPU has what every function here is compiled for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Avx512(());

impl Avx512 {
    pub(crate) fn new() -> Option<Self> {
        let available = is_x86_feature_detected!("avx512f")
            && is_x86_feature_detected!("avx512bw")
            && is_x86_feature_detected!("avx512dq")
            && is_x86_feature_detected!("avx512vl")
            && is_x86_feature_detected!("avx512vbmi")
            && is_x86_feature_detected!("avx512vbmi2")
            && is_x86_feature_detected!("avx512vnni")
            && is_x86_feature_detected!("avx512vpopcntdq");
        available.then_some(Self(()))
    }
}

#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512vbmi,avx512vnni,avx512vpopcntdq")]
fn count(row: &[u8], mask: Option<&[u8]>) -> [u64; 4] {
    if mask.is_some() {
        return bytes::count(row, mask);
    }
    let zero = _mm512_setzero_si512();
    let field = _mm512_set1_epi8(0b0101_0101);
    let [mut low, mut any, mut both] = [zero; 3];
    for part in row.chunks(64) {
        let codes = load_part(part);
        low = _mm512_add_epi64(low, _mm512_popcnt_epi64(_mm512_and_si512(codes, field)));
        any = _mm512_add_epi64(any, _mm512_popcnt_epi64(codes));
        // `codes & shifted & field`.
        let missing = _mm512_ternarylogic_epi32::<0x80>(codes, _mm512_srli_epi32::<1>(codes), field);
        both = _mm512_add_epi64(both, _mm512_popcnt_epi64(missing));
    }
    let [low, any, both] = [low, any, both].map(|counts| _mm512_reduce_add_epi64(counts) as u64);
    let high = any - low;
    [4 * row.len() as u64 + both - any, low - both, high - both, both]
}

#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512vbmi,avx512vnni,avx512vpopcntdq")]
fn recode(bed: &[u8], tile: &mut [u8]) {
    bytes::recode(bed, tile);
}

#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512vbmi,avx512vnni,avx512vpopcntdq")]
fn and_mask(row: &[u8], mask: &[u8], dst: &mut [u8]) {
    bytes::and_mask(row, mask, dst);
}

impl Passes for Avx512 {
    const COLUMN: usize = column::COLUMN;
    const CHUNK_ROWS: usize = column::CHUNK_ROWS;
    const LOOKUP_FROM: usize = 4;
    type Prepared = column::Prepared;

    fn count(self, row: &[u8], mask: Option<&[u8]>) -> [u64; 4] {
        // SAFETY: `self` exists only where `new` found the features.
        unsafe { count(row, mask) }
    }

    fn recode(self, bed: &[u8], tile: &mut [u8]) {
        // SAFETY: `self` exists only where `new` found the features.
        unsafe { recode(bed, tile) }
    }

    fn and_mask(self, row: &[u8], mask: &[u8], dst: &mut [u8]) {
        // SAFETY: `self` exists only where `new` found the features.
        unsafe { and_mask(row, mask, dst) }
    }

    fn prepare(self, weights: &[WeightTable], counts: &[CountTable], into: &mut Self::Prepared) {
        // SAFETY: `self` exists only where `new` found the features.
        unsafe { into.fill(weights, counts) }
    }

    fn column(self, block: ColumnBlock<'_>, prepared: &mut Self::Prepared, sums: &mut ColumnSums<'_>) {
        // SAFETY: `self` exists only where `new` found the features.
        unsafe { column::add(block, prepared, sums) }
    }

    fn column_sample(slot: usize) -> usize {
        column::sample(slot)
    }

    fn merge_offsets(self, rows: [&[u8]; TABLE_ROWS], offsets: &mut [RowOffset]) {
        // SAFETY: `self` exists only where `new` found the features.
        unsafe { lookup::merge_offsets(rows, offsets) }
    }

    fn lookup(self, tables: &[LookupTable], offsets: &[RowOffset], starts: &[usize], sums: &mut [Lanes]) {
        // SAFETY: `self` exists only where `new` found the features.
        unsafe { lookup::add(tables, offsets, starts, sums) }
    }

    fn build_lookup(self, entries: &[[Lanes; 4]; TABLE_ROWS], table: &mut LookupTable) {
        // SAFETY: `self` exists only where `new` found the features.
        unsafe { lookup::build(entries, table) }
    }

    fn offset_sample(slot: usize) -> usize {
        lookup::sample(slot)
    }
}
