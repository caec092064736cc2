//! Passes of a solver over one packed column and vectors of f64, one value a sample.
//!
//! Sums have the same bits on every level: sample `i` goes to lane `i % 32`, each lane adds its samples in their order,
//! and the lanes are added pairwise, the upper half to the lower one. The factors 0, 1 and 2 are exact, so that it does
//! not matter whether a level multiplies and adds in one step. Values must be finite, and twice a value too.

use crate::adjoint::AdjointPasses;
use crate::dispatch::with_passes;
use crate::level::Level;

/// Lanes of a sum: the samples of one word.
pub(crate) const LANES: usize = 32;

/// Running sums of one quantity.
pub(crate) type LaneSums = [f64; LANES];

/// The codes of 32 samples, little end first.
pub(crate) type Word = [u8; LANES / 4];

/// Sums of one column with one vector.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct ColumnSums {
    /// Σ code × value over the samples that have a call.
    pub codes: f64,
    /// Σ value over the samples whose call is missing.
    pub missing: f64,
}

/// What an instruction set provides for these passes; a word goes with the 32 values in the same place.
pub(crate) trait ColumnPasses: AdjointPasses {
    /// Adds code × value of the called samples.
    fn dot(self, words: &[Word], values: &[[f64; LANES]], codes: &mut LaneSums);
    /// The same, and the values of the missing calls.
    fn dot_both(self, words: &[Word], values: &[[f64; LANES]], codes: &mut LaneSums, missing: &mut LaneSums);
    /// `values[i] += table[code_i]`.
    fn add(self, words: &[Word], table: &[f64; 4], values: &mut [[f64; LANES]]);
    /// `values[i] += weights[i] * table[code_i]`, rounded twice.
    fn add_weighted(
        self,
        words: &[Word],
        table: &[f64; 4],
        weights: &[[f64; LANES]],
        values: &mut [[f64; LANES]],
    );
    /// Adds the values of each code.
    fn moments(self, words: &[Word], values: &[[f64; LANES]], sums: &mut [LaneSums; 4]);
}

/// One call's whole words, and the last samples padded to one: with codes and values of zero, which change no sum.
struct Parts<'a> {
    words: &'a [Word],
    last: [Word; 1],
    /// Samples of the last word.
    rest: usize,
}

impl<'a> Parts<'a> {
    /// The first `samples` samples of a column, all that it holds if it holds fewer.
    fn new(column: &'a [u8], samples: usize) -> Self {
        let samples = samples.min(column.len().saturating_mul(4));
        let (whole, rest) = (samples / LANES, samples % LANES);
        let mut last = [0; LANES / 4];
        let bytes = &column[whole * last.len()..][..rest.div_ceil(4)];
        last[..bytes.len()].copy_from_slice(bytes);
        let words = &column.as_chunks().0[..whole];
        let codes = u64::from_le_bytes(last) & ((1 << (2 * rest)) - 1);
        Self { words, last: [codes.to_le_bytes()], rest }
    }

    /// The values of the whole words, and those of the last one.
    fn values<'v>(&self, values: &'v [f64]) -> (&'v [[f64; LANES]], [[f64; LANES]; 1]) {
        let (whole, _) = values.as_chunks();
        let mut last = [0.0; LANES];
        last[..self.rest].copy_from_slice(&values[self.words.len() * LANES..][..self.rest]);
        (&whole[..self.words.len()], [last])
    }

    /// Changes values in place: first the whole words, then the last one.
    fn update(&self, values: &mut [f64], mut update: impl FnMut(&[Word], &mut [[f64; LANES]])) {
        let (_, mut last) = self.values(values);
        let whole = self.words.len() * LANES;
        update(self.words, values[..whole].as_chunks_mut().0);
        update(&self.last, &mut last);
        values[whole..][..self.rest].copy_from_slice(&last[0][..self.rest]);
    }
}

/// The lanes' sum.
fn total(lanes: &LaneSums) -> f64 {
    let mut lanes = *lanes;
    let mut width = LANES / 2;
    while width > 0 {
        let (lower, upper) = lanes.split_at_mut(width);
        lower.iter_mut().zip(upper).for_each(|(lower, upper)| *lower += *upper);
        width /= 2;
    }
    lanes[0]
}

/// The sums of a column with `values`, over the first `samples` samples (over those that both hold, if that is fewer).
pub fn column_dot(level: Level, column: &[u8], samples: usize, values: &[f64]) -> ColumnSums {
    let parts = Parts::new(column, samples.min(values.len()));
    let (whole, last) = parts.values(values);
    let (mut codes, mut missing) = ([0.0; LANES], [0.0; LANES]);
    with_passes!(level, passes => {
        if passes.any_missing(parts.words.as_flattened()) || passes.any_missing(&parts.last[0]) {
            passes.dot_both(parts.words, whole, &mut codes, &mut missing);
            passes.dot_both(&parts.last, &last, &mut codes, &mut missing);
        } else {
            passes.dot(parts.words, whole, &mut codes);
            passes.dot(&parts.last, &last, &mut codes);
        }
    });
    ColumnSums { codes: total(&codes), missing: total(&missing) }
}

/// `values[i] += table[code_i]` for the first `samples` samples (those that both hold, if that is fewer); `table[3]` is
/// for a missing call.
pub fn column_add(level: Level, column: &[u8], samples: usize, table: [f64; 4], values: &mut [f64]) {
    let parts = Parts::new(column, samples.min(values.len()));
    with_passes!(level, passes => parts.update(values, |words, values| passes.add(words, &table, values)));
}

/// `values[i] += weights[i] * table[code_i]`, product and sum rounded one after the other, for the first `samples`
/// samples (those that all three hold, if that is fewer).
pub fn column_add_weighted(
    level: Level,
    column: &[u8],
    samples: usize,
    table: [f64; 4],
    weights: &[f64],
    values: &mut [f64],
) {
    let parts = Parts::new(column, samples.min(values.len()).min(weights.len()));
    let (whole, last) = parts.values(weights);
    let mut weights = [whole, &last].into_iter();
    with_passes!(level, passes => parts.update(values, |words, values| {
        passes.add_weighted(words, &table, weights.next().unwrap_or_default(), values);
    }));
}

/// Σ value over the samples of each code (0, 1, 2 copies, missing), over the first `samples` samples (those that both
/// hold, if that is fewer).
pub fn column_moments(level: Level, column: &[u8], samples: usize, values: &[f64]) -> [f64; 4] {
    let parts = Parts::new(column, samples.min(values.len()));
    let (whole, last) = parts.values(values);
    let mut sums = [[0.0; LANES]; 4];
    with_passes!(level, passes => {
        passes.moments(parts.words, whole, &mut sums);
        passes.moments(&parts.last, &last, &mut sums);
    });
    sums.each_ref().map(total)
}
