//! Rows split into bit planes.

use super::MOST_SAMPLES;
use crate::dispatch::count_codes;
use crate::error::KernelError;
use crate::level::Level;
use crate::rows::Rows;

/// Planes of 512 samples. A sample's place is the same in both, whichever it is.
#[repr(C, align(64))]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct PlaneBlock {
    /// The code is 0 or 2.
    pub(crate) homozygous: [u64; 8],
    /// The code is 0.
    pub(crate) zero: [u64; 8],
}

/// Bytes of a row in a block.
const BLOCK: usize = 128;

const LOW: u64 = 0x5555_5555_5555_5555;

/// A run of rows, prepared for the gram pass. Memory: a copy of the rows.
#[derive(Clone, Debug)]
pub struct GramPanel<'a> {
    level: Level,
    rows: Rows<'a>,
    blocks: usize,
    planes: Vec<PlaneBlock>,
    /// Counts of codes 0, 1, 2, missing of each row.
    counts: Vec<[u64; 4]>,
}

impl<'a> GramPanel<'a> {
    /// Prepares rows.
    ///
    /// # Errors
    /// Rows that do not lie inside their buffer, or of more than 2²⁹ samples.
    pub fn new(level: Level, rows: Rows<'a>) -> Result<Self, KernelError> {
        rows.check()?;
        if rows.samples > MOST_SAMPLES {
            return Err(KernelError::TooManySamples { samples: rows.samples, most: MOST_SAMPLES });
        }
        let row_bytes = rows.row_bytes();
        let mut planes = Vec::with_capacity(rows.rows * row_bytes.div_ceil(BLOCK));
        let mut counts = Vec::with_capacity(rows.rows);
        for row in 0..rows.rows {
            let row = &rows.bytes[row * rows.stride..][..row_bytes];
            counts.push(count_codes(level, row, rows.samples));
            split(row, rows.samples, &mut planes);
        }
        Ok(Self { level, rows, blocks: row_bytes.div_ceil(BLOCK), planes, counts })
    }

    /// Rows of the panel.
    pub fn rows(&self) -> usize {
        self.rows.rows
    }

    /// Samples of a row.
    pub fn samples(&self) -> usize {
        self.rows.samples
    }

    /// Counts of codes 0, 1, 2, missing, for each row.
    pub fn counts(&self) -> &[[u64; 4]] {
        &self.counts
    }

    /// Bytes of a row.
    #[cfg(target_arch = "x86_64")]
    pub(super) fn row_bytes(&self) -> usize {
        self.rows.row_bytes()
    }

    pub(super) fn level(&self) -> Level {
        self.level
    }

    pub(super) fn blocks(&self) -> usize {
        self.blocks
    }

    pub(super) fn any_missing(&self) -> bool {
        self.counts.iter().any(|counts| counts[3] > 0)
    }

    /// The packed codes of a row.
    pub(super) fn packed(&self, row: usize) -> &'a [u8] {
        &self.rows.bytes[row * self.rows.stride..][..self.rows.row_bytes()]
    }

    /// The planes of a row, of the last one past it.
    pub(super) fn planes(&self, row: usize) -> &[PlaneBlock] {
        &self.planes[row.min(self.rows.rows - 1) * self.blocks..][..self.blocks]
    }

    /// Σ (code − 1) over the row's calls.
    pub(super) fn centred_sum(&self, row: usize) -> i32 {
        let [zero, _, two, _] = self.counts[row];
        two as i32 - zero as i32
    }
}

/// Appends a row's planes. Samples past the last one are in none.
fn split(row: &[u8], samples: usize, planes: &mut Vec<PlaneBlock>) {
    let first = planes.len();
    for bytes in row.chunks(BLOCK) {
        let mut padded = [0; BLOCK];
        padded[..bytes.len()].copy_from_slice(bytes);
        let mut block = PlaneBlock { homozygous: [0; 8], zero: [0; 8] };
        for (at, words) in padded.as_chunks::<16>().0.iter().enumerate() {
            // The even bits of two words side by side: no need to squeeze each word.
            let [first, second] = [0, 8].map(|half| {
                let word = words[half..].first_chunk().map_or(0, |word| u64::from_le_bytes(*word));
                let (low, high) = (word & LOW, word >> 1 & LOW);
                [!low & LOW, !(low | high) & LOW]
            });
            block.homozygous[at] = first[0] | second[0] << 1;
            block.zero[at] = first[1] | second[1] << 1;
        }
        planes.push(block);
    }
    // Padding reads as code 0.
    let whole = samples % (4 * BLOCK);
    if whole == 0 {
        return;
    }
    if let Some(last) = planes[first..].last_mut() {
        for sample in whole..4 * BLOCK {
            let bit = !(1 << (sample % 32 * 2 + sample / 32 % 2));
            last.homozygous[sample / 64] &= bit;
            last.zero[sample / 64] &= bit;
        }
    }
}
