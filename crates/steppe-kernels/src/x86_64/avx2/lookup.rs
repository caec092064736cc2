//! Many lanes: two 32-byte additions per sample and four rows, four samples in flight.

use std::arch::x86_64::*;

use crate::passes::{Lanes, LookupTable};
use crate::scalar::lookup;

/// The sample of a column that a slot of [`merge_index`] holds: slots are `[field][byte]`.
pub(super) fn sample(slot: usize) -> usize {
    4 * (slot % 32) + slot / 32
}

/// Merges the four 2-bit codes of a sample into one byte.
#[target_feature(enable = "avx2")]
pub(super) fn merge_index(rows: [&[u8]; 4], index: &mut [u8]) {
    for (field, index) in index.as_chunks_mut::<32>().0.iter_mut().enumerate() {
        for (at, index) in index.iter_mut().enumerate() {
            let code = |row: usize| rows[row][at] >> (2 * field) & 3;
            *index = code(0) | code(1) << 2 | code(2) << 4 | code(3) << 6;
        }
    }
}

#[inline]
#[target_feature(enable = "avx2")]
fn load_lanes(lanes: &Lanes) -> [__m256i; 2] {
    let lanes = lanes.0.as_ptr().cast::<__m256i>();
    // SAFETY: the reference covers the 64 bytes that are read, and is aligned to as many.
    unsafe { [_mm256_load_si256(lanes), _mm256_load_si256(lanes.add(1))] }
}

/// Adds every table's row for each slot.
#[target_feature(enable = "avx2")]
pub(super) fn add(tables: &[LookupTable], index: &[u8], starts: &[usize], sums: &mut [Lanes]) {
    for (group, sums) in sums.as_chunks_mut::<4>().0.iter_mut().enumerate() {
        let mut running = [[_mm256_setzero_si256(); 2]; 4];
        for (running, sum) in running.iter_mut().zip(sums.iter()) {
            *running = load_lanes(sum);
        }
        for (table, &start) in tables.iter().zip(starts) {
            let Some(rows) = index[start + 4 * group..].first_chunk::<4>() else { return };
            let rows = u32::from_le_bytes(*rows);
            for (slot, running) in running.iter_mut().enumerate() {
                let row = load_lanes(&table.rows[(rows >> (8 * slot)) as usize & 0xff]);
                *running = [_mm256_add_epi64(running[0], row[0]), _mm256_add_epi64(running[1], row[1])];
            }
        }
        for (sum, running) in sums.iter_mut().zip(running) {
            let lanes = sum.0.as_mut_ptr().cast::<__m256i>();
            // SAFETY: the reference covers the 64 bytes that are written, and is aligned to as many.
            unsafe {
                _mm256_store_si256(lanes, running[0]);
                _mm256_store_si256(lanes.add(1), running[1]);
            }
        }
    }
}

#[target_feature(enable = "avx2")]
pub(super) fn build(entries: &[[Lanes; 4]; 4], table: &mut LookupTable) {
    lookup::build(entries, table);
}
