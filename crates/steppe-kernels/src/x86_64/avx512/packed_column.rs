//! The passes over a packed column: a word of 32 samples is shifted so that each of eight places has its sample's code
//! in the lowest bits, and `vpermpd` looks the code up. It looks at one bit more, so tables are held twice.

use std::arch::x86_64::*;

use super::Avx512;
use crate::packed_column::{ColumnPasses, LANES, LaneSums, Word};
use crate::scalar::packed_column::{CODES, ONE_CODE};

/// Vectors of 32 values.
const VECTORS: usize = LANES / 8;

#[inline]
#[target_feature(enable = "avx512f")]
fn load(values: &[f64; LANES]) -> [__m512d; VECTORS] {
    let (first, second, third, fourth) = match values.as_chunks::<8>().0 {
        [first, second, third, fourth] => (first, second, third, fourth),
        _ => return [_mm512_setzero_pd(); VECTORS],
    };
    // SAFETY: the references cover the 64 bytes each that are read; no alignment is asked for.
    [first, second, third, fourth].map(|values| unsafe { _mm512_loadu_pd(values.as_ptr()) })
}

#[inline]
#[target_feature(enable = "avx512f")]
fn store(values: &mut [f64; LANES], vectors: [__m512d; VECTORS]) {
    for (values, vector) in values.as_chunks_mut::<8>().0.iter_mut().zip(vectors) {
        // SAFETY: the reference covers the 64 bytes that are written; no alignment is asked for.
        unsafe { _mm512_storeu_pd(values.as_mut_ptr(), vector) };
    }
}

/// The word's samples as indices of a table, in four vectors.
#[inline]
#[target_feature(enable = "avx512f")]
fn indices(word: &Word) -> [__m512i; VECTORS] {
    let word = _mm512_set1_epi64(i64::from_le_bytes(*word));
    let shifts = _mm512_set_epi64(14, 12, 10, 8, 6, 4, 2, 0);
    let shift = |by| _mm512_srlv_epi64(word, _mm512_add_epi64(shifts, _mm512_set1_epi64(by)));
    [shift(0), shift(16), shift(32), shift(48)]
}

#[inline]
#[target_feature(enable = "avx512f")]
fn twice(table: &[f64; 4]) -> __m512d {
    let [a, b, c, d] = *table;
    _mm512_set_pd(d, c, b, a, d, c, b, a)
}

/// Adds value times entry for some tables at once.
#[inline]
#[target_feature(enable = "avx512f")]
fn add_products<const N: usize>(
    words: &[Word],
    values: &[[f64; LANES]],
    tables: [&[f64; 4]; N],
    sums: [&mut LaneSums; N],
) {
    let tables = tables.map(|table| twice(table));
    let mut running = sums.each_ref().map(|sums| load(sums));
    for (word, values) in words.iter().zip(values) {
        for (vector, (index, values)) in indices(word).into_iter().zip(load(values)).enumerate() {
            for (running, &table) in running.iter_mut().zip(&tables) {
                // Exact products: one rounding is the same as two.
                let entries = _mm512_permutexvar_pd(index, table);
                running[vector] = _mm512_fmadd_pd(entries, values, running[vector]);
            }
        }
    }
    for (sums, running) in sums.into_iter().zip(running) {
        store(sums, running);
    }
}

#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512vbmi,avx512vnni,avx512vpopcntdq")]
fn dot(words: &[Word], values: &[[f64; LANES]], codes: &mut LaneSums) {
    add_products(words, values, [&CODES], [codes]);
}

#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512vbmi,avx512vnni,avx512vpopcntdq")]
fn dot_both(words: &[Word], values: &[[f64; LANES]], codes: &mut LaneSums, missing: &mut LaneSums) {
    add_products(words, values, [&CODES, &ONE_CODE[3]], [codes, missing]);
}

#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512vbmi,avx512vnni,avx512vpopcntdq")]
fn moments(words: &[Word], values: &[[f64; LANES]], sums: &mut [LaneSums; 4]) {
    add_products(words, values, ONE_CODE.each_ref(), sums.each_mut());
}

#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512vbmi,avx512vnni,avx512vpopcntdq")]
fn add(words: &[Word], table: &[f64; 4], values: &mut [[f64; LANES]]) {
    let table = twice(table);
    for (word, values) in words.iter().zip(values) {
        let mut vectors = load(values);
        for (vector, index) in vectors.iter_mut().zip(indices(word)) {
            *vector = _mm512_add_pd(*vector, _mm512_permutexvar_pd(index, table));
        }
        store(values, vectors);
    }
}

#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512vbmi,avx512vnni,avx512vpopcntdq")]
fn add_weighted(words: &[Word], table: &[f64; 4], weights: &[[f64; LANES]], values: &mut [[f64; LANES]]) {
    let table = twice(table);
    for ((word, weights), values) in words.iter().zip(weights).zip(values) {
        let mut vectors = load(values);
        for ((vector, index), weights) in vectors.iter_mut().zip(indices(word)).zip(load(weights)) {
            let product = _mm512_mul_pd(weights, _mm512_permutexvar_pd(index, table));
            *vector = _mm512_add_pd(*vector, product);
        }
        store(values, vectors);
    }
}

impl ColumnPasses for Avx512 {
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
