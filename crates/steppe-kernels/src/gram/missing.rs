//! Terms with missing calls: for each missing call, the codes that many rows have for that sample are added at once.

use super::{GramPanel, GramPasses};

/// Rows side by side.
const LANES: usize = 64;

/// The codes of one sample in 64 rows: the code in the low byte, 1 for a missing call in the high byte.
#[repr(C, align(64))]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct LaneCodes(pub(crate) [u16; LANES]);

impl LaneCodes {
    const ZERO: Self = Self([0; LANES]);
}

/// Samples that are turned at once: 128 KiB.
const CHUNK: usize = 1024;

/// Samples that a byte can count codes of.
const NARROW: usize = 127;

/// Σ code_i × missing_j and Σ missing_i × missing_j, for each row `i` of `left` and `j` of `right`.
pub(super) fn sums<P: GramPasses>(passes: P, left: &GramPanel<'_>, right: &GramPanel<'_>) -> (Vec<u64>, Vec<u64>) {
    let columns = right.rows();
    let mut code_missing = vec![0; left.rows() * columns];
    let mut both_missing = code_missing.clone();
    let mut turned = vec![LaneCodes::ZERO; CHUNK];
    for first in (0..left.samples()).step_by(CHUNK) {
        let bytes = first / 4..left.samples().min(first + CHUNK).div_ceil(4);
        let missing: Vec<Vec<u32>> =
            (0..columns).map(|j| list_missing(&right.packed(j)[bytes.clone()], right.samples() - first)).collect();
        for first_row in (0..left.rows()).step_by(LANES) {
            let rows = first_row..left.rows().min(first_row + LANES);
            turn(left, first_row, &bytes, &mut turned);
            for (j, missing) in missing.iter().enumerate() {
                for samples in missing.chunks(NARROW) {
                    let mut sums = LaneCodes::ZERO;
                    passes.add_lanes(&turned, samples, &mut sums);
                    for (i, sum) in rows.clone().zip(sums.0) {
                        code_missing[i * columns + j] += u64::from(sum & 0xff);
                        both_missing[i * columns + j] += u64::from(sum >> 8);
                    }
                }
            }
        }
    }
    (code_missing, both_missing)
}

/// The missing calls among the first `samples` of some bytes.
fn list_missing(bytes: &[u8], samples: usize) -> Vec<u32> {
    let mut missing = Vec::new();
    for (first, &byte) in (0..).step_by(4).zip(bytes) {
        let mut bits = byte & byte >> 1 & 0x55;
        while bits != 0 {
            missing.push(first + bits.trailing_zeros() / 2);
            bits &= bits - 1;
        }
    }
    missing.retain(|&sample| (sample as usize) < samples);
    missing
}

/// Turns some bytes of up to 64 rows to one place per sample; rows past the last one have code 0.
fn turn(panel: &GramPanel<'_>, first_row: usize, bytes: &std::ops::Range<usize>, turned: &mut [LaneCodes]) {
    for first in (0..LANES).step_by(4) {
        let row = |lane: usize| {
            let row = first_row + first + lane;
            if row < panel.rows() { &panel.packed(row)[bytes.clone()] } else { &[] }
        };
        let rows = [row(0), row(1), row(2), row(3)];
        for (at, turned) in turned.as_chunks_mut::<4>().0.iter_mut().enumerate().take(bytes.len()) {
            let byte = |lane: usize| u64::from(rows[lane].get(at).copied().unwrap_or(0)) << (16 * lane);
            let four = byte(0) | byte(1) | byte(2) | byte(3);
            for (field, turned) in turned.iter_mut().enumerate() {
                let codes = four >> (2 * field) & 0x0003_0003_0003_0003;
                let missing = codes & codes >> 1 & 0x0001_0001_0001_0001;
                let lanes = codes & !(3 * missing) | missing << 8;
                for (lane, place) in turned.0[first..first + 4].iter_mut().enumerate() {
                    *place = (lanes >> (16 * lane)) as u16;
                }
            }
        }
    }
}
