//! Which variants a pass takes at once, so that its tables fit into memory.

use std::ops::Range;

use steppe_store::{Cohort, RowGroup};

/// How many weights the scores of a pass have in each run of variants that row groups share.
#[derive(Debug)]
pub(super) struct Spread {
    /// The runs, ascending; row groups are cut alike in all sample blocks.
    runs: Vec<Range<u32>>,
    weights: Vec<u64>,
}

impl Spread {
    /// No weights yet, over the runs of a cohort.
    pub(super) fn over(cohort: &Cohort) -> Self {
        let groups = cohort.row_groups();
        let block = groups.first().map_or(0, |group| group.block);
        let mut runs: Vec<Range<u32>> =
            groups.iter().filter(|group| group.block == block).map(variants_of).collect();
        runs.sort_unstable_by_key(|run| run.start);
        Self { weights: vec![0; runs.len()], runs }
    }

    /// Counts one score's variants, which ascend.
    pub(super) fn add(&mut self, variants: impl Iterator<Item = u32>) {
        let mut at = 0;
        for variant in variants {
            while at + 1 < self.runs.len() && self.runs[at].end <= variant {
                at += 1;
            }
            if let Some(weights) = self.weights.get_mut(at) {
                *weights += 1;
            }
        }
    }

    /// Cuts the variants into segments of at most `most` weights each, where weights lie evenly. Segments end where row
    /// groups do, so that no tile is read twice, but for row groups that have more weights than that.
    pub(super) fn segments(&self, most: u64) -> Vec<Range<u32>> {
        let mut segments: Vec<Range<u32>> = Vec::new();
        let mut filled = 0;
        for (run, &weights) in self.runs.iter().zip(&self.weights).filter(|(_, weights)| **weights > 0) {
            match segments.last_mut() {
                Some(segment) if filled + weights <= most => {
                    segment.end = run.end;
                    filled += weights;
                }
                _ => {
                    segments.extend(pieces(run, weights.div_ceil(most.max(1))));
                    filled = weights;
                }
            }
        }
        segments
    }

    /// The row groups' part of a pass over segments: how often each is read.
    pub(super) fn reads(&self, group: &RowGroup, segments: &[Range<u32>]) -> u64 {
        let variants = variants_of(group);
        let found = self.runs.binary_search_by_key(&variants.start, |run| run.start);
        if !found.is_ok_and(|at| self.weights[at] > 0) {
            return 0;
        }
        let overlap = |segment: &&Range<u32>| segment.start < variants.end && variants.start < segment.end;
        segments.iter().filter(overlap).count() as u64
    }
}

/// A run of variants in so many pieces, if it has as many variants.
fn pieces(run: &Range<u32>, count: u64) -> impl Iterator<Item = Range<u32>> {
    let (first, variants) = (run.start, u64::from(run.end - run.start));
    let count = count.clamp(1, variants.max(1));
    let bound = move |piece: u64| first + (variants * piece / count) as u32;
    (0..count).map(move |piece| bound(piece)..bound(piece + 1))
}

fn variants_of(group: &RowGroup) -> Range<u32> {
    group.first_variant..group.first_variant + group.rows
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn segments_hold_every_variant_once_and_not_too_many(
            each in prop::collection::vec(0_u64..6, 0..40),
            most in 1_u64..200,
        ) {
            // Every variant of a run has as many weights, so that cutting within a run bounds them.
            let runs: Vec<Range<u32>> = (0..each.len() as u32).map(|run| 10 * run..10 * run + 10).collect();
            let spread = Spread { runs: runs.clone(), weights: each.iter().map(|each| 10 * each).collect() };
            let segments = spread.segments(most);
            prop_assert!(segments.is_sorted_by(|before, after| before.end <= after.start));
            let weights_of = |variant: u32| each[variant as usize / 10];
            for variant in (0..10 * each.len() as u32).filter(|&variant| weights_of(variant) > 0) {
                let held = segments.iter().filter(|segment| segment.contains(&variant)).count();
                prop_assert_eq!(held, 1, "variant {}", variant);
            }
            for segment in &segments {
                let weights: u64 = segment.clone().map(weights_of).sum();
                let rounded = most + weights_of(segment.start);
                prop_assert!(weights <= rounded, "{} weights in {:?}", weights, segment);
            }
        }

        #[test]
        fn weights_are_counted_where_they_lie(variants in prop::collection::btree_set(0_u32..100, 0..60)) {
            let runs: Vec<Range<u32>> = (0..10).map(|run| 10 * run..10 * run + 10).collect();
            let mut spread = Spread { runs, weights: vec![0; 10] };
            spread.add(variants.iter().copied());
            for (run, &weights) in spread.runs.iter().zip(&spread.weights) {
                prop_assert_eq!(weights, variants.range(run.clone()).count() as u64);
            }
        }
    }
}
