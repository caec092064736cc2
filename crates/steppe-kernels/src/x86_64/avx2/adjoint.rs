//! The adjoint pass. A few columns: `vpmaddubsw` multiplies 32 codes with a byte each of 32 residuals.
//!
//! No sum overflows: 16-bit places hold four fields' products, at most 4 * 2 * 255 * 3 < 2^15; 32-bit places get twice
//! that per half block, a call has at most 64 blocks, and eight places are put together.

use std::arch::x86_64::*;

use super::super::prefetch;
use super::Avx2;
use crate::adjoint::{
    AdjointPasses, AdjointWays, BLOCK, CopiedRow, LIMBS, Lanes32, LimbBlock, Lookup, LookupPasses, Plane,
    ROOM, ResidualTable, Sums64, TABLES,
};
use crate::scalar::adjoint as portable;

#[inline]
#[target_feature(enable = "avx2")]
pub(super) fn load(bytes: &[u8; 32]) -> __m256i {
    // SAFETY: the reference covers the 32 bytes that are read; no alignment is asked for.
    unsafe { _mm256_loadu_si256(bytes.as_ptr().cast()) }
}

#[target_feature(enable = "avx2")]
pub(super) fn any_missing(row: &[u8]) -> bool {
    portable::any_missing(row)
}

/// A row's block as two vectors, zero past its end.
#[inline]
#[target_feature(enable = "avx2")]
fn load_block(row: &[u8], index: usize) -> [__m256i; 2] {
    let bytes = &row[(index * BLOCK).min(row.len())..];
    let halves = |bytes: &[u8; BLOCK]| match bytes.as_chunks::<32>().0 {
        [low, high] => [load(low), load(high)],
        _ => [_mm256_setzero_si256(); 2],
    };
    match bytes.first_chunk() {
        Some(whole) => halves(whole),
        None => {
            let mut padded = [0; BLOCK];
            padded[..bytes.len()].copy_from_slice(bytes);
            halves(&padded)
        }
    }
}

/// Adds half a block of a row.
#[inline]
#[target_feature(enable = "avx2")]
fn add_half(row: __m256i, LimbBlock(residuals): &LimbBlock, half: usize, sums: &mut [__m256i; LIMBS]) {
    let field = _mm256_set1_epi8(3);
    let codes = [
        _mm256_and_si256(row, field),
        _mm256_and_si256(_mm256_srli_epi32::<2>(row), field),
        _mm256_and_si256(_mm256_srli_epi32::<4>(row), field),
        _mm256_and_si256(_mm256_srli_epi32::<6>(row), field),
    ];
    for (limb, (sum, residuals)) in sums.iter_mut().zip(residuals).enumerate() {
        let mut part = _mm256_setzero_si256();
        for (codes, residuals) in codes.iter().zip(residuals) {
            let residuals = load(&residuals.as_chunks::<32>().0[half]);
            // The first factor is unsigned, the second signed.
            let products = match limb {
                2 => _mm256_maddubs_epi16(*codes, residuals),
                _ => _mm256_maddubs_epi16(residuals, *codes),
            };
            part = _mm256_add_epi16(part, products);
        }
        *sum = _mm256_add_epi32(*sum, _mm256_madd_epi16(part, _mm256_set1_epi16(1)));
    }
}

#[inline]
#[target_feature(enable = "avx2")]
fn total(sums: &[__m256i; LIMBS]) -> i64 {
    let [low, middle, high] = sums.map(|sum| {
        let mut places = [0_i32; 8];
        // SAFETY: `places` is the 32 bytes that are written.
        unsafe { _mm256_storeu_si256(places.as_mut_ptr().cast(), sum) };
        i64::from(places.iter().sum::<i32>())
    });
    low + (middle << 8) + (high << 16)
}

#[inline]
#[target_feature(enable = "avx2")]
fn dot<const MISSING: bool>(row: &[u8], residuals: &[LimbBlock]) -> i64 {
    let mut sums = [_mm256_setzero_si256(); LIMBS];
    for (index, block) in residuals.iter().enumerate() {
        for (half, mut fields) in load_block(row, index).into_iter().enumerate() {
            if MISSING {
                let both = _mm256_and_si256(fields, _mm256_srli_epi32::<1>(fields));
                fields = _mm256_and_si256(both, _mm256_set1_epi8(0x55));
            }
            add_half(fields, block, half, &mut sums);
        }
    }
    total(&sums)
}

#[target_feature(enable = "avx2")]
fn dot_codes<const ROWS: usize>(rows: [&[u8]; ROWS], residuals: &[LimbBlock]) -> [i64; ROWS] {
    rows.map(|row| dot::<false>(row, residuals))
}

#[target_feature(enable = "avx2")]
fn dot_missing<const ROWS: usize>(rows: [&[u8]; ROWS], residuals: &[LimbBlock]) -> [i64; ROWS] {
    rows.map(|row| dot::<true>(row, residuals))
}

#[target_feature(enable = "avx2")]
fn build(samples: &[Lanes32; 4], table: &mut ResidualTable) {
    portable::build(samples, table);
}

#[target_feature(enable = "avx2")]
fn list(part: &[u8], swapped: bool, plane: Plane, numbers: &mut [u16; ROOM]) -> usize {
    portable::list(part, swapped, plane, numbers)
}

#[target_feature(enable = "avx2")]
fn add_listed(numbers: &[u16], samples: &[Lanes32], sums: &mut Sums64) {
    portable::add_listed(numbers, samples, sums);
}

#[inline]
#[target_feature(enable = "avx2")]
fn load_lanes(lanes: &Lanes32) -> [__m256i; 2] {
    let lanes = lanes.0.as_ptr().cast::<__m256i>();
    // SAFETY: the reference covers the 64 bytes that are read, and is aligned to as many.
    unsafe { [_mm256_load_si256(lanes), _mm256_load_si256(lanes.add(1))] }
}

#[target_feature(enable = "avx2")]
fn lookup(tables: &[ResidualTable; TABLES], rows: &[CopiedRow], at: usize, sums: &mut [Sums64]) {
    for (row, sums) in rows.iter().zip(sums) {
        let Some(row) = row.get(at..).and_then(<[u8]>::first_chunk::<TABLES>) else { return };
        let mut word = u64::from_le_bytes(*row);
        let mut part = [_mm256_setzero_si256(); 2];
        for table in tables {
            let entry = load_lanes(&table.entries[usize::from(word as u8)]);
            part = [_mm256_add_epi32(part[0], entry[0]), _mm256_add_epi32(part[1], entry[1])];
            word >>= 8;
        }
        let mut lanes = Lanes32::ZERO;
        let place = lanes.0.as_mut_ptr().cast::<__m256i>();
        // SAFETY: `lanes` is the 64 bytes that are written, and is aligned to as many.
        unsafe {
            _mm256_store_si256(place, part[0]);
            _mm256_store_si256(place.add(1), part[1]);
        }
        sums.0.iter_mut().zip(lanes.0).for_each(|(sum, part)| *sum += i64::from(part));
    }
}

impl AdjointWays for Avx2 {
    const GROUP_FROM: usize = 6;
    type Passes = Self;
    type Dense = Lookup;

    fn passes(self) -> Self {
        self
    }

    fn listed_of_1024(_columns: usize) -> Option<u64> {
        Some(48)
    }
}

impl AdjointPasses for Avx2 {
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
        unsafe { list(part, swapped, plane, numbers) }
    }

    fn add_listed(self, numbers: &[u16], samples: &[Lanes32], sums: &mut Sums64) {
        // SAFETY: `self` exists only where `new` found the features.
        unsafe { add_listed(numbers, samples, sums) }
    }
}

impl LookupPasses for Avx2 {
    fn build_table(self, samples: &[Lanes32; 4], table: &mut ResidualTable) {
        // SAFETY: `self` exists only where `new` found the features.
        unsafe { build(samples, table) }
    }

    fn lookup(self, tables: &[ResidualTable; TABLES], rows: &[CopiedRow], at: usize, sums: &mut [Sums64]) {
        // SAFETY: `self` exists only where `new` found the features.
        unsafe { lookup(tables, rows, at, sums) }
    }
}
