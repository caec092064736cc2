//! Σ code × code of two columns, from bit planes.
//!
//! Plain word arithmetic on four words side by side, which compilers turn into vectors on every machine.

/// Words side by side.
const LANES: usize = 4;

/// Groups of side-by-side words whose counts fit in nibbles together.
const GROUPS: usize = 3;

/// The low byte of each 16-bit lane.
const WIDE: u64 = 0x00FF_00FF_00FF_00FF;

type Words = [u64; LANES];

/// Codes 0, 1, 2 as two bits a sample, each bit in a vector of its own. Lengths are [`padded_words`].
#[derive(Debug)]
pub(crate) struct Planes {
    pub(crate) low: Vec<u64>,
    pub(crate) high: Vec<u64>,
}

/// Words of a plane of so many samples.
pub(crate) fn padded_words(samples: usize) -> usize {
    samples.div_ceil(64).next_multiple_of(LANES * GROUPS)
}

/// The bits of up to 64 packed samples, low and high apart.
pub(crate) fn planes(bytes: &[u8]) -> (u64, u64) {
    let (mut low, mut high) = (0, 0);
    for (i, half) in bytes.chunks(8).enumerate() {
        let mut raw = [0; 8];
        raw[..half.len()].copy_from_slice(half);
        let word = u64::from_le_bytes(raw);
        low |= even_bits(word) << (32 * i);
        high |= even_bits(word >> 1) << (32 * i);
    }
    (low, high)
}

/// Bits 0, 2, 4, … of a word, next to each other.
fn even_bits(word: u64) -> u64 {
    let mut word = word & 0x5555_5555_5555_5555;
    word = (word | (word >> 1)) & 0x3333_3333_3333_3333;
    word = (word | (word >> 2)) & 0x0F0F_0F0F_0F0F_0F0F;
    word = (word | (word >> 4)) & 0x00FF_00FF_00FF_00FF;
    word = (word | (word >> 8)) & 0x0000_FFFF_0000_FFFF;
    (word | (word >> 16)) & 0x0000_0000_FFFF_FFFF
}

/// Σ code × code of two vectors of codes 0, 1, 2 of the same length.
///
/// A product is 0, 1, 2 or 4, so it is three bits, each an AND of planes. Their counts are added as nibbles (three words
/// at most 12), bytes (at most 96 then), then 16-bit lanes.
pub(crate) fn code_products(a: &Planes, b: &Planes) -> u64 {
    let (a_low, a_high) = (a.low.as_chunks::<LANES>().0, a.high.as_chunks::<LANES>().0);
    let (b_low, b_high) = (b.low.as_chunks::<LANES>().0, b.high.as_chunks::<LANES>().0);
    let mut total = 0;
    let mut wide = [0; LANES];
    let a = a_low.as_chunks::<GROUPS>().0.iter().zip(a_high.as_chunks::<GROUPS>().0);
    let b = b_low.as_chunks::<GROUPS>().0.iter().zip(b_high.as_chunks::<GROUPS>().0);
    for (step, ((a_low, a_high), (b_low, b_high))) in a.zip(b).enumerate() {
        let mut nibbles = [[0; LANES]; 3];
        for group in 0..GROUPS {
            let (a_low, a_high, b_low, b_high) = (a_low[group], a_high[group], b_low[group], b_high[group]);
            let one = map2(a_low, b_low, |a, b| a & b);
            let two =
                map2(map2(a_low, b_high, |a, b| a & b), map2(a_high, b_low, |a, b| a & b), |a, b| a | b);
            let four = map2(a_high, b_high, |a, b| a & b);
            for (sum, bits) in nibbles.iter_mut().zip([one, two, four]) {
                *sum = map2(*sum, bits, |sum, bits| sum + count_nibbles(bits));
            }
        }
        let [one, two, four] = nibbles.map(|sum| sum.map(add_halves));
        let bytes =
            map2(map2(one, two, |one, two| one + (two << 1)), four, |bytes, four| bytes + (four << 2));
        wide = map2(wide, bytes, |wide, bytes| wide + (bytes & WIDE) + ((bytes >> 8) & WIDE));
        // A lane grows by at most 192 a step.
        if step % 256 == 255 {
            total += wide.into_iter().map(add_lanes).sum::<u64>();
            wide = [0; LANES];
        }
    }
    total + wide.into_iter().map(add_lanes).sum::<u64>()
}

#[inline(always)]
fn map2(a: Words, b: Words, f: impl Fn(u64, u64) -> u64) -> Words {
    std::array::from_fn(|lane| f(a[lane], b[lane]))
}

/// Bits set in each nibble.
fn count_nibbles(word: u64) -> u64 {
    const PAIRS: u64 = 0x3333_3333_3333_3333;
    let pairs = word - ((word >> 1) & 0x5555_5555_5555_5555);
    (pairs & PAIRS) + ((pairs >> 2) & PAIRS)
}

/// The two nibbles of each byte, added.
fn add_halves(nibbles: u64) -> u64 {
    const LOW: u64 = 0x0F0F_0F0F_0F0F_0F0F;
    (nibbles & LOW) + ((nibbles >> 4) & LOW)
}

/// The four 16-bit lanes of a word, added.
fn add_lanes(word: u64) -> u64 {
    (0..4).map(|lane| (word >> (16 * lane)) & 0xFFFF).sum()
}

#[cfg(test)]
mod tests {
    use super::{Planes, code_products, padded_words, planes};

    proptest::proptest! {
        #[test]
        fn products_equal_the_plain_sum(
            pairs in proptest::collection::vec((0_u8..3, 0_u8..3), 0..3000),
            twos in 0_usize..300_000,
        ) {
            // A run of twos too, which makes every partial sum as large as it can be.
            let pairs: Vec<(u8, u8)> = pairs.into_iter().chain(std::iter::repeat_n((2, 2), twos)).collect();
            let pack = |codes: Vec<u8>| {
                let bytes: Vec<u8> = codes.chunks(4).map(|c| c.iter().rev().fold(0, |byte, c| byte << 2 | c)).collect();
                let (mut low, mut high): (Vec<u64>, Vec<u64>) = bytes.chunks(16).map(planes).unzip();
                let words = padded_words(bytes.len() * 4);
                low.resize(words, 0);
                high.resize(words, 0);
                Planes { low, high }
            };
            let a = pack(pairs.iter().map(|pair| pair.0).collect());
            let b = pack(pairs.iter().map(|pair| pair.1).collect());
            let expected: u64 = pairs.iter().map(|(a, b)| u64::from(a * b)).sum();
            proptest::prop_assert_eq!(code_products(&a, &b), expected);
        }
    }
}
