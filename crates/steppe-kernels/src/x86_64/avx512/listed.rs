//! Rows that are summed sample by sample: `vpcompressb` makes the list without a branch per sample.

use std::arch::x86_64::*;

use super::adjoint::{add_sums, load};
use crate::adjoint::{Lanes32, List, Plane, Sums64};
use crate::scalar::adjoint::NARROW;

const IOTA: [u8; 64] = {
    let mut iota = [0; 64];
    let mut at = 0;
    while at < 64 {
        iota[at] = at as u8;
        at += 1;
    }
    iota
};

#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512vbmi,avx512vbmi2")]
pub(super) fn list(part: &[u8], swapped: bool, plane: Plane, list: &mut List) {
    let low = _mm512_set1_epi8(0b0101_0101);
    // Padding counts no copy of the rare allele.
    let common = _mm512_set1_epi8(if swapped { 0b1010_1010_u8 as i8 } else { 0 });
    let iota = load(&IOTA);
    // Not kept in memory: each place depends on the last one.
    let mut length = 0;
    for (bytes, first) in part.chunks(64).zip((0_u16..).step_by(256)) {
        let mask = u64::MAX >> (64 - bytes.len());
        // SAFETY: the mask leaves out the bytes past the end of the slice.
        let row = unsafe { _mm512_mask_loadu_epi8(common, mask, bytes.as_ptr().cast()) };
        let mut copies = _mm512_xor_si512(row, common);
        if swapped {
            // 3 for one copy and 1 for a missing call: the other way round.
            copies = _mm512_xor_si512(copies, _mm512_slli_epi32::<1>(_mm512_and_si512(copies, low)));
        }
        let bits = match plane {
            Plane::Low => copies,
            Plane::High => _mm512_srli_epi32::<1>(copies),
            Plane::Both => _mm512_and_si512(copies, _mm512_srli_epi32::<1>(copies)),
        };
        if _mm512_test_epi8_mask(bits, low) == 0 {
            continue;
        }
        for field in 0..4 {
            let found = _mm512_test_epi8_mask(bits, _mm512_set1_epi8(1 << (2 * field)));
            let bytes = _mm512_maskz_compress_epi8(found, iota);
            let first = _mm512_set1_epi16((first + field) as i16);
            let numbers =
                |bytes| _mm512_add_epi16(_mm512_slli_epi16::<2>(_mm512_cvtepu8_epi16(bytes)), first);
            let Some(place) = list.numbers.get_mut(length..length + 64) else { return };
            let place: *mut __m512i = place.as_mut_ptr().cast();
            // SAFETY: `place` is the 128 bytes that are written; no alignment is asked for.
            unsafe {
                _mm512_storeu_si512(place, numbers(_mm512_castsi512_si256(bytes)));
                if found.count_ones() > 32 {
                    _mm512_storeu_si512(place.add(1), numbers(_mm512_extracti64x4_epi64::<1>(bytes)));
                }
            }
            length += found.count_ones() as usize;
        }
    }
    list.length = length;
}

#[target_feature(enable = "avx512f")]
pub(super) fn add(list: &[u16], samples: &[Lanes32], sums: &mut Sums64) {
    for list in list.chunks(NARROW) {
        let mut part = [_mm512_setzero_si512(); 4];
        let (fours, rest) = list.as_chunks::<4>();
        for four in fours {
            for (part, number) in part.iter_mut().zip(four) {
                add_one(part, samples, *number);
            }
        }
        for (part, number) in part.iter_mut().zip(rest) {
            add_one(part, samples, *number);
        }
        let [a, b, c, d] = part;
        let part = _mm512_add_epi32(_mm512_add_epi32(a, b), _mm512_add_epi32(c, d));
        let low = _mm512_cvtepi32_epi64(_mm512_castsi512_si256(part));
        let high = _mm512_cvtepi32_epi64(_mm512_extracti64x4_epi64::<1>(part));
        add_sums([low, high], sums);
    }
}

#[inline]
#[target_feature(enable = "avx512f")]
fn add_one(part: &mut __m512i, samples: &[Lanes32], number: u16) {
    if let Some(residuals) = samples.get(usize::from(number)) {
        // SAFETY: the reference covers the 64 bytes that are read, and is aligned to as many.
        *part = _mm512_add_epi32(*part, unsafe { _mm512_load_si512(residuals.0.as_ptr().cast()) });
    }
}
