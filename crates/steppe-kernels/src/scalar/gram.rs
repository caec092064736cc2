//! The gram pass on 64-bit words.

use crate::gram::{GramPasses, LaneCodes, LaneSums, NARROW, PlaneBlock, TILE};
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

/// Adds the codes and missing calls of some samples.
#[inline(always)]
pub(crate) fn add_lanes(turned: &[LaneCodes], samples: &[u32], sums: &mut LaneSums) {
    for samples in samples.chunks(NARROW) {
        let mut part = LaneCodes::ZERO;
        for &sample in samples {
            if let Some(codes) = turned.get(sample as usize) {
                part.0.iter_mut().zip(&codes.0).for_each(|(sum, codes)| *sum += codes);
            }
        }
        sums.codes.iter_mut().zip(&part.0).for_each(|(sum, part)| *sum += u32::from(part & 0xff));
        sums.missing.iter_mut().zip(&part.0).for_each(|(sum, part)| *sum += u32::from(part >> 8));
    }
}

impl GramPasses for Scalar {
    fn tile(
        self,
        left: [&[PlaneBlock]; TILE[0]],
        right: [&[PlaneBlock]; TILE[1]],
    ) -> [[i64; TILE[1]]; TILE[0]] {
        tile(left, right)
    }

    fn add_lanes(self, turned: &[LaneCodes], samples: &[u32], sums: &mut LaneSums) {
        add_lanes(turned, samples, sums);
    }
}
