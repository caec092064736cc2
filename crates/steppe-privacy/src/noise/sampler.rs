//! The discrete Laplace distribution, sampled exactly.

/// Random bits of a question: BLAKE3's output under the secret as key.
pub(super) struct RandomBits {
    reader: blake3::OutputReader,
}

impl RandomBits {
    pub(super) fn new(secret: &[u8; 32], question: &[u8; 32]) -> Self {
        let reader = blake3::Hasher::new_keyed(secret).update(question).finalize_xof();
        Self { reader }
    }

    fn next(&mut self) -> u128 {
        let mut bytes = [0; 16];
        self.reader.fill(&mut bytes);
        u128::from_le_bytes(bytes)
    }

    /// Uniform below a bound that is not 0, without bias.
    fn below(&mut self, bound: u128) -> u128 {
        // The largest multiple of the bound: what is above it is drawn again.
        let most = u128::MAX - (u128::MAX % bound + 1) % bound;
        loop {
            let number = self.next();
            if number <= most {
                return number % bound;
            }
        }
    }

    /// True with probability `numerator / denominator`, which is at most 1.
    fn chance(&mut self, numerator: u128, denominator: u128) -> bool {
        self.below(denominator) < numerator
    }

    /// True with probability exp(−`numerator / denominator`), for at most 1 (algorithm 1): the first of the chances
    /// γ, γ/2, γ/3 … that fails is of odd number.
    fn chance_of_exponential(&mut self, numerator: u128, denominator: u128) -> bool {
        let mut number = 1;
        while self.chance(numerator, denominator.saturating_mul(number)) {
            number += 1;
        }
        number % 2 == 1
    }
}

/// A whole number *x* with probability ∝ exp(−|*x*| `s / t`) (algorithm 2). `t` and `s` are not 0, and below 2⁶⁴.
pub(super) fn discrete_laplace(bits: &mut RandomBits, t: u128, s: u128) -> i128 {
    loop {
        // A geometric number of steps of s/t, as a rest of one t and a count of whole ones.
        let rest = bits.below(t);
        if !bits.chance_of_exponential(rest, t) {
            continue;
        }
        let mut whole = 0u128;
        while bits.chance_of_exponential(1, 1) {
            whole += 1;
        }
        let magnitude = ((rest + t * whole) / s) as i128;
        let is_negative = bits.chance(1, 2);
        // Zero has one sign.
        if !(is_negative && magnitude == 0) {
            return if is_negative { -magnitude } else { magnitude };
        }
    }
}
