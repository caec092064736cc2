//! Which features make the strong set, and how many lambdas it is likely to be enough for.

use super::features::Features;

/// Strong sets grow at most to so many times their nominal size for the sake of a full batch.
const STRETCH: usize = 4;

/// A strong set to be.
pub(crate) struct Choice {
    /// Ascending.
    pub(crate) features: Vec<u32>,
    /// Highest score among those left out.
    pub(crate) outside: f64,
}

/// What a choice is made from.
pub(crate) struct Candidates<'a> {
    pub(crate) features: &'a Features,
    /// |gradient| / penalty factor of every feature at the last accepted lambda.
    pub(crate) scores: &'a [f64],
    /// Features to hold in any case, ascending.
    pub(crate) base: &'a [u32],
    /// Nominal number of features beyond the base.
    pub(crate) size: usize,
    /// Score at the last lambda of a full batch: features above it are likely to enter within the batch.
    pub(crate) entry: f64,
}

impl Candidates<'_> {
    /// The base and those with the highest scores, ties by place.
    pub(crate) fn choose(&self) -> Choice {
        let mut others: Vec<u32> = (0..self.features.count())
            .filter(|feature| {
                self.features.factor(*feature).is_finite() && self.base.binary_search(feature).is_err()
            })
            .collect();
        let score = |feature: u32| self.scores[feature as usize];
        let likely = others.iter().filter(|feature| score(**feature) >= self.entry).count();
        let size = likely.clamp(self.size, STRETCH.saturating_mul(self.size));
        let mut outside = 0.0;
        if size < others.len() {
            let order = |a: &u32, b: &u32| score(*b).total_cmp(&score(*a)).then(a.cmp(b));
            let (_, next, _) = others.select_nth_unstable_by(size, order);
            outside = score(*next);
            others.truncate(size);
        }
        others.extend_from_slice(self.base);
        others.sort_unstable();
        Choice { features: others, outside }
    }
}
