//! Many lanes: one 64-byte addition per sample and four rows, eight samples in flight.

use std::arch::x86_64::*;

use crate::passes::{Lanes, LookupTable};
use crate::scalar::lookup;

/// The sample of a column that a slot of [`merge_index`] holds: slots are `[field][byte]`.
pub(super) fn sample(slot: usize) -> usize {
    4 * (slot % 64) + slot / 64
}

#[inline]
#[target_feature(enable = "avx512f")]
fn load(bytes: &[u8]) -> __m512i {
    match bytes.first_chunk::<64>() {
        // SAFETY: the reference covers the 64 bytes that are read; no alignment is asked for.
        Some(bytes) => unsafe { _mm512_loadu_si512(bytes.as_ptr().cast()) },
        None => _mm512_setzero_si512(),
    }
}

/// Merges the four 2-bit codes of a sample into one byte.
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512vbmi,avx512vnni,avx512vpopcntdq")]
pub(super) fn merge_index(rows: [&[u8]; 4], index: &mut [u8]) {
    const SELECT: i32 = 0xCA;
    let [first, second, third, fourth] = [load(rows[0]), load(rows[1]), load(rows[2]), load(rows[3])];
    let (pairs, nibbles) = (_mm512_set1_epi8(0x33), _mm512_set1_epi8(0x0f));
    let even = |a, b| _mm512_ternarylogic_epi32::<SELECT>(pairs, a, _mm512_slli_epi32::<2>(b));
    let odd = |a, b| _mm512_ternarylogic_epi32::<SELECT>(pairs, _mm512_srli_epi32::<2>(a), b);
    let low = |a, b| _mm512_ternarylogic_epi32::<SELECT>(nibbles, a, _mm512_slli_epi32::<4>(b));
    let high = |a, b| _mm512_ternarylogic_epi32::<SELECT>(nibbles, _mm512_srli_epi32::<4>(a), b);
    let (even_low, even_high) = (even(first, second), even(third, fourth));
    let (odd_low, odd_high) = (odd(first, second), odd(third, fourth));
    let fields = [
        low(even_low, even_high),
        low(odd_low, odd_high),
        high(even_low, even_high),
        high(odd_low, odd_high),
    ];
    for (index, field) in index.as_chunks_mut::<64>().0.iter_mut().zip(fields) {
        // SAFETY: the reference covers the 64 bytes that are written; no alignment is asked for.
        unsafe { _mm512_storeu_si512(index.as_mut_ptr().cast(), field) };
    }
}

#[inline]
#[target_feature(enable = "avx512f")]
fn load_lanes(lanes: &Lanes) -> __m512i {
    // SAFETY: the reference covers the 64 bytes that are read.
    unsafe { _mm512_load_si512(lanes.0.as_ptr().cast()) }
}

/// Adds every table's row for each slot.
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512vbmi,avx512vnni,avx512vpopcntdq")]
pub(super) fn add(tables: &[LookupTable], index: &[u8], starts: &[usize], sums: &mut [Lanes]) {
    for (group, sums) in sums.as_chunks_mut::<8>().0.iter_mut().enumerate() {
        let mut running = [_mm512_setzero_si512(); 8];
        for (running, sum) in running.iter_mut().zip(sums.iter()) {
            *running = load_lanes(sum);
        }
        for (table, &start) in tables.iter().zip(starts) {
            let Some(rows) = index[start + 8 * group..].first_chunk::<8>() else { return };
            let rows = u64::from_le_bytes(*rows);
            for (slot, running) in running.iter_mut().enumerate() {
                let row = &table.rows[(rows >> (8 * slot)) as usize & 0xff];
                *running = _mm512_add_epi64(*running, load_lanes(row));
            }
        }
        for (sum, running) in sums.iter_mut().zip(running) {
            // SAFETY: the reference covers the 64 bytes that are written.
            unsafe { _mm512_store_si512(sum.0.as_mut_ptr().cast(), running) };
        }
    }
}

#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512vbmi,avx512vnni,avx512vpopcntdq")]
pub(super) fn build(entries: &[[Lanes; 4]; 4], table: &mut LookupTable) {
    lookup::build(entries, table);
}
