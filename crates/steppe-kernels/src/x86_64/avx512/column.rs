//! One lane: eight rows make four table indices of four bits per sample (a pair of rows each), side by side
//! in one 32-bit place. `vpermb` looks all four up in a table of 64 bytes, 16 for each pair, and `vpdpbusd`
//! adds the four to a 32-bit sum.
//!
//! A pair's sum of weights, less the least of the pair's 16 sums (which is added back per chunk), lies in
//! [0, 2^45): six bytes, looked up one after another. Alleles and dosage are two more. Per 128 genotypes
//! that is 16 instructions, and any table of either kind costs the same.
//!
//! No sum overflows within a chunk of `CHUNK_ROWS` rows: four digits are at most `4 * 255`, and the sums of
//! three digits, put together, at most `CHUNK_ROWS / 8 * 4 * (2^24 - 1)` < 2^32.

use std::arch::x86_64::*;

use super::merge::{Merged, merge};
use crate::passes::{ColumnBlock, ColumnSums};
use crate::rows::{CountTable, WeightTable};

pub(super) const COLUMN: usize = 64;
pub(super) const CHUNK_ROWS: usize = 128;

const _: () = assert!(CHUNK_ROWS.is_multiple_of(8) && (CHUNK_ROWS / 2) * ((1 << 24) - 1) < 1 << 32);

/// Digits of a weight, and in all.
const DIGITS: usize = 6;
const ALL_DIGITS: usize = DIGITS + 2;
const DIGIT_BITS: u32 = 8;

/// A table of four pairs of rows: `[16 * pair + code of the first row + 4 * code of the second]`.
#[repr(C, align(64))]
#[derive(Clone, Copy)]
struct PairTable([u8; 64]);

impl PairTable {
    const ZERO: Self = Self([0; 64]);
}

/// A chunk's tables per eight rows (zero where a kind is absent), and the merged column.
#[derive(Default)]
pub(crate) struct Prepared {
    /// The weights' digits, the lowest first; then alleles and dosage.
    tables: Vec<[PairTable; ALL_DIGITS]>,
    /// The sum over all pairs of what was taken from the pair's entries.
    least: i64,
    merged: Vec<Merged>,
}

/// The sample of a column that a slot holds: slots are `[vector][nibble][place]`, see [`merge`].
pub(super) fn sample(slot: usize) -> usize {
    let (vector, nibble, place) = (slot / 32, slot / 16 % 2, slot % 16);
    16 * place + 4 * (vector % 4) + 2 * nibble + vector / 4
}

impl Prepared {
    #[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512vbmi,avx512vnni,avx512vpopcntdq")]
    pub(super) fn fill(&mut self, weights: &[WeightTable], counts: &[CountTable]) {
        self.least = 0;
        self.tables.clear();
        self.tables.resize(weights.len().max(counts.len()) / 8, [PairTable::ZERO; ALL_DIGITS]);
        for (tables, rows) in self.tables.iter_mut().zip(weights.as_chunks::<8>().0) {
            for (pair, rows) in rows.as_chunks::<2>().0.iter().enumerate() {
                let least = |row: usize| rows[row].iter().fold(i64::MAX, |least, &entry| least.min(entry));
                let least = least(0) + least(1);
                self.least += least;
                for at in 0..16 {
                    let sum = (rows[0][at % 4] + rows[1][at / 4] - least) as u64;
                    for (digit, table) in tables[..DIGITS].iter_mut().enumerate() {
                        table.0[16 * pair + at] = (sum >> (DIGIT_BITS * digit as u32)) as u8;
                    }
                }
            }
        }
        for (tables, rows) in self.tables.iter_mut().zip(counts.as_chunks::<8>().0) {
            for at in 0..64 {
                let (first, second) = (rows[at / 16 * 2][at % 4], rows[at / 16 * 2 + 1][at % 16 / 4]);
                tables[DIGITS].0[at] = first.alleles + second.alleles;
                tables[DIGITS + 1].0[at] = first.dosage + second.dosage;
            }
        }
    }
}

/// Adds a column to the sums that are not empty.
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512vbmi,avx512vnni,avx512vpopcntdq")]
pub(super) fn add(block: ColumnBlock<'_>, prepared: &mut Prepared, sums: &mut ColumnSums<'_>) {
    let octets = block.starts.as_chunks::<8>().0;
    prepared.merged.resize(octets.len(), Merged::ZERO);
    for (starts, merged) in octets.iter().zip(&mut prepared.merged) {
        merge(&block, starts, merged);
    }
    let mut weights = sums.weights.as_chunks_mut::<32>().0.iter_mut();
    let mut alleles = sums.alleles.as_chunks_mut::<32>().0.iter_mut();
    let mut dosage = sums.dosage.as_chunks_mut::<32>().0.iter_mut();
    for vector in 0..8 {
        match (weights.next(), alleles.next().zip(dosage.next())) {
            (Some(weights), Some((alleles, dosage))) => {
                let sums = sum_vector::<0, ALL_DIGITS>(&block, prepared, vector);
                add_weights(&sums, prepared.least, weights);
                add_counts(&sums, alleles, dosage);
            }
            (Some(weights), None) => {
                add_weights(&sum_vector::<0, DIGITS>(&block, prepared, vector), prepared.least, weights);
            }
            (None, Some((alleles, dosage))) => {
                add_counts(&sum_vector::<DIGITS, ALL_DIGITS>(&block, prepared, vector), alleles, dosage);
            }
            (None, None) => {}
        }
    }
}

/// One vector's sums: `[nibble][digit]`.
type VectorSums = [[__m512i; ALL_DIGITS]; 2];

/// Sums the digits from `FROM` to `TO` of one merged vector over the chunk's rows; the others stay zero.
///
/// An eighth of the lines that are read next and later is fetched meanwhile: all of them at once would
/// wait for the memory, and leave it idle here.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512vbmi,avx512vnni,avx512vpopcntdq")]
fn sum_vector<const FROM: usize, const TO: usize>(
    block: &ColumnBlock<'_>,
    prepared: &Prepared,
    vector: usize,
) -> VectorSums {
    /// `(index & mask) | bits`.
    const AND_OR: i32 = 0xEA;
    let ones = _mm512_set1_epi8(1);
    let nibbles = _mm512_set1_epi8(0x0f);
    let pair = _mm512_set1_epi32(0x3020_1000);
    let mut sums = [[_mm512_setzero_si512(); ALL_DIGITS]; 2];
    let octets = block.starts.as_chunks::<8>().0.iter().zip(&prepared.merged);
    let bytes = block.bytes.as_ptr();
    let mut later = bytes.wrapping_add(block.later + vector * octets.len() * 64);
    for ((starts, merged), tables) in octets.zip(&prepared.tables) {
        _mm_prefetch::<_MM_HINT_T0>(bytes.wrapping_add(starts[vector] + block.next).cast());
        _mm_prefetch::<_MM_HINT_T1>(later.cast());
        later = later.wrapping_add(64);
        let merged = load(&merged.0[vector]);
        let low = _mm512_ternarylogic_epi32::<AND_OR>(merged, nibbles, pair);
        let high = _mm512_ternarylogic_epi32::<AND_OR>(_mm512_srli_epi32::<4>(merged), nibbles, pair);
        for digit in FROM..TO {
            let table = load(&tables[digit].0);
            sums[0][digit] = _mm512_dpbusd_epi32(sums[0][digit], _mm512_permutexvar_epi8(low, table), ones);
            sums[1][digit] = _mm512_dpbusd_epi32(sums[1][digit], _mm512_permutexvar_epi8(high, table), ones);
        }
    }
    sums
}

#[inline]
#[target_feature(enable = "avx512f")]
fn load(bytes: &[u8; 64]) -> __m512i {
    // SAFETY: the reference covers the 64 bytes that are read; no alignment is asked for.
    unsafe { _mm512_loadu_si512(bytes.as_ptr().cast()) }
}

#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512vbmi,avx512vnni,avx512vpopcntdq")]
fn add_weights(sums: &VectorSums, least: i64, slots: &mut [i64; 32]) {
    let least = _mm512_set1_epi64(least);
    let three = |low, middle, high| {
        let middle = _mm512_slli_epi32::<DIGIT_BITS>(middle);
        _mm512_add_epi32(_mm512_add_epi32(low, middle), _mm512_slli_epi32::<{ 2 * DIGIT_BITS }>(high))
    };
    for (slots, sums) in slots.as_chunks_mut::<16>().0.iter_mut().zip(sums) {
        let (low, high) = (three(sums[0], sums[1], sums[2]), three(sums[3], sums[4], sums[5]));
        for (half, slots) in slots.as_chunks_mut::<8>().0.iter_mut().enumerate() {
            let widen = |digits: __m512i| match half {
                0 => _mm512_cvtepu32_epi64(_mm512_castsi512_si256(digits)),
                _ => _mm512_cvtepu32_epi64(_mm512_extracti64x4_epi64::<1>(digits)),
            };
            let high = _mm512_slli_epi64::<{ 3 * DIGIT_BITS }>(widen(high));
            let sum = _mm512_add_epi64(_mm512_add_epi64(widen(low), high), least);
            let slots = slots.as_mut_ptr().cast();
            // SAFETY: the reference covers the 64 bytes that are read and written; no alignment is asked for.
            unsafe { _mm512_storeu_si512(slots, _mm512_add_epi64(_mm512_loadu_si512(slots), sum)) };
        }
    }
}

#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512vbmi,avx512vnni,avx512vpopcntdq")]
fn add_counts(sums: &VectorSums, alleles: &mut [u32; 32], dosage: &mut [u32; 32]) {
    for (slots, digit) in [alleles, dosage].into_iter().zip(DIGITS..) {
        for (slots, sums) in slots.as_chunks_mut::<16>().0.iter_mut().zip(sums) {
            let slots = slots.as_mut_ptr().cast();
            // SAFETY: the reference covers the 64 bytes that are read and written; no alignment is asked for.
            unsafe { _mm512_storeu_si512(slots, _mm512_add_epi32(_mm512_loadu_si512(slots), sums[digit])) };
        }
    }
}
