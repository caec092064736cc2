//! The gram pass: bits are counted by looking up four at a time (`vpshufb`), in bytes that are put together every few
//! blocks.

use std::arch::x86_64::*;

use super::Avx2;
use crate::gram::{GramPasses, LaneCodes, LaneSums, PlaneBlock, TILE};
use crate::scalar::gram as portable;

/// Blocks until the bytes are put together: a block adds at most 16 to a byte.
const BLOCKS: usize = 15;

#[inline]
#[target_feature(enable = "avx2")]
fn halves(plane: &[u64; 8]) -> [__m256i; 2] {
    let plane = plane.as_ptr().cast::<__m256i>();
    // SAFETY: the reference covers the 64 bytes that are read; no alignment is asked for.
    unsafe { [_mm256_loadu_si256(plane), _mm256_loadu_si256(plane.add(1))] }
}

/// The bits of each byte.
#[inline]
#[target_feature(enable = "avx2")]
fn count(bits: __m256i) -> __m256i {
    let counts = _mm256_broadcastsi128_si256(_mm_set_epi8(4, 3, 3, 2, 3, 2, 2, 1, 3, 2, 2, 1, 2, 1, 1, 0));
    let nibbles = _mm256_set1_epi8(0x0f);
    let low = _mm256_shuffle_epi8(counts, _mm256_and_si256(bits, nibbles));
    let high = _mm256_shuffle_epi8(counts, _mm256_and_si256(_mm256_srli_epi32::<4>(bits), nibbles));
    _mm256_add_epi8(low, high)
}

/// The sum of all bytes.
#[inline]
#[target_feature(enable = "avx2")]
fn total(bytes: __m256i) -> i64 {
    let sums = _mm256_sad_epu8(bytes, _mm256_setzero_si256());
    let mut places = [0_i64; 4];
    // SAFETY: `places` is the 32 bytes that are written.
    unsafe { _mm256_storeu_si256(places.as_mut_ptr().cast(), sums) };
    places.iter().sum()
}

#[inline]
#[target_feature(enable = "avx2")]
fn pair(left: &[PlaneBlock], right: &[PlaneBlock]) -> i64 {
    let mut sum = 0;
    for (left, right) in left.chunks(BLOCKS).zip(right.chunks(BLOCKS)) {
        let (mut both_bytes, mut opposite_bytes) = (_mm256_setzero_si256(), _mm256_setzero_si256());
        for (left, right) in left.iter().zip(right) {
            let zeros = halves(&left.zero).into_iter().zip(halves(&right.zero));
            let homozygous = halves(&left.homozygous).into_iter().zip(halves(&right.homozygous));
            for ((left, right), (left_zero, right_zero)) in homozygous.zip(zeros) {
                let both = _mm256_and_si256(left, right);
                let opposite = _mm256_and_si256(both, _mm256_xor_si256(left_zero, right_zero));
                both_bytes = _mm256_add_epi8(both_bytes, count(both));
                opposite_bytes = _mm256_add_epi8(opposite_bytes, count(opposite));
            }
        }
        sum += total(both_bytes) - 2 * total(opposite_bytes);
    }
    sum
}

#[target_feature(enable = "avx2")]
fn tile(left: [&[PlaneBlock]; TILE[0]], right: [&[PlaneBlock]; TILE[1]]) -> [[i64; TILE[1]]; TILE[0]] {
    left.map(|left| right.map(|right| pair(left, right)))
}

#[target_feature(enable = "avx2")]
fn add_lanes(turned: &[LaneCodes], samples: &[u32], sums: &mut LaneSums) {
    portable::add_lanes(turned, samples, sums);
}

impl GramPasses for Avx2 {
    fn tile(
        self,
        left: [&[PlaneBlock]; TILE[0]],
        right: [&[PlaneBlock]; TILE[1]],
    ) -> [[i64; TILE[1]]; TILE[0]] {
        // SAFETY: `self` exists only where `new` found the features.
        unsafe { tile(left, right) }
    }

    fn add_lanes(self, turned: &[LaneCodes], samples: &[u32], sums: &mut LaneSums) {
        // SAFETY: `self` exists only where `new` found the features.
        unsafe { add_lanes(turned, samples, sums) }
    }
}
