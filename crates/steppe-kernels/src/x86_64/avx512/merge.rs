//! Merges a column of eight rows into table indices, four pairs of rows side by side.

use std::arch::x86_64::*;

use crate::passes::ColumnBlock;

/// A merged column: eight vectors of 16 places. Byte `j` of place `p` of vector `v` has the indices of the
/// `j`-th pair of rows, in its low nibble for sample `16 p + 4 (v % 4) + v / 4`, in its high nibble for the
/// sample two further.
#[repr(C, align(64))]
#[derive(Clone, Copy)]
pub(super) struct Merged(pub(super) [[u8; 64]; 8]);

impl Merged {
    pub(super) const ZERO: Self = Self([[0; 64]; 8]);
}

/// `mask ? yes : no`, bit by bit.
const SELECT: i32 = 0xCA;

#[inline]
#[target_feature(enable = "avx512f")]
pub(super) fn merge(block: &ColumnBlock<'_>, starts: &[usize; 8], merged: &mut Merged) {
    let mut rows = [_mm512_setzero_si512(); 8];
    for (row, &start) in rows.iter_mut().zip(starts) {
        let Some(bytes) = block.bytes.get(start + block.at..).and_then(<[u8]>::first_chunk::<64>) else {
            return;
        };
        // SAFETY: the reference covers the 64 bytes that are read; no alignment is asked for.
        *row = unsafe { _mm512_loadu_si512(bytes.as_ptr().cast()) };
    }
    let fields = _mm512_set1_epi8(0x33);
    let even = |a, b| _mm512_ternarylogic_epi32::<SELECT>(fields, a, _mm512_slli_epi32::<2>(b));
    let odd = |a, b| _mm512_ternarylogic_epi32::<SELECT>(fields, _mm512_srli_epi32::<2>(a), b);
    let [a, b, c, d, e, f, g, h] = rows;
    let (low, high) = merged.0.split_at_mut(4);
    transpose([even(a, b), even(c, d), even(e, f), even(g, h)], low);
    transpose([odd(a, b), odd(c, d), odd(e, f), odd(g, h)], high);
}

/// Vector `i` of `into` gets byte `i` of each place of the four, in their order.
#[inline]
#[target_feature(enable = "avx512f")]
fn transpose([a, b, c, d]: [__m512i; 4], into: &mut [[u8; 64]]) {
    let (bytes, words) = (_mm512_set1_epi16(0xff), _mm512_set1_epi32(0xffff));
    let even_bytes = |a, b| _mm512_ternarylogic_epi32::<SELECT>(bytes, a, _mm512_slli_epi32::<8>(b));
    let odd_bytes = |a, b| _mm512_ternarylogic_epi32::<SELECT>(bytes, _mm512_srli_epi32::<8>(a), b);
    let low_words = |a, b| _mm512_ternarylogic_epi32::<SELECT>(words, a, _mm512_slli_epi32::<16>(b));
    let high_words = |a, b| _mm512_ternarylogic_epi32::<SELECT>(words, _mm512_srli_epi32::<16>(a), b);
    let (even_first, even_second) = (even_bytes(a, b), even_bytes(c, d));
    let (odd_first, odd_second) = (odd_bytes(a, b), odd_bytes(c, d));
    let transposed = [
        low_words(even_first, even_second),
        low_words(odd_first, odd_second),
        high_words(even_first, even_second),
        high_words(odd_first, odd_second),
    ];
    for (into, vector) in into.iter_mut().zip(transposed) {
        // SAFETY: the reference covers the 64 bytes that are written; no alignment is asked for.
        unsafe { _mm512_storeu_si512(into.as_mut_ptr().cast(), vector) };
    }
}
