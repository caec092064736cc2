//! Some variants' codes in memory, packed: a solver holds these, never floats.

use rayon::prelude::*;
use steppe_kernels::{GramPanel, KernelError, Level, Rows, SampleGather, gram_symmetric};

use super::GramSums;

/// Packed codes, a row per variant: four samples a byte, little end first; code 3 is missing. Padding is zero.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PackedColumns {
    samples: usize,
    stride: usize,
    bytes: Vec<u8>,
}

impl PackedColumns {
    /// Columns of so many samples, none yet.
    pub fn new(samples: usize) -> Self {
        // Rows start at multiples of 64 bytes of each other, so that vector loads never straddle more than they must. Those
        // of no samples have as many bytes, too: columns are counted by them.
        Self { samples, stride: samples.div_ceil(4).next_multiple_of(64).max(64), bytes: Vec::new() }
    }

    /// Samples of a column.
    pub fn samples(&self) -> usize {
        self.samples
    }

    /// Columns.
    pub fn len(&self) -> usize {
        self.bytes.len().checked_div(self.stride).unwrap_or(0)
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// Bytes from one column to the next.
    pub fn stride(&self) -> usize {
        self.stride
    }

    /// All columns, one after another.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The bytes of one column, without padding beyond the last byte that holds a sample.
    pub fn column(&self, column: usize) -> &[u8] {
        let start = column * self.stride;
        &self.bytes[start..start + self.samples.div_ceil(4)]
    }

    /// The bytes of one column, for filling.
    pub fn column_mut(&mut self, column: usize) -> &mut [u8] {
        let start = column * self.stride;
        &mut self.bytes[start..start + self.samples.div_ceil(4)]
    }

    /// Appends a zeroed column and gives it for filling.
    pub fn push_zeroed(&mut self) -> &mut [u8] {
        let start = self.bytes.len();
        self.bytes.resize(start + self.stride, 0);
        &mut self.bytes[start..start + self.samples.div_ceil(4)]
    }

    /// Appends a column of codes (0, 1, 2, 3), one for each sample.
    pub fn push_codes(&mut self, codes: impl IntoIterator<Item = u8>) {
        let samples = self.samples;
        let column = self.push_zeroed();
        for (sample, code) in codes.into_iter().take(samples).enumerate() {
            column[sample / 4] |= (code & 3) << (2 * (sample % 4));
        }
    }

    /// The code of one sample.
    pub fn code(&self, column: usize, sample: usize) -> u8 {
        (self.column(column)[sample / 4] >> (2 * (sample % 4))) & 3
    }

    /// The same columns of some samples, in the order given.
    ///
    /// # Errors
    /// A sample that is not there.
    pub fn gather(&self, samples: &[u32], level: Level) -> Result<Self, KernelError> {
        let mut own = Self::new(samples.len());
        own.bytes.resize(own.stride * self.len(), 0);
        SampleGather::new(level, self.samples, samples)?.gather(self.rows(), &mut own.bytes, own.stride)?;
        Ok(own)
    }

    /// Keeps some columns, by their places, ascending.
    pub fn keep(&mut self, columns: &[usize]) {
        if columns.len() == self.len() {
            return;
        }
        for (place, column) in columns.iter().enumerate() {
            let from = column * self.stride;
            self.bytes.copy_within(from..from + self.stride, place * self.stride);
        }
        self.bytes.truncate(columns.len() * self.stride);
    }

    fn rows(&self) -> Rows<'_> {
        Rows { bytes: &self.bytes, stride: self.stride, rows: self.len(), samples: self.samples }
    }

    /// Products of all pairs of columns over each group of samples: a [`super::GenotypeMatrix::gram`] pass over what is
    /// in memory. `groups[sample]` is the sample's group; a sample with a number of `count` or more is in none.
    ///
    /// # Errors
    /// A group is given of a sample that is not there.
    pub fn gram(&self, groups: &[u32], count: usize, level: Level) -> Result<Vec<GramSums>, KernelError> {
        let of_group = |group: u32| -> Result<GramSums, KernelError> {
            let members: Vec<u32> =
                (0..).zip(groups).filter(|(_, of)| **of == group).map(|(sample, _)| sample).collect();
            self.gather(&members, level)?.products(level)
        };
        (0..count as u32).into_par_iter().map(of_group).collect()
    }

    /// Products of all pairs of columns over all samples.
    ///
    /// # Errors
    /// More than 2²⁹ samples.
    pub fn products(&self, level: Level) -> Result<GramSums, KernelError> {
        let panel = GramPanel::new(level, self.rows())?;
        let gram = gram_symmetric(&panel);
        Ok(GramSums {
            variants: self.len(),
            samples: self.samples as u64,
            codes: gram.codes,
            code_missing: gram.code_missing,
            both_missing: gram.both_missing,
            counts: panel.counts().to_vec(),
        })
    }
}
