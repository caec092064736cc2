//! Packed genotypes of one variant, seen by the samples of one regression.

use serde::{Deserialize, Serialize};

/// The low bit of each two-bit code of a word.
const LOW: u64 = 0x5555_5555_5555_5555;

/// Which samples of the matrix are in a regression, and where.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct SampleMask {
    /// The low bit of each code of a sample that is in.
    bits: Vec<u64>,
    /// A sample's place in the regression; of no meaning for samples that are not in.
    places: Vec<u32>,
    samples: Vec<u32>,
}

impl SampleMask {
    /// The mask of some samples (ascending) out of `total`.
    pub(super) fn new(samples: Vec<u32>, total: usize) -> Self {
        let mut bits = vec![0; total.div_ceil(32)];
        let mut places = vec![0; total];
        for (place, &sample) in (0..).zip(&samples) {
            bits[sample as usize / 32] |= 1 << (2 * (sample % 32));
            places[sample as usize] = place;
        }
        Self { bits, places, samples }
    }

    /// The samples, ascending.
    pub(super) fn samples(&self) -> &[u32] {
        &self.samples
    }

    /// How many of the samples have code 0, 1, 2 and no call.
    pub(super) fn counts(&self, column: &[u8]) -> [u64; 4] {
        let (mut one, mut two, mut missing) = (0, 0, 0);
        for (word, mask) in words(column).zip(&self.bits) {
            let (low, high) = (word & mask, (word >> 1) & mask);
            one += u64::from((low & !high).count_ones());
            two += u64::from((high & !low).count_ones());
            missing += u64::from((low & high).count_ones());
        }
        [self.samples.len() as u64 - one - two - missing, one, two, missing]
    }

    /// Places of the samples without a call.
    pub(super) fn missing(&self, column: &[u8], places: &mut Vec<u32>) {
        places.clear();
        for (index, (word, mask)) in words(column).zip(&self.bits).enumerate() {
            let mut missing = word & (word >> 1) & mask & LOW;
            while missing != 0 {
                let sample = index * 32 + missing.trailing_zeros() as usize / 2;
                places.push(self.places[sample]);
                missing &= missing - 1;
            }
        }
    }

    /// The samples' genotypes as `table[code]`.
    pub(super) fn decode(&self, column: &[u8], table: [f64; 4], values: &mut Vec<f64>) {
        values.clear();
        values.extend(self.samples.iter().map(|&sample| {
            let byte = column[sample as usize / 4];
            table[usize::from((byte >> (2 * (sample % 4))) & 3)]
        }));
    }
}

/// A column's bytes as words of 32 codes, filled up with zeros.
fn words(column: &[u8]) -> impl Iterator<Item = u64> {
    column.chunks(8).map(|chunk| {
        let mut bytes = [0; 8];
        bytes[..chunk.len()].copy_from_slice(chunk);
        u64::from_le_bytes(bytes)
    })
}

/// Counts of one variant among the samples of a regression, and the allele that is tested.
#[derive(Clone, Copy, Debug)]
pub(super) struct Called {
    pub(super) counts: [u64; 4],
    pub(super) tests_counted: bool,
}

impl Called {
    /// Samples with a call.
    pub(super) fn samples(&self) -> u64 {
        self.counts[0] + self.counts[1] + self.counts[2]
    }

    /// Whether all have the same genotype.
    pub(super) fn is_constant(&self) -> bool {
        self.counts[..3].contains(&self.samples())
    }

    /// Σ g of the tested allele.
    pub(super) fn sum(&self) -> f64 {
        (self.counts[1] + 2 * if self.tests_counted { self.counts[2] } else { self.counts[0] }) as f64
    }

    /// Σ g² of the tested allele.
    pub(super) fn sum_of_squares(&self) -> f64 {
        (self.counts[1] + 4 * if self.tests_counted { self.counts[2] } else { self.counts[0] }) as f64
    }

    /// The tested allele's frequency; NaN where nothing is called.
    pub(super) fn frequency(&self) -> f64 {
        self.sum() / (2 * self.samples()) as f64
    }

    /// Copies of the tested allele by code, a missing call as none.
    pub(super) fn table(&self) -> [f64; 4] {
        if self.tests_counted { [0.0, 1.0, 2.0, 0.0] } else { [2.0, 1.0, 0.0, 0.0] }
    }
}
