//! Gathering samples in portable code.

use crate::gather::{GatherPasses, Pick};
use crate::scalar::Scalar;

/// One byte for each sample.
#[inline(always)]
pub(crate) fn unpack(row: &[u8], codes: &mut [[u8; 4]]) {
    for (codes, &byte) in codes.iter_mut().zip(row) {
        let spread = u32::from(byte) | u32::from(byte) << 6 | u32::from(byte) << 12 | u32::from(byte) << 18;
        *codes = (spread & 0x0303_0303).to_le_bytes();
    }
}

/// Appends the codes that `extract(word, mask)` leaves in the lowest bits.
#[inline(always)]
pub(crate) fn pick(row: &[[u8; 8]], picks: &[Pick], out: &mut [u8], extract: impl Fn(u64, u64) -> u64) {
    let (mut pending, mut bits, mut at) = (0, 0, 0);
    for pick in picks {
        let codes = extract(u64::from_le_bytes(row[pick.word as usize]), pick.mask);
        // Fewer than 64 bits are pending, so that the shift is in range.
        pending |= codes << bits;
        let all = bits + 2 * pick.count;
        if let Some(place) = out.get_mut(at..at + 8) {
            place.copy_from_slice(&pending.to_le_bytes());
        }
        // What did not fit; the second shift is for `bits == 0`, where all did.
        let rest = codes >> 1 >> (63 - bits);
        let full = all >= 64;
        pending = if full { rest } else { pending };
        at += if full { 8 } else { 0 };
        bits = all % 64;
    }
    if let Some(place) = out.get_mut(at..at + bits.div_ceil(8) as usize) {
        place.copy_from_slice(&pending.to_le_bytes()[..place.len()]);
    }
}

/// `pext`, bit pair by bit pair.
fn extract(word: u64, mask: u64) -> u64 {
    let (mut codes, mut place, mut rest) = (0, 0, mask & 0x5555_5555_5555_5555);
    while rest != 0 {
        codes |= (word >> rest.trailing_zeros() & 3) << place;
        place += 2;
        rest &= rest - 1;
    }
    codes
}

impl GatherPasses for Scalar {
    fn picks(self) -> bool {
        false
    }

    fn pick(self, row: &[[u8; 8]], picks: &[Pick], out: &mut [u8]) {
        pick(row, picks, out, extract);
    }

    fn unpack(self, row: &[u8], codes: &mut [[u8; 4]]) {
        unpack(row, codes);
    }
}
