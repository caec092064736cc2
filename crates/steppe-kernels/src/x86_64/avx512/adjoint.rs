//! The adjoint pass. A few columns: `vpdpbusd` multiplies 64 codes with a byte each of 64 residuals. Fields 1 and 3
//! of a byte stay two bits up, which spares a shift, and have sums of their own that are four times too large.
//!
//! No 32-bit sum overflows: a block adds at most 2 * 4 * 255 * 4 * 3 < 2^15 to a place, a call has at most 64 blocks,
//! and 16 places are put together.

use std::arch::x86_64::*;

use super::super::prefetch;
use super::{Avx512, listed, products};
use crate::adjoint::{
    AdjointPasses, AdjointWays, BLOCK, CodeBlock, LIMBS, Lanes32, LimbBlock, Plane, ProductPasses, Products,
    ROOM, ROWS, Sums64,
};

/// At most 64 bytes, zero above them.
#[inline]
#[target_feature(enable = "avx512f,avx512bw")]
pub(in crate::x86_64) fn load_part(bytes: &[u8]) -> __m512i {
    let mask = u64::MAX.checked_shr(64_u32.saturating_sub(bytes.len() as u32)).unwrap_or(0);
    // SAFETY: the mask leaves out the bytes past the end of the slice.
    unsafe { _mm512_maskz_loadu_epi8(mask, bytes.as_ptr().cast()) }
}

#[inline]
#[target_feature(enable = "avx512f")]
pub(super) fn load(bytes: &[u8; 64]) -> __m512i {
    // SAFETY: the reference covers the 64 bytes that are read; no alignment is asked for.
    unsafe { _mm512_loadu_si512(bytes.as_ptr().cast()) }
}

#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512vbmi,avx512vnni,avx512vpopcntdq")]
pub(super) fn any_missing(row: &[u8]) -> bool {
    let (blocks, rest) = row.as_chunks::<64>();
    let mut any = _mm512_setzero_si512();
    // `any | (row & shifted)`.
    let add = |any, row| _mm512_ternarylogic_epi32::<0xF8>(any, row, _mm512_srli_epi32::<1>(row));
    for block in blocks {
        any = add(any, load(block));
    }
    any = add(any, load_part(rest));
    _mm512_test_epi8_mask(any, _mm512_set1_epi8(0x55)) != 0
}

/// Sums of one row: `[fields 0 and 2, fields 1 and 3][limb]`.
type Sums = [[__m512i; LIMBS]; 2];

/// Adds a block of some rows.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512vbmi,avx512vnni,avx512vpopcntdq")]
fn add_block<const ROWS: usize>(
    rows: [__m512i; ROWS],
    LimbBlock(residuals): &LimbBlock,
    sums: &mut [Sums; ROWS],
) {
    let fields = [_mm512_set1_epi8(0b0011), _mm512_set1_epi8(0b1100)];
    for half in 0..2 {
        let rows = if half == 0 { rows } else { rows.map(|row| _mm512_srli_epi32::<4>(row)) };
        for (parity, &mask) in fields.iter().enumerate() {
            let field = 2 * half + parity;
            let residuals = [0, 1, 2].map(|limb: usize| load(&residuals[limb][field]));
            for (row, sums) in rows.iter().zip(sums.iter_mut()) {
                let codes = _mm512_and_si512(*row, mask);
                let sums = &mut sums[parity];
                // The first factor is unsigned, the second signed.
                sums[0] = _mm512_dpbusd_epi32(sums[0], residuals[0], codes);
                sums[1] = _mm512_dpbusd_epi32(sums[1], residuals[1], codes);
                sums[2] = _mm512_dpbusd_epi32(sums[2], codes, residuals[2]);
            }
        }
    }
}

#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512vbmi,avx512vnni,avx512vpopcntdq")]
fn total([single, fourfold]: &Sums) -> i64 {
    let limb = |limb: usize| {
        let fourfold = _mm512_srai_epi32::<2>(fourfold[limb]);
        i64::from(_mm512_reduce_add_epi32(_mm512_add_epi32(single[limb], fourfold)))
    };
    limb(0) + (limb(1) << 8) + (limb(2) << 16)
}

#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512vbmi,avx512vnni,avx512vpopcntdq")]
fn dot<const MISSING: bool, const ROWS: usize>(rows: [&[u8]; ROWS], residuals: &[LimbBlock]) -> [i64; ROWS] {
    let mut sums = [[[_mm512_setzero_si512(); LIMBS]; 2]; ROWS];
    let fields = |row| {
        if !MISSING {
            return row;
        }
        // `row & shifted & 0x55`.
        _mm512_ternarylogic_epi32::<0x80>(row, _mm512_srli_epi32::<1>(row), _mm512_set1_epi8(0x55))
    };
    let whole = rows.iter().fold(usize::MAX, |least, row| least.min(row.len())) / BLOCK;
    let (blocks, rest) = residuals.split_at(whole.min(residuals.len()));
    let starts = rows.map(<[u8]>::as_ptr);
    for (index, block) in blocks.iter().enumerate() {
        let rows = starts.map(|start| {
            // SAFETY: `index < whole`, and each row holds that many blocks.
            fields(unsafe { _mm512_loadu_si512(start.add(index * BLOCK).cast()) })
        });
        add_block(rows, block, &mut sums);
    }
    if let Some(block) = rest.first() {
        add_block(rows.map(|row| fields(load_part(&row[whole * BLOCK..]))), block, &mut sums);
    }
    sums.map(|sums| total(&sums))
}

#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512vbmi,avx512vnni,avx512vpopcntdq")]
fn dot_codes<const ROWS: usize>(rows: [&[u8]; ROWS], residuals: &[LimbBlock]) -> [i64; ROWS] {
    dot::<false, ROWS>(rows, residuals)
}

#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512vbmi,avx512vnni,avx512vpopcntdq")]
fn dot_missing<const ROWS: usize>(rows: [&[u8]; ROWS], residuals: &[LimbBlock]) -> [i64; ROWS] {
    dot::<true, ROWS>(rows, residuals)
}

impl AdjointWays for Avx512 {
    const GROUP_FROM: usize = 6;
    type Passes = Self;
    type Dense = Products;

    fn passes(self) -> Self {
        self
    }

    fn listed_of_1024(columns: usize) -> Option<u64> {
        // A product costs something for each column, a sample of a list for each group, and a list once. Measured.
        let groups = columns.div_ceil(16).max(1);
        Some(((6 * columns).saturating_sub(20) / groups) as u64)
    }
}

impl AdjointPasses for Avx512 {
    fn prefetch<T>(self, data: &[T]) {
        prefetch(data);
    }

    fn any_missing(self, row: &[u8]) -> bool {
        // SAFETY: `self` exists only where `new` found the features.
        unsafe { any_missing(row) }
    }

    fn dot_codes<const ROWS: usize>(self, rows: [&[u8]; ROWS], residuals: &[LimbBlock]) -> [i64; ROWS] {
        // SAFETY: `self` exists only where `new` found the features.
        unsafe { dot_codes(rows, residuals) }
    }

    fn dot_missing<const ROWS: usize>(self, rows: [&[u8]; ROWS], residuals: &[LimbBlock]) -> [i64; ROWS] {
        // SAFETY: `self` exists only where `new` found the features.
        unsafe { dot_missing(rows, residuals) }
    }

    fn list(self, part: &[u8], swapped: bool, plane: Plane, numbers: &mut [u16; ROOM]) -> usize {
        // SAFETY: `self` exists only where `new` found the features.
        unsafe { listed::list(part, swapped, plane, numbers) }
    }

    fn add_listed(self, numbers: &[u16], samples: &[Lanes32], sums: &mut Sums64) {
        // SAFETY: `self` exists only where `new` found the features.
        unsafe { listed::add(numbers, samples, sums) }
    }
}

impl ProductPasses for Avx512 {
    fn unpack(self, rows: [&[u8]; ROWS], codes: &mut [CodeBlock]) {
        // SAFETY: `self` exists only where `new` found the features.
        unsafe { products::unpack(rows, codes) }
    }

    fn multiply(self, codes: &[CodeBlock], residuals: &[LimbBlock]) -> [i64; ROWS] {
        // SAFETY: `self` exists only where `new` found the features.
        unsafe { products::multiply(codes, residuals) }
    }
}
