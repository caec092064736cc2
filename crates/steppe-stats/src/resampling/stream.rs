//! Streams of random numbers.

use rand_xoshiro::Xoshiro256PlusPlus;
use rand_xoshiro::rand_core::{RngCore, SeedableRng};

/// A stream of random numbers of its own for each seed, purpose and index.
#[derive(Clone, Debug)]
pub struct Stream(Xoshiro256PlusPlus);

impl Stream {
    /// The stream of an index (a resample, a permutation) within a purpose.
    pub fn new(seed: u64, purpose: u64, index: u64) -> Self {
        // Mixed one after the other, so that (1, 2) and (2, 1) are different streams.
        let mut state = seed;
        for part in [purpose, index] {
            state = (state ^ part.wrapping_mul(0x9E37_79B9_7F4A_7C15)).wrapping_mul(0xD6E8_FEB8_6659_FD93);
            state ^= state >> 32;
        }
        Self(Xoshiro256PlusPlus::seed_from_u64(state))
    }

    /// A whole number in `0..below`, 0 for `below` of 0. The bias is below 2⁻³² for any number of samples.
    #[inline]
    pub fn below(&mut self, below: usize) -> usize {
        ((u128::from(self.0.next_u64()) * below as u128) >> 64) as usize
    }

    /// A number from 0 up to but not including 1.
    pub fn uniform(&mut self) -> f64 {
        (self.0.next_u64() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// A standard normal number, by Box and Muller.
    pub fn normal(&mut self) -> f64 {
        let radius = (-2.0 * (1.0 - self.uniform()).ln()).sqrt();
        radius * (std::f64::consts::TAU * self.uniform()).cos()
    }
}
