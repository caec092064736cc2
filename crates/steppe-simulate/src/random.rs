use rand::{RngCore, SeedableRng};
use rand_xoshiro::Xoshiro256PlusPlus;

/// A random stream of a name: the same for the same seed and name, whatever else is drawn elsewhere.
pub(crate) struct Stream(Xoshiro256PlusPlus);

/// What a stream is for.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Purpose {
    Pool = 1,
    Weights = 2,
    Person = 3,
    Missing = 4,
    Effects = 5,
    Trait = 6,
    Bench = 7,
    Shares = 8,
    BenchScores = 9,
    Meiosis = 10,
    Small = 11,
}

impl Stream {
    pub(crate) fn new(seed: u64, purpose: Purpose, first: u64, second: u64) -> Self {
        // Mixed one after the other, so that (1, 2) and (2, 1) are different streams.
        let mut state = seed;
        for part in [purpose as u64, first, second] {
            state = (state ^ part.wrapping_mul(0x9E37_79B9_7F4A_7C15)).wrapping_mul(0xD6E8_FEB8_6659_FD93);
            state ^= state >> 32;
        }
        Self(Xoshiro256PlusPlus::seed_from_u64(state))
    }

    pub(crate) fn bits(&mut self) -> u64 {
        self.0.next_u64()
    }

    /// An integer in `0..below`.
    pub(crate) fn below(&mut self, below: u64) -> u64 {
        ((u128::from(self.bits()) * u128::from(below)) >> 64) as u64
    }

    /// A number in 0..1.
    pub(crate) fn uniform(&mut self) -> f64 {
        (self.bits() >> 11) as f64 / (1u64 << 53) as f64
    }

    /// A nearly normal number: twelve uniforms less six. No logarithm, so the same bits everywhere.
    pub(crate) fn normal(&mut self) -> f64 {
        (0..12).map(|_| self.uniform()).sum::<f64>() - 6.0
    }
}
