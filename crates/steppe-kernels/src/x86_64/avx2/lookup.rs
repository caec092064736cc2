//! Many lanes: two 32-byte additions per sample and four rows, four samples in flight.

use std::arch::x86_64::*;

use crate::passes::{Lanes, LookupTable, RowOffset, TABLE_ROWS};
use crate::scalar::lookup;

/// The sample of a column that a slot of [`merge_offsets`] holds: slots are `[field][byte]`.
pub(super) fn sample(slot: usize) -> usize {
    4 * (slot % 32) + slot / 32
}

#[inline]
#[target_feature(enable = "avx2")]
fn load(bytes: &[u8]) -> __m256i {
    match bytes.first_chunk::<32>() {
        // SAFETY: the reference covers the 32 bytes that are read; no alignment is asked for.
        Some(bytes) => unsafe { _mm256_loadu_si256(bytes.as_ptr().cast()) },
        None => _mm256_setzero_si256(),
    }
}

/// Merges the four 2-bit codes of a sample into one byte, which is the number of its table row.
#[target_feature(enable = "avx2")]
pub(super) fn merge_offsets(rows: [&[u8]; TABLE_ROWS], offsets: &mut [RowOffset]) {
    let [first, second, third, fourth] = [load(rows[0]), load(rows[1]), load(rows[2]), load(rows[3])];
    let (pairs, nibbles) = (_mm256_set1_epi8(0x33), _mm256_set1_epi8(0x0f));
    let select = |mask, yes, no| _mm256_or_si256(_mm256_and_si256(mask, yes), _mm256_andnot_si256(mask, no));
    let even = |a, b| select(pairs, a, _mm256_slli_epi32::<2>(b));
    let odd = |a, b| select(pairs, _mm256_srli_epi32::<2>(a), b);
    let low = |a, b| select(nibbles, a, _mm256_slli_epi32::<4>(b));
    let high = |a, b| select(nibbles, _mm256_srli_epi32::<4>(a), b);
    let (even_low, even_high) = (even(first, second), even(third, fourth));
    let (odd_low, odd_high) = (odd(first, second), odd(third, fourth));
    let fields = [
        low(even_low, even_high),
        low(odd_low, odd_high),
        high(even_low, even_high),
        high(odd_low, odd_high),
    ];
    for (offsets, field) in offsets.as_chunks_mut::<32>().0.iter_mut().zip(fields) {
        let halves = [_mm256_castsi256_si128(field), _mm256_extracti128_si256::<1>(field)];
        for (offsets, half) in offsets.as_chunks_mut::<16>().0.iter_mut().zip(halves) {
            let wide = _mm256_slli_epi16::<{ RowOffset::SHIFT as i32 }>(_mm256_cvtepu8_epi16(half));
            // SAFETY: the reference covers the 32 bytes that are written, each pair of which is what `RowOffset::of`
            // makes of a byte; no alignment is asked for.
            unsafe { _mm256_storeu_si256(offsets.as_mut_ptr().cast(), wide) };
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
pub(super) fn add(tables: &[LookupTable], offsets: &[RowOffset], starts: &[usize], sums: &mut [Lanes]) {
    for (group, sums) in sums.as_chunks_mut::<4>().0.iter_mut().enumerate() {
        let mut running = [[_mm256_setzero_si256(); 2]; 4];
        for (running, sum) in running.iter_mut().zip(sums.iter()) {
            *running = load_lanes(sum);
        }
        for (table, &start) in tables.iter().zip(starts) {
            let Some(offsets) = offsets[start + 4 * group..].first_chunk::<4>() else { return };
            add_rows(&mut running, table, offsets);
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

/// Adds a table's rows to four samples. One load for four offsets leaves the load ports to the rows.
#[inline]
#[target_feature(enable = "avx2")]
fn add_rows(running: &mut [[__m256i; 2]; 4], table: &LookupTable, offsets: &[RowOffset; 4]) {
    // SAFETY: the reference covers the 8 bytes that are read; no alignment is asked for.
    let offsets = unsafe { offsets.as_ptr().cast::<u64>().read_unaligned() };
    for (sample, running) in running.iter_mut().enumerate() {
        let offset = usize::from((offsets >> (16 * sample)) as u16);
        // SAFETY: every `RowOffset` is the place of a row of 64 bytes within the table, and a multiple of 64.
        let row = unsafe {
            let row = table.rows.as_ptr().byte_add(offset).cast::<__m256i>();
            [_mm256_load_si256(row), _mm256_load_si256(row.add(1))]
        };
        *running = [_mm256_add_epi64(running[0], row[0]), _mm256_add_epi64(running[1], row[1])];
    }
}

#[target_feature(enable = "avx2")]
pub(super) fn build(entries: &[[Lanes; 4]; TABLE_ROWS], table: &mut LookupTable) {
    lookup::build(entries, table);
}
