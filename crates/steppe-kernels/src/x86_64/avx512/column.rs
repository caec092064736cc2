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

/// A chunk's tables per quad of rows (zero where a kind is absent), and the merged column.
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
        let quads = weights.len().max(counts.len()) / 4;
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
        self.weights.resize(quads, [PairTable([0; 32]); DIGITS]);
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
        self.counts.resize(quads, PairTable([0; 32]));
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
    let mut weights = sums.weights.as_chunks_mut::<64>().0.iter_mut();
    let mut alleles = sums.alleles.as_chunks_mut::<64>().0.iter_mut();
    let mut dosage = sums.dosage.as_chunks_mut::<64>().0.iter_mut();
    for vector in 0..4 {
        match (weights.next(), alleles.next().zip(dosage.next())) {
            (Some(weights), Some((alleles, dosage))) => {
                let sums = sum_vector::<true, true>(&block, prepared, vector);
                add_weights(&sums, weights);
                add_counts(&sums, alleles, dosage);
            }
            (Some(weights), None) => {
                add_weights(&sum_vector::<true, false>(&block, prepared, vector), weights)
            }
            (None, Some((alleles, dosage))) => {
                add_counts(&sum_vector::<false, true>(&block, prepared, vector), alleles, dosage);
            }
            (None, None) => {}
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
    let nibbles = _mm512_set1_epi8(0x0f);
    let second = _mm512_set1_epi32(0x1010_0000);
    let merged = load(&merged.0[vector]);
    let index = |shifted| _mm512_ternarylogic_epi32::<AND_OR>(shifted, nibbles, second);
    let (even, odd) = (index(merged), index(_mm512_srli_epi32::<4>(merged)));
    // The lookup ignores what is above the five bits.
    [even, odd, _mm512_srli_epi32::<8>(even), _mm512_srli_epi32::<8>(odd)]
}

/// One vector's sums: `[nibble][digit]`, the counts being the last digit.
type VectorSums = [[__m512i; DIGITS + 1]; 4];

/// Sums one merged vector over the chunk's quads; what is neither asked for nor there stays zero.
///
/// A quarter of the lines that are read next and later is fetched meanwhile: all of them at once would
/// wait for the memory, and leave it idle here.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512vnni,avx512vpopcntdq")]
fn sum_vector<const WEIGHTS: bool, const COUNTS: bool>(
    block: &ColumnBlock<'_>,
    prepared: &Prepared,
    vector: usize,
) -> VectorSums {
    let ones = _mm512_set1_epi16(1);
    let mut sums = [[_mm512_setzero_si512(); DIGITS + 1]; 4];
    let quads = block.starts.as_chunks::<4>().0.iter().zip(&prepared.merged);
    let tables = prepared.weights.iter().zip(&prepared.counts);
    let bytes = block.bytes.as_ptr();
    let mut later = bytes.wrapping_add(block.later + vector * quads.len() * 64);
    for ((starts, merged), (weights, counts)) in quads.zip(tables) {
        _mm_prefetch::<_MM_HINT_T0>(bytes.wrapping_add(starts[vector] + block.next).cast());
        _mm_prefetch::<_MM_HINT_T1>(later.cast());
        later = later.wrapping_add(64);
        let indices = indices(merged, vector);
        if WEIGHTS {
            for digit in 0..DIGITS {
                let table = load_table(&weights[digit]);
                for nibble in 0..4 {
                    let found = _mm512_permutexvar_epi16(indices[nibble], table);
                    sums[nibble][digit] = _mm512_dpwssd_epi32(sums[nibble][digit], found, ones);
                }
            }
        }
        if COUNTS {
            let table = load_table(counts);
            for nibble in 0..4 {
                let found = _mm512_permutexvar_epi16(indices[nibble], table);
                sums[nibble][DIGITS] = _mm512_dpwssd_epi32(sums[nibble][DIGITS], found, ones);
            }
        }
    }
    sums
}

#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512vnni,avx512vpopcntdq")]
fn add_weights(sums: &VectorSums, slots: &mut [i64; 64]) {
    for (slots, [low, middle, high, _]) in slots.as_chunks_mut::<16>().0.iter_mut().zip(sums) {
        let (first, second) = slots.split_at_mut(8);
        for (half, slots) in [first, second].into_iter().enumerate() {
            let widen = |digits: __m512i| match half {
                0 => _mm512_cvtepi32_epi64(_mm512_castsi512_si256(digits)),
                _ => _mm512_cvtepi32_epi64(_mm512_extracti64x4_epi64::<1>(digits)),
            };
            let middle = _mm512_slli_epi64::<DIGIT_BITS>(widen(*middle));
            let high = _mm512_slli_epi64::<{ 2 * DIGIT_BITS }>(widen(*high));
            let sum = _mm512_add_epi64(_mm512_add_epi64(widen(*low), middle), high);
            // SAFETY: `slots` is a half of 16 places of 8 bytes: the 64 bytes that are read and written.
            unsafe {
                let slots = slots.as_mut_ptr().cast();
                _mm512_storeu_si512(slots, _mm512_add_epi64(_mm512_loadu_si512(slots), sum));
            }
        }
    }
}

#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512vnni,avx512vpopcntdq")]
fn add_counts(sums: &VectorSums, alleles: &mut [u32; 64], dosage: &mut [u32; 64]) {
    let low = _mm512_set1_epi32((1 << ALLELES_SHIFT) - 1);
    let places = alleles.as_chunks_mut::<16>().0.iter_mut().zip(dosage.as_chunks_mut::<16>().0);
    for ((alleles, dosage), sums) in places.zip(sums) {
        let counted = _mm512_srli_epi32::<ALLELES_SHIFT>(sums[DIGITS]);
        add_to(alleles, counted);
        add_to(dosage, _mm512_and_si512(sums[DIGITS], low));
    }
}

#[inline]
#[target_feature(enable = "avx512f")]
fn add_to(slots: &mut [u32; 16], sum: __m512i) {
    let slots = slots.as_mut_ptr().cast();
    // SAFETY: the reference covers the 64 bytes that are read and written; no alignment is asked for.
    unsafe { _mm512_storeu_si512(slots, _mm512_add_epi32(_mm512_loadu_si512(slots), sum)) };
}
