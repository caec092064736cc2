//! The gram pass on 64-bit words.

use crate::gram::{GramPasses, LaneCodes, PlaneBlock, TILE};
use crate::scalar::Scalar;

/// Σ x_i x_j of each pair.
#[inline(always)]
pub(crate) fn tile(
    left: [&[PlaneBlock]; TILE[0]],
    right: [&[PlaneBlock]; TILE[1]],
) -> [[i64; TILE[1]]; TILE[0]] {
    left.map(|left| {
        right.map(|right| {
            let mut sum = 0;
            for (left, right) in left.iter().zip(right) {
                for at in 0..8 {
                    let both = left.homozygous[at] & right.homozygous[at];
                    let opposite = both & (left.zero[at] ^ right.zero[at]);
                    sum += i64::from(both.count_ones()) - 2 * i64::from(opposite.count_ones());
                }
            }
            sum
        })
    })
}

/// Adds the codes of some samples.
#[inline(always)]
pub(crate) fn add_lanes(rows: &[LaneCodes], samples: &[u32], sums: &mut LaneCodes) {
    let mut running = *sums;
    for &sample in samples {
        if let Some(codes) = rows.get(sample as usize) {
            running.0.iter_mut().zip(&codes.0).for_each(|(sum, code)| *sum += code);
        }
    }
    *sums = running;
}

impl GramPasses for Scalar {
    fn tile(self, left: [&[PlaneBlock]; TILE[0]], right: [&[PlaneBlock]; TILE[1]]) -> [[i64; TILE[1]]; TILE[0]] {
        tile(left, right)
    }

    fn add_lanes(self, rows: &[LaneCodes], samples: &[u32], sums: &mut LaneCodes) {
        add_lanes(rows, samples, sums);
    }
}
