//! One lane: a pair of rows makes a table index of four bits per sample, and `vpshufb` looks up 32 samples
//! at once in a table of bytes.
//!
//! A pair's sum of weights, less the least of the pair's 16 sums (which is added back per chunk), lies in
//! [0, 2^45): seven digits of seven bits, looked up one after another. The digits of two pairs fit a byte
//! together; their sum goes to 16-bit sums of the even and of the odd samples. Alleles and dosage (at most
//! 4 a pair) are looked up likewise and summed in bytes.
//!
//! No sum overflows within a chunk of `CHUNK_ROWS` rows: a digit's sum is at most `CHUNK_ROWS / 2 * 127`
//! < 2^16, a count's at most `2 * CHUNK_ROWS` < 2^8, and three digits' sums together at most
//! `CHUNK_ROWS / 2 * (2^21 - 1)` < 2^32.

use std::arch::x86_64::*;

use crate::passes::{ColumnBlock, ColumnSums};
use crate::rows::{CountEntry, CountTable, WeightTable};

pub(super) const COLUMN: usize = 32;
pub(super) const CHUNK_ROWS: usize = 120;

const _: () =
    assert!(CHUNK_ROWS.is_multiple_of(8) && CHUNK_ROWS / 2 * 127 < 1 << 16 && 2 * CHUNK_ROWS < 1 << 8);

/// Digits of a weight.
const DIGITS: usize = 7;
const DIGIT_BITS: u32 = 7;

/// Two pairs' tables of one digit or count: `[pair][code of the first row + 4 * code of the second]`.
type PairTables = [[u8; 16]; 2];

/// Two pairs' indices of 32 samples.
type Indices = [[u8; 32]; 2];

/// A chunk's tables per quad of rows, and the merged column.
#[derive(Default)]
pub(crate) struct Prepared {
    weights: Vec<[PairTables; DIGITS]>,
    /// The sum over all pairs of what was taken from the pair's entries.
    least: i64,
    /// All that is left of the pairs' entries, bit by bit: digits above its highest bit are zero.
    bits: u64,
    /// Alleles and dosage.
    counts: Vec<[PairTables; 2]>,
    /// `[phase][pair]`, see [`sample`].
    merged: Vec<[Indices; 4]>,
}

/// The sample of a column that a slot holds: slots are `[phase][parity][place]`, the byte is
/// `2 * place + parity` and the phases are the fields 0, 2, 1, 3 of it.
pub(super) fn sample(slot: usize) -> usize {
    let (phase, parity, place) = (slot / 32, slot / 16 % 2, slot % 16);
    4 * (2 * place + parity) + [0, 2, 1, 3][phase]
}

impl Prepared {
    #[target_feature(enable = "avx2")]
    pub(super) fn fill(&mut self, weights: &[WeightTable], counts: &[CountTable]) {
        self.weights.clear();
        self.least = 0;
        self.bits = 0;
        for quad in weights.as_chunks::<4>().0 {
            let mut digits = [[[0; 16]; 2]; DIGITS];
            for pair in 0..2 {
                let (first, second) = (quad[2 * pair], quad[2 * pair + 1]);
                let least =
                    first.into_iter().fold(i64::MAX, i64::min) + second.into_iter().fold(i64::MAX, i64::min);
                self.least += least;
                for at in 0..16 {
                    let sum = (first[at % 4] + second[at / 4] - least) as u64;
                    self.bits |= sum;
                    for (place, digit) in digits.iter_mut().enumerate() {
                        digit[pair][at] = (sum >> (DIGIT_BITS * place as u32)) as u8 & 0x7f;
                    }
                }
            }
            self.weights.push(digits);
        }
        self.counts.clear();
        for quad in counts.as_chunks::<4>().0 {
            let table = |count: fn(CountEntry) -> u8| {
                let pair = |pair: usize| -> [u8; 16] {
                    std::array::from_fn(|at| {
                        count(quad[2 * pair][at % 4]) + count(quad[2 * pair + 1][at / 4])
                    })
                };
                [pair(0), pair(1)]
            };
            self.counts.push([table(|entry| entry.alleles), table(|entry| entry.dosage)]);
        }
    }
}

/// Adds a column to the sums that are not empty.
#[target_feature(enable = "avx2")]
pub(super) fn add(block: ColumnBlock<'_>, prepared: &mut Prepared, sums: &mut ColumnSums<'_>) {
    let quads = block.starts.as_chunks::<4>().0;
    prepared.merged.resize(quads.len(), [[[0; 32]; 2]; 4]);
    for (starts, merged) in quads.iter().zip(&mut prepared.merged) {
        for pair in 0..2 {
            merge(&block, [starts[2 * pair], starts[2 * pair + 1]], pair, merged);
        }
    }
    for (phase, slots) in sums.weights.as_chunks_mut::<32>().0.iter_mut().enumerate() {
        add_weights(&block, prepared, phase, slots);
    }
    let counts = sums.alleles.as_chunks_mut::<32>().0.iter_mut().zip(sums.dosage.as_chunks_mut::<32>().0);
    for (phase, (alleles, dosage)) in counts.enumerate() {
        add_counts(&block, prepared, phase, alleles, dosage);
    }
}

#[inline]
#[target_feature(enable = "avx2")]
fn load(bytes: &[u8; 32]) -> __m256i {
    // SAFETY: the reference covers the 32 bytes that are read; no alignment is asked for.
    unsafe { _mm256_loadu_si256(bytes.as_ptr().cast()) }
}

#[inline]
#[target_feature(enable = "avx2")]
fn store(bytes: &mut [u8; 32], vector: __m256i) {
    // SAFETY: the reference covers the 32 bytes that are written; no alignment is asked for.
    unsafe { _mm256_storeu_si256(bytes.as_mut_ptr().cast(), vector) }
}

/// Merges a column of a pair of rows into four vectors of indices.
#[inline]
#[target_feature(enable = "avx2")]
fn merge(block: &ColumnBlock<'_>, starts: [usize; 2], pair: usize, merged: &mut [Indices; 4]) {
    let mut rows = [_mm256_setzero_si256(); 2];
    for (row, &start) in rows.iter_mut().zip(&starts) {
        let Some(bytes) = block.bytes.get(start + block.at..).and_then(|bytes| bytes.first_chunk()) else {
            return;
        };
        *row = load(bytes);
    }
    let [first, second] = rows;
    let (pairs, nibbles) = (_mm256_set1_epi8(0x33), _mm256_set1_epi8(0x0f));
    let select = |yes, no| _mm256_or_si256(_mm256_and_si256(pairs, yes), _mm256_andnot_si256(pairs, no));
    let even = select(first, _mm256_slli_epi32::<2>(second));
    let odd = select(_mm256_srli_epi32::<2>(first), second);
    store(&mut merged[0][pair], _mm256_and_si256(even, nibbles));
    store(&mut merged[1][pair], _mm256_and_si256(_mm256_srli_epi32::<4>(even), nibbles));
    store(&mut merged[2][pair], _mm256_and_si256(odd, nibbles));
    store(&mut merged[3][pair], _mm256_and_si256(_mm256_srli_epi32::<4>(odd), nibbles));
}

/// The two pairs' entries for 32 samples, added.
#[inline]
#[target_feature(enable = "avx2")]
fn found(tables: &PairTables, indices: [__m256i; 2]) -> __m256i {
    let table = |pair: usize| {
        // SAFETY: the reference covers the 16 bytes that are read; no alignment is asked for.
        let table = unsafe { _mm_loadu_si128(tables[pair].as_ptr().cast()) };
        _mm256_broadcastsi128_si256(table)
    };
    _mm256_add_epi8(_mm256_shuffle_epi8(table(0), indices[0]), _mm256_shuffle_epi8(table(1), indices[1]))
}

/// The lines of a quad that are read next and later: one of four of each for every phase, since all of
/// them at once would wait for the memory.
struct Fetch<'a> {
    bytes: *const u8,
    starts: std::slice::Iter<'a, [usize; 4]>,
    phase: usize,
    next: usize,
    later: usize,
}

impl<'a> Fetch<'a> {
    fn new(block: &ColumnBlock<'a>, phase: usize) -> Self {
        let starts = block.starts.as_chunks::<4>().0;
        // Two columns share a cache line: the second fetches for the next two.
        let starts = if block.at.is_multiple_of(2 * COLUMN) { &[] } else { starts };
        let later = block.later + phase * starts.len() * 2 * COLUMN;
        Self { bytes: block.bytes.as_ptr(), starts: starts.iter(), phase, next: block.next, later }
    }

    #[inline(always)]
    fn one(&mut self) {
        if let Some(starts) = self.starts.next() {
            let next = self.bytes.wrapping_add(starts[self.phase] + self.next);
            let later = self.bytes.wrapping_add(self.later);
            // SAFETY: every x86-64 CPU prefetches, and a prefetch of any address changes the caches only.
            unsafe {
                _mm_prefetch::<_MM_HINT_T0>(next.cast());
                _mm_prefetch::<_MM_HINT_T1>(later.cast());
            }
            self.later += 2 * COLUMN;
        }
    }
}

/// Sums of `N` digits from `first` on: `[digit][parity][place]`.
#[inline]
#[target_feature(enable = "avx2")]
fn sum_digits<const N: usize>(
    prepared: &Prepared,
    phase: usize,
    first: usize,
    mut fetch: impl FnMut(),
) -> [[[u16; 16]; 2]; N] {
    let mut both = [_mm256_setzero_si256(); N];
    let mut odd = [_mm256_setzero_si256(); N];
    for (merged, tables) in prepared.merged.iter().zip(&prepared.weights) {
        fetch();
        let indices = [load(&merged[phase][0]), load(&merged[phase][1])];
        for digit in 0..N {
            let found = found(&tables[first + digit], indices);
            both[digit] = _mm256_add_epi16(both[digit], found);
            odd[digit] = _mm256_add_epi16(odd[digit], _mm256_srli_epi16::<8>(found));
        }
    }
    let mut sums = [[[0; 16]; 2]; N];
    for digit in 0..N {
        // Modulo 2^16, which the even sums are below.
        let even = _mm256_sub_epi16(both[digit], _mm256_slli_epi16::<8>(odd[digit]));
        sums[digit] = [to_u16(even), to_u16(odd[digit])];
    }
    sums
}

#[inline]
#[target_feature(enable = "avx2")]
fn to_u16(vector: __m256i) -> [u16; 16] {
    let mut places = [0; 16];
    // SAFETY: `places` is the 32 bytes that are written.
    unsafe { _mm256_storeu_si256(places.as_mut_ptr().cast(), vector) };
    places
}

#[target_feature(enable = "avx2")]
fn add_weights(block: &ColumnBlock<'_>, prepared: &Prepared, phase: usize, slots: &mut [i64; 32]) {
    let mut fetch = Fetch::new(block, phase);
    let low = sum_digits::<3>(prepared, phase, 0, || fetch.one());
    let mut high = [[[0; 16]; 2]; 4];
    // The largest weights are rare: many chunks do without the seventh digit, some without the fourth.
    if prepared.bits >> (6 * DIGIT_BITS) != 0 {
        high = sum_digits::<4>(prepared, phase, 3, || {});
    } else if prepared.bits >> (3 * DIGIT_BITS) != 0 {
        let [fourth, fifth, sixth] = sum_digits::<3>(prepared, phase, 3, || {});
        high = [fourth, fifth, sixth, high[3]];
    }
    let [fourth, fifth, sixth, seventh] = high;
    let middle = [fourth, fifth, sixth];
    for (parity, slots) in slots.as_chunks_mut::<16>().0.iter_mut().enumerate() {
        for (place, slot) in slots.iter_mut().enumerate() {
            let low = i64::from(three(&low, parity, place)) + prepared.least;
            let middle = i64::from(three(&middle, parity, place)) << (3 * DIGIT_BITS);
            let high = i64::from(seventh[parity][place]) << (6 * DIGIT_BITS);
            *slot = slot.wrapping_add(low + middle + high);
        }
    }
}

/// Three digits' sums put together.
#[inline(always)]
fn three([low, middle, high]: &[[[u16; 16]; 2]; 3], parity: usize, place: usize) -> u32 {
    let at = |digit: &[[u16; 16]; 2]| u32::from(digit[parity][place]);
    at(low) + (at(middle) << DIGIT_BITS) + (at(high) << (2 * DIGIT_BITS))
}

#[target_feature(enable = "avx2")]
fn add_counts(
    block: &ColumnBlock<'_>,
    prepared: &Prepared,
    phase: usize,
    alleles: &mut [u32; 32],
    dosage: &mut [u32; 32],
) {
    let mut fetch = prepared.weights.is_empty().then(|| Fetch::new(block, phase));
    let mut sums = [_mm256_setzero_si256(); 2];
    for (merged, tables) in prepared.merged.iter().zip(&prepared.counts) {
        if let Some(fetch) = &mut fetch {
            fetch.one();
        }
        let indices = [load(&merged[phase][0]), load(&merged[phase][1])];
        for (sum, tables) in sums.iter_mut().zip(tables) {
            *sum = _mm256_add_epi8(*sum, found(tables, indices));
        }
    }
    for (slots, sum) in [alleles, dosage].into_iter().zip(sums) {
        let mut bytes = [0; 32];
        store(&mut bytes, sum);
        for parity in 0..2 {
            for place in 0..16 {
                let slot = &mut slots[16 * parity + place];
                *slot = slot.wrapping_add(u32::from(bytes[2 * place + parity]));
            }
        }
    }
}
