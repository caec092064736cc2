//! Byte products: `vpdpbusd` multiplies 64 codes of a row with a byte each of 64 residuals. Eight rows and the three bytes of
//! one column are 24 vectors of sums, which leaves registers for what is multiplied, and loads one vector for two products.
//!
//! No 32-bit sum overflows: at most [`SAMPLES`] of them, times 2, times the two lower bytes of a residual, are put together.

use std::arch::x86_64::*;

use super::adjoint::{load, load_part};
use crate::adjoint::{BLOCK, CodeBlock, LIMBS, LimbBlock, ROWS, SAMPLES};

const _: () = assert!(SAMPLES * 2 * 0xFFFF < 1 << 31);

#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512vbmi,avx512vnni,avx512vpopcntdq")]
pub(super) fn unpack(rows: [&[u8]; ROWS], codes: &mut [CodeBlock]) {
    let (low, field) = (_mm512_set1_epi8(0b0101_0101), _mm512_set1_epi8(0b11));
    for (at, row) in rows.iter().enumerate() {
        for (index, CodeBlock(codes)) in codes.iter_mut().enumerate() {
            let row = load_part(row.get(index * BLOCK..).unwrap_or_default());
            // `row & shifted & low`: the low bits of the missing calls.
            let missing = _mm512_ternarylogic_epi32::<0x80>(row, _mm512_srli_epi32::<1>(row), low);
            // `row & !(low | high)`.
            let row = _mm512_ternarylogic_epi32::<0x10>(row, missing, _mm512_slli_epi32::<1>(missing));
            let fields =
                [row, _mm512_srli_epi32::<2>(row), _mm512_srli_epi32::<4>(row), _mm512_srli_epi32::<6>(row)];
            for (codes, fields) in codes.iter_mut().zip(fields) {
                // SAFETY: the reference covers the 64 bytes that are written; no alignment is asked for.
                unsafe {
                    _mm512_storeu_si512(codes[at].as_mut_ptr().cast(), _mm512_and_si512(fields, field))
                };
            }
        }
    }
}

#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512vbmi,avx512vnni,avx512vpopcntdq")]
pub(super) fn multiply(codes: &[CodeBlock], residuals: &[LimbBlock]) -> [i64; ROWS] {
    let mut sums = [[_mm512_setzero_si512(); LIMBS]; ROWS];
    for (CodeBlock(codes), LimbBlock(residuals)) in codes.iter().zip(residuals) {
        for (field, codes) in codes.iter().enumerate() {
            let residuals = [0, 1, 2].map(|limb: usize| load(&residuals[limb][field]));
            for (sums, codes) in sums.iter_mut().zip(codes) {
                let codes = load(codes);
                // The first factor is unsigned, the second signed.
                sums[0] = _mm512_dpbusd_epi32(sums[0], residuals[0], codes);
                sums[1] = _mm512_dpbusd_epi32(sums[1], residuals[1], codes);
                sums[2] = _mm512_dpbusd_epi32(sums[2], codes, residuals[2]);
            }
        }
    }
    let low = sums.map(|sums| _mm512_add_epi32(sums[0], _mm512_slli_epi32::<8>(sums[1])));
    let high = sums.map(|sums| sums[2]);
    let both = halve([quarter(low), quarter(high)]);
    let low = _mm512_cvtepi32_epi64(_mm512_castsi512_si256(both));
    let high = _mm512_cvtepi32_epi64(_mm512_extracti64x4_epi64::<1>(both));
    let mut out = [0; ROWS];
    let total = _mm512_add_epi64(low, _mm512_slli_epi64::<16>(high));
    // SAFETY: `out` is the 64 bytes that are written; no alignment is asked for.
    unsafe { _mm512_storeu_si512(out.as_mut_ptr().cast(), total) };
    out
}

/// The sums of each vector's quarters, of the first four vectors (two quarters), and of the others.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512vbmi,avx512vnni,avx512vpopcntdq")]
fn quarter([a, b, c, d, e, f, g, h]: [__m512i; ROWS]) -> __m512i {
    let pair = |a, b| _mm512_add_epi32(_mm512_unpacklo_epi32(a, b), _mm512_unpackhi_epi32(a, b));
    let four = |a, b| _mm512_add_epi32(_mm512_unpacklo_epi64(a, b), _mm512_unpackhi_epi64(a, b));
    halve([four(pair(a, b), pair(c, d)), four(pair(e, f), pair(g, h))])
}

/// The sums of neighbouring quarters of both vectors.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512vbmi,avx512vnni,avx512vpopcntdq")]
fn halve([a, b]: [__m512i; 2]) -> __m512i {
    _mm512_add_epi32(_mm512_shuffle_i32x4::<0x88>(a, b), _mm512_shuffle_i32x4::<0xDD>(a, b))
}
