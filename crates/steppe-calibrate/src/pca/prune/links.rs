//! Which later variants a variant is correlated with beyond the limit, found chunk by chunk as the window moves on.

use steppe_fit::{GenotypeMatrix, PackedColumns};
use steppe_kernels::Level;

use super::correlation::PairSums;
use super::{CHUNK, copy_columns};
use crate::error::CalibrateError;

/// Variants that one select pass reads.
const RUN: usize = 8 * CHUNK;

/// The links of one chromosome's variants, by their places among them.
pub(super) struct Links<'a> {
    matrix: &'a dyn GenotypeMatrix,
    groups: &'a [u32],
    variants: &'a [u32],
    most_r2: f64,
    /// Per variant the later ones, ascending.
    later: Vec<Vec<u32>>,
    loaded: usize,
    /// Columns that were selected and not yet loaded, from the variant on.
    ahead: (usize, PackedColumns),
    /// Variants before `loaded` that may still be compared, and their columns.
    live: Vec<usize>,
    columns: PackedColumns,
}

impl<'a> Links<'a> {
    pub(super) fn new(
        matrix: &'a dyn GenotypeMatrix,
        groups: &'a [u32],
        variants: &'a [u32],
        most_r2: f64,
    ) -> Self {
        let none = || PackedColumns::new(matrix.samples());
        Self {
            matrix,
            groups,
            variants,
            most_r2: most_r2 * (1.0 + super::EPSILON),
            later: vec![Vec::new(); variants.len()],
            loaded: 0,
            ahead: (0, none()),
            live: Vec::new(),
            columns: none(),
        }
    }

    /// Variants whose links with all before them are known.
    pub(super) fn loaded(&self) -> usize {
        self.loaded
    }

    /// The later variants that one is linked with, among those that are loaded.
    pub(super) fn of(&self, variant: usize) -> &[u32] {
        &self.later[variant]
    }

    /// Pairs that are linked.
    pub(super) fn pairs(&self) -> u64 {
        self.later.iter().map(|later| later.len() as u64).sum()
    }

    /// Loads some more variants and compares them with those from `start` on that are not removed. Removes those that do
    /// not vary, and says how many.
    pub(super) fn load(&mut self, start: usize, removed: &mut [bool]) -> Result<u64, CalibrateError> {
        let end = self.variants.len().min(self.loaded + CHUNK);
        let first = self.loaded;
        if self.ahead.0 + self.ahead.1.len() <= first {
            let run = &self.variants[first..self.variants.len().min(first + RUN)];
            self.ahead = (first, self.matrix.select(run)?);
        }
        let end = end.min(self.ahead.0 + self.ahead.1.len());
        let mut columns = PackedColumns::new(self.matrix.samples());
        let still = |place: &usize| self.live[*place] >= start && !removed[self.live[*place]];
        let kept: Vec<usize> = (0..self.live.len()).filter(still).collect();
        copy_columns(&self.columns, kept.iter().copied(), &mut columns);
        copy_columns(&self.ahead.1, first - self.ahead.0..end - self.ahead.0, &mut columns);
        self.live = kept.iter().map(|place| self.live[*place]).chain(first..end).collect();
        self.columns = columns;
        self.loaded = end;
        self.compare(kept.len(), removed)
    }

    /// Compares the columns from `new` on with all before them.
    fn compare(&mut self, new: usize, removed: &mut [bool]) -> Result<u64, CalibrateError> {
        let failed = |error| steppe_fit::MatrixError {
            message: "correlations of variants failed".to_owned(),
            source: Some(Box::new(error)),
        };
        let sums = self.columns.gram(self.groups, 1, Level::best()).map_err(failed)?;
        let Some(sums) = sums.first() else { return Ok(0) };
        let pairs = PairSums::new(sums, &self.columns, self.groups);
        let mut constant = 0;
        for at in new..self.live.len() {
            let [n0, n1, n2, _] = sums.counts[at];
            if [n0, n1, n2].iter().filter(|count| **count > 0).count() < 2 {
                removed[self.live[at]] = true;
                constant += 1;
            }
        }
        for second in new..self.live.len() {
            for first in 0..second {
                let both = !removed[self.live[first]] && !removed[self.live[second]];
                if both && pairs.exceeds(first, second, self.most_r2) {
                    self.later[self.live[first]].push(self.live[second] as u32);
                }
            }
        }
        Ok(constant)
    }
}
