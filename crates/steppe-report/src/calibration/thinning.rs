use super::Pca;

/// At most about so many points are drawn in a panel.
pub(super) const POINTS: usize = 5_000;
/// Every group keeps so many of its people, where it has them.
const LEAST: usize = 60;

/// How many people of a group are drawn: its share of the points, and at least a few.
fn kept(people: usize, all: usize) -> usize {
    if all <= POINTS {
        return people;
    }
    let share = (people as f64 * POINTS as f64 / all as f64).round() as usize;
    share.max(LEAST).min(people)
}

/// Indices of the people that are drawn: evenly through the group in its order, the same ones every time.
fn evenly(people: usize, kept: usize) -> impl Iterator<Item = usize> {
    (0..people).filter(move |&index| (index + 1) * kept / people > index * kept / people)
}

impl Pca {
    pub(super) fn people(&self) -> usize {
        self.groups.iter().map(|group| group.coordinates.len()).sum()
    }

    /// The people of each group that are drawn.
    pub(super) fn drawn(&self) -> Vec<Vec<&[f64]>> {
        let all = self.people();
        self.groups.iter().map(|group| thinned(&group.coordinates, all)).collect()
    }
}

/// The people of a group that are drawn where there are `all` in all groups.
fn thinned(people: &[Vec<f64>], all: usize) -> Vec<&[f64]> {
    let indices = evenly(people.len(), kept(people.len(), all));
    indices.filter_map(|index| people.get(index).map(Vec::as_slice)).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn large_groups_lose_most() {
        assert_eq!([27_000, 700, 20].map(|people| kept(people, 27_720)), [4_870, 126, 20]);
        assert_eq!(kept(4_999, 5_000), 4_999);
        assert_eq!(evenly(10, 4).collect::<Vec<_>>(), [2, 4, 7, 9]);
    }

    proptest! {
        #[test]
        fn as_many_as_wanted_and_even((people, kept) in (1_usize..2_000).prop_flat_map(|n| (Just(n), 0..=n))) {
            let indices: Vec<usize> = evenly(people, kept).collect();
            prop_assert_eq!(indices.len(), kept);
            let widest = indices.windows(2).map(|pair| pair[1] - pair[0]).max().unwrap_or(1);
            prop_assert!(widest <= people.div_ceil(kept.max(1)));
        }
    }
}
