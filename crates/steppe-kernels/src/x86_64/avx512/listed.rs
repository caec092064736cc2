//! Rows that are summed sample by sample: `vpcompressb` makes the list without a branch per sample.

use std::arch::x86_64::*;
use std::mem::MaybeUninit;

use super::adjoint::load;
use crate::adjoint::{Lanes32, Plane, ROOM, Sums64};
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

/// Bytes of a part, and which of their fields are wanted: the low bit of each.
struct Bytes {
    places: [MaybeUninit<u16>; PLACES],
    fields: [MaybeUninit<u8>; PLACES],
}

/// A part's bytes, and what a vector writes past the end.
const PLACES: usize = ROOM / 4 + 64;

/// Lists the bytes with a wanted field first: they are few, and only they are looked at field by field.
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512vbmi,avx512vbmi2")]
pub(super) fn list(part: &[u8], swapped: bool, plane: Plane, numbers: &mut [u16; ROOM]) -> usize {
    let mut bytes =
        Bytes { places: [MaybeUninit::uninit(); PLACES], fields: [MaybeUninit::uninit(); PLACES] };
    let found = find_bytes(part, swapped, plane, &mut bytes);
    // Not kept in memory: each place depends on the last one.
    let mut length = 0;
    for at in (0..found).step_by(32) {
        // SAFETY: `find_bytes` has written `found` elements of both and the 32 after them, and `at < found`.
        let (places, fields) = unsafe {
            let places = _mm512_loadu_si512(bytes.places.as_ptr().add(at).cast());
            let fields = _mm256_loadu_si256(bytes.fields.as_ptr().add(at).cast());
            (_mm512_slli_epi16::<2>(places), _mm512_cvtepu8_epi16(fields))
        };
        for field in 0..4 {
            let wanted = _mm512_test_epi16_mask(fields, _mm512_set1_epi16(1 << (2 * field)));
            let samples = _mm512_add_epi16(places, _mm512_set1_epi16(field));
            let Some(room) = numbers.get_mut(length..length + 32) else { return length };
            let room = room.as_mut_ptr().cast();
            // SAFETY: `room` is the 64 bytes that are written; no alignment is asked for.
            unsafe { _mm512_storeu_si512(room, _mm512_maskz_compress_epi16(wanted, samples)) };
            length += wanted.count_ones() as usize;
        }
    }
    length
}

/// Finds the bytes with a wanted field, and says how many there are. The 32 places after the last one are written too: no
/// field of theirs is wanted.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512vbmi,avx512vbmi2")]
fn find_bytes(part: &[u8], swapped: bool, plane: Plane, bytes: &mut Bytes) -> usize {
    let low = _mm512_set1_epi8(0b0101_0101);
    // Padding counts no copy of the rare allele.
    let common = _mm512_set1_epi8(if swapped { 0b1010_1010_u8 as i8 } else { 0 });
    let iota = load(&IOTA);
    let mut length = 0;
    for (part, first) in part.chunks(64).zip((0_i16..).step_by(64)) {
        let mask = u64::MAX >> (64 - part.len());
        // SAFETY: the mask leaves out the bytes past the end of the slice.
        let row = unsafe { _mm512_mask_loadu_epi8(common, mask, part.as_ptr().cast()) };
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
        let found = _mm512_test_epi8_mask(bits, low);
        if found == 0 {
            continue;
        }
        let fields = _mm512_and_si512(_mm512_maskz_compress_epi8(found, bits), low);
        let places = _mm512_maskz_compress_epi8(found, iota);
        let first = _mm512_set1_epi16(first);
        let wide = |places| _mm512_add_epi16(_mm512_cvtepu8_epi16(places), first);
        let (Some(to_places), Some(to_fields)) =
            (bytes.places.get_mut(length..length + 64), bytes.fields.get_mut(length..length + 64))
        else {
            return length;
        };
        let to_places: *mut __m512i = to_places.as_mut_ptr().cast();
        // SAFETY: `to_places` is the 128 bytes and `to_fields` the 64 that are written; no alignment is asked for.
        unsafe {
            _mm512_storeu_si512(to_fields.as_mut_ptr().cast(), fields);
            _mm512_storeu_si512(to_places, wide(_mm512_castsi512_si256(places)));
            _mm512_storeu_si512(to_places.add(1), wide(_mm512_extracti64x4_epi64::<1>(places)));
        }
        length += found.count_ones() as usize;
    }
    if let (Some(places), Some(fields)) =
        (bytes.places.get_mut(length..length + 32), bytes.fields.get_mut(length..length + 32))
    {
        places.fill(MaybeUninit::new(0));
        fields.fill(MaybeUninit::new(0));
    }
    length
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

#[inline]
#[target_feature(enable = "avx512f")]
fn add_sums(more: [__m512i; 2], sums: &mut Sums64) {
    for (sums, more) in sums.0.as_chunks_mut::<8>().0.iter_mut().zip(more) {
        let place = sums.as_mut_ptr().cast();
        // SAFETY: the reference covers the 64 bytes that are read and written, and is aligned to as many.
        unsafe { _mm512_store_si512(place, _mm512_add_epi64(_mm512_load_si512(place), more)) };
    }
}
