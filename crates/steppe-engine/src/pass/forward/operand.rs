use std::sync::Arc;

use steppe_kernels::{CountTable, WeightTable};

/// Values of some variants: indices in ascending order, and one value each.
#[derive(Debug, Clone)]
pub struct Sparse<T> {
    variants: Arc<[u32]>,
    values: Vec<T>,
}

impl<T> Default for Sparse<T> {
    fn default() -> Self {
        Self { variants: Arc::from([]), values: Vec::new() }
    }
}

impl<T: Copy> Sparse<T> {
    /// Pairs ascending variant indices with their values; surplus on either side is cut.
    pub fn new(variants: Arc<[u32]>, values: Vec<T>) -> Self {
        debug_assert!(variants.is_sorted_by(|a, b| a < b), "variants ascend");
        debug_assert_eq!(variants.len(), values.len(), "one value a variant");
        Self { variants, values }
    }

    /// All variant indices.
    pub fn variants(&self) -> &[u32] {
        &self.variants
    }

    /// The list itself, to share it with other values.
    pub fn list(&self) -> Arc<[u32]> {
        Arc::clone(&self.variants)
    }

    /// All values, in the order of [`Self::variants`].
    pub fn values(&self) -> &[T] {
        &self.values
    }

    /// The variants in `first..end` with their values.
    pub fn range(&self, first: u32, end: u32) -> (&[u32], &[T]) {
        let from = self.variants.partition_point(|&variant| variant < first);
        let to = from + self.variants[from..].partition_point(|&variant| variant < end);
        (&self.variants[from..to], &self.values[from..to])
    }
}

/// One score's fixed-point tables.
#[derive(Debug, Clone, Default)]
pub struct WeightLane {
    /// Variants that count alike in everybody.
    pub plain: Sparse<WeightTable>,
    /// Variants on chromosomes whose ploidy depends on sex: one table per sex class, in the order of
    /// [`super::SEX_CLASSES`].
    pub by_sex: Sparse<[WeightTable; 3]>,
}

/// The integers behind a denominator: allele counts and effect-allele dosages.
#[derive(Debug, Clone, Default)]
pub struct CountLane {
    /// Variants that count alike in everybody.
    pub plain: Sparse<CountTable>,
    /// Variants whose ploidy depends on sex, as in [`WeightLane::by_sex`].
    pub by_sex: Sparse<[CountTable; 3]>,
}

/// All lanes of a pass, and the variants that any of them uses.
#[derive(Debug, Clone, Default)]
pub struct ForwardOperand {
    /// One lane a score.
    pub weights: Vec<WeightLane>,
    /// Lanes of counts; scores over the same variants share one.
    pub counts: Vec<CountLane>,
    plain: Vec<u32>,
    by_sex: Vec<u32>,
}

impl ForwardOperand {
    /// Gathers lanes, and finds out which variants they use.
    pub fn new(weights: Vec<WeightLane>, counts: Vec<CountLane>) -> Self {
        let plain = union(
            weights
                .iter()
                .map(|lane| &lane.plain.variants)
                .chain(counts.iter().map(|lane| &lane.plain.variants)),
        );
        let by_sex = union(
            weights
                .iter()
                .map(|lane| &lane.by_sex.variants)
                .chain(counts.iter().map(|lane| &lane.by_sex.variants)),
        );
        Self { weights, counts, plain, by_sex }
    }

    /// The variants in `first..end` that some lane counts alike in everybody, ascending.
    pub fn plain_in(&self, first: u32, end: u32) -> &[u32] {
        within(&self.plain, first, end)
    }

    /// The variants in `first..end` that some lane counts by sex, ascending.
    pub fn by_sex_in(&self, first: u32, end: u32) -> &[u32] {
        within(&self.by_sex, first, end)
    }
}

fn within(variants: &[u32], first: u32, end: u32) -> &[u32] {
    let from = variants.partition_point(|&variant| variant < first);
    let to = from + variants[from..].partition_point(|&variant| variant < end);
    &variants[from..to]
}

/// The ascending union of ascending lists; lists that are one allocation are merged once.
fn union<'a>(lists: impl Iterator<Item = &'a Arc<[u32]>>) -> Vec<u32> {
    let mut seen: Vec<*const u32> = Vec::new();
    let mut all: Vec<u32> = Vec::new();
    for list in lists {
        if list.is_empty() || seen.contains(&list.as_ptr()) {
            continue;
        }
        seen.push(list.as_ptr());
        all = merge(&all, list);
    }
    all
}

fn merge(left: &[u32], right: &[u32]) -> Vec<u32> {
    let mut merged = Vec::with_capacity(left.len().max(right.len()));
    let (mut i, mut j) = (0, 0);
    while i < left.len() && j < right.len() {
        let (a, b) = (left[i], right[j]);
        merged.push(a.min(b));
        i += usize::from(a <= b);
        j += usize::from(b <= a);
    }
    merged.extend_from_slice(&left[i..]);
    merged.extend_from_slice(&right[j..]);
    merged
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn union_is_sorted_and_without_repeats() {
        let lists: [Arc<[u32]>; 3] = [Arc::from([1, 4, 9]), Arc::from([2, 4]), Arc::from([])];
        assert_eq!(union(lists.iter()), [1, 2, 4, 9]);
    }

    #[test]
    fn ranges_are_half_open() {
        let sparse = Sparse::new(Arc::from([2, 5, 7]), vec!['a', 'b', 'c']);
        assert_eq!(sparse.range(2, 7), ([2, 5].as_slice(), ['a', 'b'].as_slice()));
        assert_eq!(sparse.range(8, 9).0.len(), 0);
    }
}
