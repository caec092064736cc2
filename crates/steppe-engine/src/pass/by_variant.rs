//! What passes by variants share: sums that grow with the variants of a partition's tiles.

use steppe_store::{RowGroup, SampleBlock};

use super::{PartialSums, PassContext};
use crate::EngineError;

/// The sums of a run of variants, `lanes` each, that tiles of any sample block add to.
pub(super) struct VariantSums {
    lanes: usize,
    first: u32,
    sums: Vec<i64>,
}

impl VariantSums {
    pub(super) fn new(lanes: usize) -> Self {
        Self { lanes, first: 0, sums: Vec::new() }
    }

    /// Makes room for the variants of a row group.
    pub(super) fn cover(&mut self, group: &RowGroup) {
        let end = group.first_variant + group.rows;
        if self.sums.is_empty() {
            self.first = group.first_variant;
        }
        if group.first_variant < self.first {
            let more = (self.first - group.first_variant) as usize * self.lanes;
            self.sums.splice(..0, std::iter::repeat_n(0, more));
            self.first = group.first_variant;
        }
        let needed = (end - self.first) as usize * self.lanes;
        if self.sums.len() < needed {
            self.sums.resize(needed, 0);
        }
    }

    /// The sums of `rows` variants from `variant` on, which are covered.
    pub(super) fn of(&mut self, variant: u32, rows: usize) -> &mut [i64] {
        let from = (variant - self.first) as usize * self.lanes;
        &mut self.sums[from..from + rows * self.lanes]
    }

    /// The sums as they travel; nothing when there were no tiles.
    pub(super) fn finish(self) -> Vec<PartialSums> {
        let sums = PartialSums { key: self.first, sums: self.sums, alleles: Vec::new(), dosage: Vec::new() };
        if sums.sums.is_empty() { Vec::new() } else { vec![sums] }
    }
}

/// The sample block of a row group.
pub(super) fn block_of<'a>(
    context: &'a PassContext,
    group: &RowGroup,
) -> Result<&'a SampleBlock, EngineError> {
    let block = context.cohort.blocks().get(group.block as usize);
    block.ok_or(EngineError::Internal("a sample block that the cohort does not have"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn group(first_variant: u32, rows: u32) -> RowGroup {
        RowGroup { block: 0, part: 0, row_group: 0, first_variant, rows, offset: 0, bytes: 0, xxh3: 0 }
    }

    #[test]
    fn runs_grow_on_both_sides() {
        let mut sums = VariantSums::new(2);
        for (first, rows) in [(10, 2), (12, 1), (7, 3), (10, 2)] {
            sums.cover(&group(first, rows));
            sums.of(first, rows as usize).iter_mut().for_each(|sum| *sum += i64::from(first));
        }
        let done = sums.finish();
        assert_eq!(done.len(), 1);
        assert_eq!((done[0].key, &done[0].sums), (7, &vec![7, 7, 7, 7, 7, 7, 20, 20, 20, 20, 12, 12]));
        assert!(VariantSums::new(3).finish().is_empty());
    }
}
