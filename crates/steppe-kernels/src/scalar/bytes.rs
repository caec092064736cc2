//! Passes over whole bytes: counts, .bed recoding, masking. Written on 64-bit words, which the compiler
//! widens to the vectors of the function that they are inlined into.

const LOW: u64 = 0x5555_5555_5555_5555;
const LOW_BYTE: u8 = 0x55;

/// Words that are counted between two additions to the totals.
const WORDS: usize = 64;

/// Samples by code, of those whose mask field is 0b11; the slices are equally long.
#[inline(always)]
pub(crate) fn count(row: &[u8], mask: Option<&[u8]>) -> [u64; 4] {
    match mask {
        None => {
            let [low, high, both, _] = count_bits(row, |_, _| LOW);
            [4 * row.len() as u64 + both - low - high, low - both, high - both, both]
        }
        Some(mask) => {
            let field = |at: usize, bytes: usize| {
                let word = load(&mask[at..at + bytes]);
                word & (word >> 1) & LOW
            };
            let [low, high, both, members] = count_bits(row, field);
            [members + both - low - high, low - both, high - both, both]
        }
    }
}

/// A little-endian word of at most eight bytes, zero above them.
#[inline(always)]
fn load(bytes: &[u8]) -> u64 {
    match bytes.first_chunk() {
        Some(whole) => u64::from_le_bytes(*whole),
        None => bytes.iter().rev().fold(0, |word, &byte| word << 8 | u64::from(byte)),
    }
}

/// Set low bits, set high bits, both set, fields looked at; `members(byte, bytes)` has the low bit of each
/// field that is to be looked at.
#[inline(always)]
fn count_bits(row: &[u8], members: impl Fn(usize, usize) -> u64) -> [u64; 4] {
    let mut totals = [0; 4];
    let mut at = 0;
    let add = |totals: &mut [u64; 4], word: u64, member: u64| {
        let (low, high) = (word & member, word >> 1 & member);
        for (total, bits) in totals.iter_mut().zip([low, high, low & high, member]) {
            *total += u64::from(bits.count_ones());
        }
    };
    let (groups, rest) = row.as_chunks::<{ 8 * WORDS }>();
    for group in groups {
        for (index, word) in group.as_chunks::<8>().0.iter().enumerate() {
            add(&mut totals, u64::from_le_bytes(*word), members(at + 8 * index, 8));
        }
        at += 8 * WORDS;
    }
    let (words, rest) = rest.as_chunks::<8>();
    for (index, word) in words.iter().enumerate() {
        add(&mut totals, u64::from_le_bytes(*word), members(at + 8 * index, 8));
    }
    at += 8 * words.len();
    if !rest.is_empty() {
        add(&mut totals, load(rest), members(at, rest.len()));
    }
    totals
}

/// .bed codes to tile codes: 00 → 2, 01 → 3, 10 → 1, 11 → 0.
#[inline(always)]
pub(crate) fn recode(bed: &[u8], tile: &mut [u8]) {
    for (tile, &bed) in tile.iter_mut().zip(bed) {
        *tile = (!bed & !LOW_BYTE) | (((bed >> 1) ^ bed) & LOW_BYTE);
    }
}

/// `dst = row & mask`.
#[inline(always)]
pub(crate) fn and_mask(row: &[u8], mask: &[u8], dst: &mut [u8]) {
    for ((dst, &row), &mask) in dst.iter_mut().zip(row).zip(mask) {
        *dst = row & mask;
    }
}
