//! The gram pass: `vpopcntq` on blocks of 512 samples, eight pairs of rows at once.

use std::arch::x86_64::*;

use super::Avx512;
use crate::gram::{GramPasses, LaneCodes, LaneSums, PlaneBlock, TILE};
use crate::scalar::gram as portable;

#[inline]
#[target_feature(enable = "avx512f")]
fn load(plane: &[u64; 8]) -> __m512i {
    // SAFETY: the reference covers the 64 bytes that are read; no alignment is asked for.
    unsafe { _mm512_loadu_si512(plane.as_ptr().cast()) }
}

#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512vbmi,avx512vnni,avx512vpopcntdq")]
fn tile(left: [&[PlaneBlock]; TILE[0]], right: [&[PlaneBlock]; TILE[1]]) -> [[i64; TILE[1]]; TILE[0]] {
    /// `both & (left ^ right)`.
    const OPPOSITE: i32 = 0x60;
    let mut both_counts = [[_mm512_setzero_si512(); TILE[1]]; TILE[0]];
    let mut opposite_counts = both_counts;
    let [first, second] = left;
    let [third, fourth, fifth, sixth] = right;
    let rights = third.iter().zip(fourth).zip(fifth.iter().zip(sixth));
    for ((first, second), ((third, fourth), (fifth, sixth))) in first.iter().zip(second).zip(rights) {
        let left = [first, second].map(|block| (load(&block.homozygous), load(&block.zero)));
        for (j, right) in [third, fourth, fifth, sixth].into_iter().enumerate() {
            let (homozygous, zero) = (load(&right.homozygous), load(&right.zero));
            for (i, left) in left.iter().enumerate() {
                let both = _mm512_and_si512(left.0, homozygous);
                let opposite = _mm512_ternarylogic_epi64::<OPPOSITE>(both, left.1, zero);
                both_counts[i][j] = _mm512_add_epi64(both_counts[i][j], _mm512_popcnt_epi64(both));
                opposite_counts[i][j] =
                    _mm512_add_epi64(opposite_counts[i][j], _mm512_popcnt_epi64(opposite));
            }
        }
    }
    std::array::from_fn(|i| {
        std::array::from_fn(|j| {
            let opposite = _mm512_slli_epi64::<1>(opposite_counts[i][j]);
            _mm512_reduce_add_epi64(_mm512_sub_epi64(both_counts[i][j], opposite))
        })
    })
}

#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512vbmi,avx512vnni,avx512vpopcntdq")]
fn add_lanes(turned: &[LaneCodes], samples: &[u32], sums: &mut LaneSums) {
    portable::add_lanes(turned, samples, sums);
}

impl GramPasses for Avx512 {
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
