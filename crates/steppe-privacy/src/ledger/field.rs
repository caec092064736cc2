//! Integers modulo the prime 2⁶¹ − 1.
//!
//! A combination of answers with rational coefficients is one modulo a prime, but for primes that divide some minor of
//! the answers' matrix; and what is no combination may become one. With 0/1 answers and a prime of 61 bits neither
//! happens by chance, and the second only refuses.

/// The prime.
pub(super) const PRIME: u64 = (1 << 61) - 1;

/// The remainder of any product of two, or sum of up to 2⁶⁶.
pub(super) fn reduce(value: u128) -> u64 {
    // 2⁶¹ is 1, so what lies above bit 61 is added to what lies below; twice, since the first sum may be large.
    let prime = u128::from(PRIME);
    let folded = (value & prime) + (value >> 61);
    let folded = (folded & prime) + (folded >> 61);
    let folded = if folded >= prime { folded - prime } else { folded };
    folded as u64
}

pub(super) fn add_pairs(one: [u64; 2], other: [u64; 2]) -> [u64; 2] {
    [0, 1].map(|half| add(one[half], other[half]))
}

pub(super) fn subtract_pairs(one: [u64; 2], other: [u64; 2]) -> [u64; 2] {
    [0, 1].map(|half| subtract(one[half], other[half]))
}

pub(super) fn add(one: u64, other: u64) -> u64 {
    let sum = one + other;
    if sum >= PRIME { sum - PRIME } else { sum }
}

pub(super) fn subtract(one: u64, other: u64) -> u64 {
    if one >= other { one - other } else { one + PRIME - other }
}

pub(super) fn multiply(one: u64, other: u64) -> u64 {
    reduce(u128::from(one) * u128::from(other))
}

/// The inverse of what is not 0, by Fermat: its power of the prime less two.
pub(super) fn invert(value: u64) -> u64 {
    let (mut power, mut base, mut exponent) = (1, value, PRIME - 2);
    while exponent > 0 {
        if exponent & 1 == 1 {
            power = multiply(power, base);
        }
        base = multiply(base, base);
        exponent >>= 1;
    }
    power
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn it_is_a_field(one in 0..PRIME, other in 1..PRIME) {
            let plain = |value: u128| (value % u128::from(PRIME)) as u64;
            prop_assert_eq!(multiply(one, other), plain(u128::from(one) * u128::from(other)));
            prop_assert_eq!(multiply(other, invert(other)), 1);
            prop_assert_eq!(add(subtract(one, other), other), one);
        }

        #[test]
        fn any_sum_is_reduced(value in 0..=u128::from(PRIME) << 61) {
            prop_assert_eq!(u128::from(reduce(value)), value % u128::from(PRIME));
        }
    }
}
