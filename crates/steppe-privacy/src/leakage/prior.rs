//! Hardy–Weinberg probabilities.

use super::Variant;

/// Frequencies are taken to be at least this far from 0 and 1: nothing is impossible in people who have not been seen.
const RAREST: f64 = 1e-4;

/// What is known of everybody.
pub(super) struct Prior {
    /// Of each variant the probability of 0, 1 and 2 copies.
    pub(super) genotypes: Vec<[f64; 3]>,
    /// Of each variant the most frequent genotype.
    pub(super) modes: Vec<u8>,
}

impl Prior {
    pub(super) fn new(variants: &[Variant]) -> Self {
        let of = |variant: &Variant| {
            let frequency = variant.frequency.clamp(RAREST, 1.0 - RAREST);
            let other = 1.0 - frequency;
            [other * other, 2.0 * frequency * other, frequency * frequency]
        };
        let genotypes: Vec<[f64; 3]> = variants.iter().map(of).collect();
        let modes = genotypes.iter().map(mode).collect();
        Self { genotypes, modes }
    }
}

/// The most probable genotype, the one of fewer copies where two are.
pub(super) fn mode(genotype: &[f64; 3]) -> u8 {
    (1..3u8).fold(
        0,
        |best, copies| {
            if genotype[usize::from(copies)] > genotype[usize::from(best)] { copies } else { best }
        },
    )
}
