//! The passes over a packed column: half a word of 16 samples is shifted so that each of four places has its sample's
//! code in the lowest bits of both its halves, and `vpermilps` looks the code up in the halves of a table's entries.

use std::arch::x86_64::*;

use super::Avx2;
use crate::packed_column::{ColumnPasses, LANES, LaneSums, Word};
use crate::scalar::packed_column::{CODES, ONE_CODE};

/// Vectors of 32 values.
const VECTORS: usize = LANES / 4;

#[inline]
#[target_feature(enable = "avx2")]
fn load(values: &[f64; LANES]) -> [__m256d; VECTORS] {
    let mut vectors = [_mm256_setzero_pd(); VECTORS];
    for (vector, values) in vectors.iter_mut().zip(values.as_chunks::<4>().0) {
        // SAFETY: the reference covers the 32 bytes that are read; no alignment is asked for.
        *vector = unsafe { _mm256_loadu_pd(values.as_ptr()) };
    }
    vectors
}

#[inline]
#[target_feature(enable = "avx2")]
fn store(values: &mut [f64; LANES], vectors: [__m256d; VECTORS]) {
    for (values, vector) in values.as_chunks_mut::<4>().0.iter_mut().zip(vectors) {
        // SAFETY: the reference covers the 32 bytes that are written; no alignment is asked for.
        unsafe { _mm256_storeu_pd(values.as_mut_ptr(), vector) };
    }
}

/// The word's samples as indices of a table, in eight vectors.
#[inline]
#[target_feature(enable = "avx2")]
fn indices(word: &Word) -> [__m256i; VECTORS] {
    let word = u64::from_le_bytes(*word);
    let halves = [_mm256_set1_epi32(word as i32), _mm256_set1_epi32((word >> 32) as i32)];
    let shifts = _mm256_set_epi32(6, 6, 4, 4, 2, 2, 0, 0);
    let shift =
        |half: usize, by| _mm256_srlv_epi32(halves[half], _mm256_add_epi32(shifts, _mm256_set1_epi32(by)));
    [
        shift(0, 0),
        shift(0, 8),
        shift(0, 16),
        shift(0, 24),
        shift(1, 0),
        shift(1, 8),
        shift(1, 16),
        shift(1, 24),
    ]
}

/// The lower and the upper halves of a table's entries.
type Halves = [__m256; 2];

#[inline]
#[target_feature(enable = "avx2")]
fn halves(table: &[f64; 4]) -> Halves {
    let half = |shift: u32| {
        let [a, b, c, d] = table.map(|entry| f32::from_bits((entry.to_bits() >> shift) as u32));
        _mm256_set_ps(d, c, b, a, d, c, b, a)
    };
    [half(0), half(32)]
}

#[inline]
#[target_feature(enable = "avx2")]
fn entries(index: __m256i, [lower, upper]: Halves) -> __m256d {
    let (lower, upper) = (_mm256_permutevar_ps(lower, index), _mm256_permutevar_ps(upper, index));
    _mm256_castps_pd(_mm256_blend_ps::<0b1010_1010>(lower, upper))
}

/// Adds value times entry for some tables at once.
#[inline]
#[target_feature(enable = "avx2")]
fn add_products<const N: usize>(
    words: &[Word],
    values: &[[f64; LANES]],
    tables: [&[f64; 4]; N],
    sums: [&mut LaneSums; N],
) {
    let tables = tables.map(|table| halves(table));
    let mut running = sums.each_ref().map(|sums| load(sums));
    for (word, values) in words.iter().zip(values) {
        for (vector, (index, values)) in indices(word).into_iter().zip(load(values)).enumerate() {
            for (running, &table) in running.iter_mut().zip(&tables) {
                let product = _mm256_mul_pd(entries(index, table), values);
                running[vector] = _mm256_add_pd(running[vector], product);
            }
        }
    }
    for (sums, running) in sums.into_iter().zip(running) {
        store(sums, running);
    }
}

#[target_feature(enable = "avx2")]
fn dot(words: &[Word], values: &[[f64; LANES]], codes: &mut LaneSums) {
    add_products(words, values, [&CODES], [codes]);
}

#[target_feature(enable = "avx2")]
fn dot_both(words: &[Word], values: &[[f64; LANES]], codes: &mut LaneSums, missing: &mut LaneSums) {
    add_products(words, values, [&CODES, &ONE_CODE[3]], [codes, missing]);
}

#[target_feature(enable = "avx2")]
fn moments(words: &[Word], values: &[[f64; LANES]], sums: &mut [LaneSums; 4]) {
    add_products(words, values, ONE_CODE.each_ref(), sums.each_mut());
}

#[target_feature(enable = "avx2")]
fn add(words: &[Word], table: &[f64; 4], values: &mut [[f64; LANES]]) {
    let table = halves(table);
    for (word, values) in words.iter().zip(values) {
        let mut vectors = load(values);
        for (vector, index) in vectors.iter_mut().zip(indices(word)) {
            *vector = _mm256_add_pd(*vector, entries(index, table));
        }
        store(values, vectors);
    }
}

#[target_feature(enable = "avx2")]
fn add_weighted(words: &[Word], table: &[f64; 4], weights: &[[f64; LANES]], values: &mut [[f64; LANES]]) {
    let table = halves(table);
    for ((word, weights), values) in words.iter().zip(weights).zip(values) {
        let mut vectors = load(values);
        for ((vector, index), weights) in vectors.iter_mut().zip(indices(word)).zip(load(weights)) {
            let product = _mm256_mul_pd(weights, entries(index, table));
            *vector = _mm256_add_pd(*vector, product);
        }
        store(values, vectors);
    }
}

impl ColumnPasses for Avx2 {
    fn dot(self, words: &[Word], values: &[[f64; LANES]], codes: &mut LaneSums) {
        // SAFETY: `self` exists only where `new` found the features.
        unsafe { dot(words, values, codes) }
    }

    fn dot_both(self, words: &[Word], values: &[[f64; LANES]], codes: &mut LaneSums, missing: &mut LaneSums) {
        // SAFETY: `self` exists only where `new` found the features.
        unsafe { dot_both(words, values, codes, missing) }
    }

    fn add(self, words: &[Word], table: &[f64; 4], values: &mut [[f64; LANES]]) {
        // SAFETY: `self` exists only where `new` found the features.
        unsafe { add(words, table, values) }
    }

    fn add_weighted(
        self,
        words: &[Word],
        table: &[f64; 4],
        weights: &[[f64; LANES]],
        values: &mut [[f64; LANES]],
    ) {
        // SAFETY: `self` exists only where `new` found the features.
        unsafe { add_weighted(words, table, weights, values) }
    }

    fn moments(self, words: &[Word], values: &[[f64; LANES]], sums: &mut [LaneSums; 4]) {
        // SAFETY: `self` exists only where `new` found the features.
        unsafe { moments(words, values, sums) }
    }
}
