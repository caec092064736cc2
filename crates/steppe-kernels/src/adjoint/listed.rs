//! Rows of which few genotypes differ from the commonest one: only the residuals of those others are summed, sample by
//! sample. Most variants of a sequenced or imputed cohort are such rows.

use super::{AdjointPasses, Sums64};
use crate::adjoint::Lanes32;
use crate::passes::Passes;

/// Bytes of a row whose samples are listed at once.
const PART: usize = 1024;

/// A part of a row as copies of the allele that is not the common one, and which bits of its fields are wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Plane {
    /// The low bit: one copy, or a missing call.
    Low,
    /// The high bit: two copies, or a missing call.
    High,
    /// Both: a missing call.
    Both,
}

/// Numbers of samples within a part of a row.
#[derive(Clone, Debug)]
pub(crate) struct List {
    /// Room for what a vector writes past the end.
    pub(crate) numbers: [u16; 4 * PART + 64],
    pub(crate) length: usize,
}

impl List {
    pub(crate) const EMPTY: Self = Self { numbers: [0; 4 * PART + 64], length: 0 };

    fn numbers(&self) -> &[u16] {
        &self.numbers[..self.length]
    }
}

/// What is known of a row before it is summed.
#[derive(Clone, Copy, Debug)]
pub(super) struct Kind {
    /// Whether the commonest genotype is two copies.
    pub(super) swapped: bool,
    /// Whether it may hold a missing call.
    pub(super) missing: bool,
    /// Whether it is summed sample by sample.
    pub(super) listed: bool,
}

impl Kind {
    /// Looks at a row. What pads its last byte is looked at too: it changes the way, and no sum.
    pub(super) fn of<P: AdjointPasses + Passes>(passes: P, row: &[u8]) -> Self {
        let counts = passes.count(row, None);
        let swapped = counts[2] > counts[0];
        let samples = 4 * row.len() as u64;
        let others = samples - counts[if swapped { 2 } else { 0 }];
        Self { swapped, missing: counts[3] > 0, listed: 64 * others <= P::LISTED_OF_64 * samples }
    }
}

/// Σ code × residual and Σ residual over the missing calls of a listed row. `samples` are the residuals of each byte's
/// samples, and `total` their sum.
pub(super) fn sums<P: AdjointPasses>(
    passes: P,
    row: &[u8],
    kind: Kind,
    samples: &[[Lanes32; 4]],
    total: &Sums64,
    list: &mut List,
) -> [Sums64; 2] {
    let mut sums = [Sums64([0; 16]); 3];
    for (part, samples) in row.chunks(PART).zip(samples.chunks(PART)) {
        for (sums, plane) in sums.iter_mut().zip([Plane::Low, Plane::High, Plane::Both]) {
            if plane != Plane::Both || kind.missing {
                passes.list(part, kind.swapped, plane, list);
                passes.add_listed(list.numbers(), samples.as_flattened(), sums);
            }
        }
    }
    let [low, high, missing] = sums;
    let mut codes = Sums64([0; 16]);
    for (lane, code) in codes.0.iter_mut().enumerate() {
        let copies = low.0[lane] + 2 * high.0[lane] - 3 * missing.0[lane];
        *code = if kind.swapped { 2 * (total.0[lane] - missing.0[lane]) - copies } else { copies };
    }
    [codes, missing]
}
