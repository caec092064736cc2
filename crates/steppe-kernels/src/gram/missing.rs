//! Terms with missing calls: for each missing call, the codes that many rows have for that sample are added at once.

use std::ops::Range;

use super::{GramPanel, GramPasses};

/// Rows side by side.
pub(crate) const LANES: usize = 64;

/// The codes of one sample in 64 rows: the code in the low byte, 1 for a missing call in the high byte.
#[repr(C, align(64))]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct LaneCodes(pub(crate) [u16; LANES]);

impl LaneCodes {
    pub(crate) const ZERO: Self = Self([0; LANES]);
}

/// Sums of codes and of missing calls in 64 rows; enough for 2^31 samples.
#[repr(C, align(64))]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct LaneSums {
    pub(crate) codes: [u32; LANES],
    pub(crate) missing: [u32; LANES],
}

impl LaneSums {
    const ZERO: Self = Self { codes: [0; LANES], missing: [0; LANES] };
}

/// Bytes of a row that are turned at once: 512 KiB for 64 rows.
const CHUNK: usize = 1024;

/// Samples whose codes a byte can count.
pub(crate) const NARROW: usize = 127;

/// Σ code_i × missing_j and Σ missing_i × missing_j, for each row `i` of `left` and `j` of `right`.
pub(super) fn sums<P: GramPasses>(
    passes: P,
    left: &GramPanel<'_>,
    right: &GramPanel<'_>,
) -> (Vec<u32>, Vec<u32>) {
    let columns = right.rows();
    let mut code_missing = vec![0; left.rows() * columns];
    let mut both_missing = code_missing.clone();
    let missing: Vec<Missing> = (0..columns).map(|j| Missing::of(right, j)).collect();
    let mut turned = vec![LaneCodes::ZERO; 4 * CHUNK];
    let mut sums = Vec::new();
    for first in (0..left.rows()).step_by(LANES) {
        let rows = first..left.rows().min(first + LANES);
        sums.clear();
        sums.resize(columns, LaneSums::ZERO);
        for chunk in 0..left.samples().div_ceil(4 * CHUNK) {
            turn(left, rows.clone(), chunk, &mut turned);
            for (missing, sums) in missing.iter().zip(&mut sums) {
                passes.add_lanes(&turned, missing.chunk(chunk), sums);
            }
        }
        for (lane, i) in rows.enumerate() {
            let places = i * columns..(i + 1) * columns;
            let both = code_missing[places.clone()].iter_mut().zip(&mut both_missing[places]);
            for ((code_missing, both_missing), sums) in both.zip(&sums) {
                *code_missing = sums.codes[lane];
                *both_missing = sums.missing[lane];
            }
        }
    }
    (code_missing, both_missing)
}

/// One row's missing calls, chunk by chunk.
struct Missing {
    /// Samples, counted from the start of their chunk.
    samples: Vec<u32>,
    ends: Vec<usize>,
}

impl Missing {
    fn of(panel: &GramPanel<'_>, row: usize) -> Self {
        let mut missing = Self { samples: Vec::new(), ends: Vec::new() };
        let mut left = panel.samples();
        for bytes in panel.packed(row).chunks(CHUNK) {
            for (first, bytes) in (0..).step_by(32).zip(bytes.chunks(8)) {
                let word = bytes.iter().rev().fold(0, |word, &byte| word << 8 | u64::from(byte));
                let mut bits = word & word >> 1 & 0x5555_5555_5555_5555;
                while bits != 0 {
                    let sample = first + bits.trailing_zeros() / 2;
                    // What pads the last byte is no sample.
                    if (sample as usize) < left {
                        missing.samples.push(sample);
                    }
                    bits &= bits - 1;
                }
            }
            missing.ends.push(missing.samples.len());
            left = left.saturating_sub(4 * CHUNK);
        }
        missing
    }

    fn chunk(&self, chunk: usize) -> &[u32] {
        let start = chunk.checked_sub(1).map_or(0, |before| self.ends[before]);
        &self.samples[start..self.ends[chunk]]
    }
}

/// Turns a chunk of up to 64 rows to one place per sample; rows past the last one have code 0.
fn turn(panel: &GramPanel<'_>, rows: Range<usize>, chunk: usize, turned: &mut [LaneCodes]) {
    const NONE: [u8; CHUNK] = [0; CHUNK];
    for first in (0..LANES).step_by(4) {
        let row = |lane: usize| {
            let row = rows.start + first + lane;
            let packed = if row < rows.end { &panel.packed(row)[chunk * CHUNK..] } else { &NONE };
            &packed[..packed.len().min(CHUNK)]
        };
        let bytes = row(0).iter().zip(row(1)).zip(row(2).iter().zip(row(3)));
        for (turned, ((&a, &b), (&c, &d))) in turned.as_chunks_mut::<4>().0.iter_mut().zip(bytes) {
            let four = u64::from(a) | u64::from(b) << 16 | u64::from(c) << 32 | u64::from(d) << 48;
            for (field, turned) in turned.iter_mut().enumerate() {
                let codes = four >> (2 * field) & 0x0003_0003_0003_0003;
                let missing = codes & codes >> 1 & 0x0001_0001_0001_0001;
                let lanes = (codes ^ (3 * missing)) | missing << 8;
                let place = &mut turned.0[first..first + 4];
                place.copy_from_slice(&[0, 16, 32, 48].map(|lane| (lanes >> lane) as u16));
            }
        }
    }
}
