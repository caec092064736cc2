//! One lane: four rows make two table indices of four bits per sample (a pair of rows each) side by side
//! in one 32-bit place. `vpermw` looks both up, in a table of 16 bits that holds the first pair's sums in
//! its lower half and the second's in its upper half, and `vpdpwssd` adds the two to a 32-bit sum.
//!
//! A pair's sum of weights (|entry| < 2^43, so at most 2^44) is three signed digits to the base 2^16,
//! looked up one after another; a fourth lookup holds the pair's alleles and dosage. Per 64 genotypes that
//! is eight instructions, and any table of either kind costs the same.
//!
//! No sum overflows within a chunk of `CHUNK_ROWS` rows: a digit is at most 2^15 in size, so a chunk's sum
//! of digits is at most `CHUNK_ROWS / 2 * 2^15` < 2^31; a chunk's dosage is at most `2 * CHUNK_ROWS`
//! < 2^12, where the alleles begin.

use std::arch::x86_64::*;

use crate::passes::{ColumnBlock, ColumnSums};
use crate::rows::{CountTable, WeightTable};

pub(super) const COLUMN: usize = 64;
pub(super) const CHUNK_ROWS: usize = 128;

const _: () = assert!(
    CHUNK_ROWS.is_multiple_of(4) && (CHUNK_ROWS / 2) << 15 < 1 << 31 && 2 * CHUNK_ROWS < 1 << ALLELES_SHIFT
);

/// Digits of a weight.
const DIGITS: usize = 3;
const DIGIT_BITS: u32 = 16;
/// Where the alleles begin in a count.
const ALLELES_SHIFT: u32 = 12;

/// A table of two pairs of rows: `[16 * pair + code of the first row + 4 * code of the second]`.
#[repr(C, align(64))]
#[derive(Clone, Copy)]
struct PairTable([i16; 32]);

/// A column of four rows, merged: four vectors, each with 16 places of four index pairs.
#[repr(C, align(64))]
#[derive(Clone, Copy)]
struct Merged([[u8; 64]; 4]);

/// A chunk's tables per quad of rows, and the merged column.
#[derive(Default)]
pub(crate) struct Prepared {
    weights: Vec<[PairTable; DIGITS]>,
    counts: Vec<PairTable>,
    merged: Vec<Merged>,
}

/// The sample of a column that a slot holds: slots are `[vector][nibble][place]`, see [`merge`].
pub(super) fn sample(slot: usize) -> usize {
    let (vector, nibble, place) = (slot / 64, slot / 16 % 4, slot % 16);
    16 * place + 8 * (vector % 2) + 2 * nibble + vector / 2
}

impl Prepared {
    #[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512vnni,avx512vpopcntdq")]
    pub(super) fn fill(&mut self, weights: &[WeightTable], counts: &[CountTable]) {
        self.weights.clear();
        for quad in weights.as_chunks::<4>().0 {
            let mut digits = [PairTable([0; 32]); DIGITS];
            for at in 0..32 {
                let (first, second) = (quad[at / 16 * 2], quad[at / 16 * 2 + 1]);
                let mut rest = first[at % 4] + second[at % 16 / 4];
                for table in &mut digits {
                    let digit = rest as i16;
                    table.0[at] = digit;
                    rest = (rest - i64::from(digit)) >> DIGIT_BITS;
                }
            }
            self.weights.push(digits);
        }
        self.counts.clear();
        for quad in counts.as_chunks::<4>().0 {
            let mut table = PairTable([0; 32]);
            for at in 0..32 {
                let (first, second) = (quad[at / 16 * 2][at % 4], quad[at / 16 * 2 + 1][at % 16 / 4]);
                let alleles = i16::from(first.alleles + second.alleles);
                table.0[at] = alleles << ALLELES_SHIFT | i16::from(first.dosage + second.dosage);
            }
            self.counts.push(table);
        }
    }
}

/// Adds a column to the sums that are not empty.
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512vnni,avx512vpopcntdq")]
pub(super) fn add(block: ColumnBlock<'_>, prepared: &mut Prepared, sums: &mut ColumnSums<'_>) {
    let quads = block.starts.as_chunks::<4>().0;
    prepared.merged.resize(quads.len(), Merged([[0; 64]; 4]));
    for (starts, merged) in quads.iter().zip(&mut prepared.merged) {
        merge(&block, starts, merged);
    }
    for vector in 0..4 {
        if !sums.weights.is_empty() {
            let slots = sums.weights[64 * vector..].first_chunk_mut();
            if let Some(slots) = slots {
                add_weights(&prepared.merged, &prepared.weights, vector, slots);
            }
        }
        let counts = (sums.alleles.get_mut(64 * vector..), sums.dosage.get_mut(64 * vector..));
        if let (Some(alleles), Some(dosage)) = counts
            && let (Some(alleles), Some(dosage)) = (alleles.first_chunk_mut(), dosage.first_chunk_mut())
        {
            add_counts(&prepared.merged, &prepared.counts, vector, alleles, dosage);
        }
    }
}

#[inline]
#[target_feature(enable = "avx512f")]
fn load(bytes: &[u8; 64]) -> __m512i {
    // SAFETY: the reference covers the 64 bytes that are read; no alignment is asked for.
    unsafe { _mm512_loadu_si512(bytes.as_ptr().cast()) }
}

#[inline]
#[target_feature(enable = "avx512f")]
fn store(bytes: &mut [u8; 64], vector: __m512i) {
    // SAFETY: the reference covers the 64 bytes that are written; no alignment is asked for.
    unsafe { _mm512_storeu_si512(bytes.as_mut_ptr().cast(), vector) }
}

#[inline]
#[target_feature(enable = "avx512f")]
fn load_table(table: &PairTable) -> __m512i {
    // SAFETY: the reference covers the 64 bytes that are read.
    unsafe { _mm512_loadu_si512(table.0.as_ptr().cast()) }
}

/// `mask ? yes : no`, bit by bit.
const SELECT: i32 = 0xCA;
/// `(index & mask) | bits`.
const AND_OR: i32 = 0xEA;

/// Merges a column of four rows. Place `p` of vector `v` has, in its lower half, four indices of the first
/// pair of rows, and in its upper half the second pair's for the same samples: nibble `n` is sample
/// `16 p + 8 (v % 2) + 2 n + v / 2`.
#[inline]
#[target_feature(enable = "avx512f")]
fn merge(block: &ColumnBlock<'_>, starts: &[usize; 4], merged: &mut Merged) {
    let mut rows = [_mm512_setzero_si512(); 4];
    for (row, &start) in rows.iter_mut().zip(starts) {
        let Some(bytes) = block.bytes.get(start + block.at..).and_then(|bytes| bytes.first_chunk()) else {
            return;
        };
        *row = load(bytes);
        let soon = block.bytes.as_ptr().wrapping_add(start + block.prefetch);
        _mm_prefetch::<_MM_HINT_T0>(soon.cast());
    }
    let pairs = _mm512_set1_epi8(0x33);
    let halves = _mm512_set1_epi32(0xffff);
    let even = |a, b| _mm512_ternarylogic_epi32::<SELECT>(pairs, a, _mm512_slli_epi32::<2>(b));
    let odd = |a, b| _mm512_ternarylogic_epi32::<SELECT>(pairs, _mm512_srli_epi32::<2>(a), b);
    let low = |a, b| _mm512_ternarylogic_epi32::<SELECT>(halves, a, _mm512_slli_epi32::<16>(b));
    let high = |a, b| _mm512_ternarylogic_epi32::<SELECT>(halves, _mm512_srli_epi32::<16>(a), b);
    let (even_first, even_second) = (even(rows[0], rows[1]), even(rows[2], rows[3]));
    let (odd_first, odd_second) = (odd(rows[0], rows[1]), odd(rows[2], rows[3]));
    store(&mut merged.0[0], low(even_first, even_second));
    store(&mut merged.0[1], high(even_first, even_second));
    store(&mut merged.0[2], low(odd_first, odd_second));
    store(&mut merged.0[3], high(odd_first, odd_second));
}

/// The four indices of each place: five bits in each half, the fifth choosing the pair's half of the table.
#[inline]
#[target_feature(enable = "avx512f")]
fn indices(merged: &Merged, vector: usize) -> [__m512i; 4] {
    let nibble = _mm512_set1_epi16(0x000f);
    let second = _mm512_set1_epi32(0x0010_0000);
    let merged = load(&merged.0[vector]);
    let index = |shifted| _mm512_ternarylogic_epi32::<AND_OR>(shifted, nibble, second);
    [
        index(merged),
        index(_mm512_srli_epi32::<4>(merged)),
        index(_mm512_srli_epi32::<8>(merged)),
        index(_mm512_srli_epi32::<12>(merged)),
    ]
}

#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512vnni,avx512vpopcntdq")]
fn add_weights(merged: &[Merged], tables: &[[PairTable; DIGITS]], vector: usize, slots: &mut [i64; 64]) {
    let ones = _mm512_set1_epi16(1);
    let mut sums = [[_mm512_setzero_si512(); DIGITS]; 4];
    for (merged, tables) in merged.iter().zip(tables) {
        let indices = indices(merged, vector);
        for digit in 0..DIGITS {
            let table = load_table(&tables[digit]);
            for nibble in 0..4 {
                let found = _mm512_permutexvar_epi16(indices[nibble], table);
                sums[nibble][digit] = _mm512_dpwssd_epi32(sums[nibble][digit], found, ones);
            }
        }
    }
    for (slots, sums) in slots.as_chunks_mut::<16>().0.iter_mut().zip(sums) {
        let [low, middle, high] = [to_i32(sums[0]), to_i32(sums[1]), to_i32(sums[2])];
        for place in 0..16 {
            let middle = i64::from(middle[place]) << DIGIT_BITS;
            let high = i64::from(high[place]) << (2 * DIGIT_BITS);
            slots[place] = slots[place].wrapping_add(i64::from(low[place]) + middle + high);
        }
    }
}

#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512vnni,avx512vpopcntdq")]
fn add_counts(
    merged: &[Merged],
    tables: &[PairTable],
    vector: usize,
    alleles: &mut [u32; 64],
    dosage: &mut [u32; 64],
) {
    let ones = _mm512_set1_epi16(1);
    let mut sums = [_mm512_setzero_si512(); 4];
    for (merged, table) in merged.iter().zip(tables) {
        let indices = indices(merged, vector);
        let table = load_table(table);
        for nibble in 0..4 {
            let found = _mm512_permutexvar_epi16(indices[nibble], table);
            sums[nibble] = _mm512_dpwssd_epi32(sums[nibble], found, ones);
        }
    }
    let places = alleles.as_chunks_mut::<16>().0.iter_mut().zip(dosage.as_chunks_mut::<16>().0);
    for ((alleles, dosage), sums) in places.zip(sums) {
        for (place, sum) in to_i32(sums).into_iter().enumerate() {
            alleles[place] = alleles[place].wrapping_add(sum as u32 >> ALLELES_SHIFT);
            dosage[place] = dosage[place].wrapping_add(sum as u32 & ((1 << ALLELES_SHIFT) - 1));
        }
    }
}

#[inline]
#[target_feature(enable = "avx512f")]
fn to_i32(vector: __m512i) -> [i32; 16] {
    let mut places = [0; 16];
    // SAFETY: `places` is the 64 bytes that are written.
    unsafe { _mm512_storeu_si512(places.as_mut_ptr().cast(), vector) };
    places
}
