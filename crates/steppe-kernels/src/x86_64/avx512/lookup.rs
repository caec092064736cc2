//! Many lanes: one 64-byte addition per sample and four rows, 16 samples in flight.

use std::arch::{asm, x86_64::*};

use crate::passes::{Lanes, LookupTable, RowOffset, TABLE_ROWS};

/// The sample of a column that a slot of [`merge_offsets`] holds: slots are `[field][byte]`.
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

/// Merges the four 2-bit codes of a sample into one byte, which is the number of its table row.
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512vbmi,avx512vnni,avx512vpopcntdq")]
pub(super) fn merge_offsets(rows: [&[u8]; TABLE_ROWS], offsets: &mut [RowOffset]) {
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
    for (offsets, field) in offsets.as_chunks_mut::<64>().0.iter_mut().zip(fields) {
        let halves = [_mm512_castsi512_si256(field), _mm512_extracti64x4_epi64::<1>(field)];
        for (offsets, half) in offsets.as_chunks_mut::<32>().0.iter_mut().zip(halves) {
            let wide = _mm512_slli_epi16::<{ RowOffset::SHIFT }>(_mm512_cvtepu8_epi16(half));
            // SAFETY: the reference covers the 64 bytes that are written, each pair of which is what `RowOffset::of`
            // makes of a byte; no alignment is asked for.
            unsafe { _mm512_storeu_si512(offsets.as_mut_ptr().cast(), wide) };
        }
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
pub(super) fn add(tables: &[LookupTable], offsets: &[RowOffset], starts: &[usize], sums: &mut [Lanes]) {
    for (group, sums) in sums.as_chunks_mut::<16>().0.iter_mut().enumerate() {
        let mut running = [_mm512_setzero_si512(); 16];
        for (running, sum) in running.iter_mut().zip(sums.iter()) {
            *running = load_lanes(sum);
        }
        for (table, &start) in tables.iter().zip(starts) {
            let Some(offsets) = offsets[start + 16 * group..].first_chunk::<16>() else { return };
            for (running, offsets) in running.as_chunks_mut().0.iter_mut().zip(offsets.as_chunks().0) {
                add_rows(running, table, offsets);
            }
        }
        for (sum, running) in sums.iter_mut().zip(running) {
            // SAFETY: the reference covers the 64 bytes that are written.
            unsafe { _mm512_store_si512(sum.0.as_mut_ptr().cast(), running) };
        }
    }
}

/// Adds a table's rows to four samples. One load for four offsets leaves the two load ports to the rows; the
/// compiler's code, which takes five instructions a row and not three, is half as fast.
#[inline]
#[target_feature(enable = "avx512f")]
fn add_rows(running: &mut [__m512i; 4], table: &LookupTable, offsets: &[RowOffset; 4]) {
    let [first, second, third, fourth] = running;
    // SAFETY: the reference covers the 8 bytes of `offsets` that are read, and every `RowOffset` is the place of a
    // row of 64 bytes within the table.
    unsafe {
        asm!(
            "mov {rest}, qword ptr [{offsets}]",
            "movzx {row:e}, {rest:x}",
            "shr {rest}, 16",
            "vpaddq {first}, {first}, [{table} + {row}]",
            "movzx {row:e}, {rest:x}",
            "shr {rest}, 16",
            "vpaddq {second}, {second}, [{table} + {row}]",
            "movzx {row:e}, {rest:x}",
            "shr {rest}, 16",
            "vpaddq {third}, {third}, [{table} + {row}]",
            "vpaddq {fourth}, {fourth}, [{table} + {rest}]",
            offsets = in(reg) offsets,
            table = in(reg) table,
            rest = out(reg) _,
            row = out(reg) _,
            first = inout(zmm_reg) *first,
            second = inout(zmm_reg) *second,
            third = inout(zmm_reg) *third,
            fourth = inout(zmm_reg) *fourth,
            options(pure, readonly, nostack),
        );
    }
}

/// All sums of `entries[row][code]`.
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512vbmi,avx512vnni,avx512vpopcntdq")]
pub(super) fn build(entries: &[[Lanes; 4]; TABLE_ROWS], table: &mut LookupTable) {
    let [first, second, third, fourth] = entries;
    let pair = |low: &[Lanes; 4], high: &[Lanes; 4], at: usize| {
        _mm512_add_epi64(load_lanes(&low[at % 4]), load_lanes(&high[at / 4]))
    };
    let low: [__m512i; 16] = std::array::from_fn(|at| pair(first, second, at));
    for (at, rows) in table.rows.as_chunks_mut::<16>().0.iter_mut().enumerate() {
        let high = pair(third, fourth, at);
        for (row, &low) in rows.iter_mut().zip(&low) {
            // SAFETY: the reference covers the 64 bytes that are written, and is aligned to as many.
            unsafe { _mm512_store_si512(row.0.as_mut_ptr().cast(), _mm512_add_epi64(low, high)) };
        }
    }
}
