//! People by whom rows are seen to be about many.

use std::sync::Arc;

use roaring::RoaringBitmap;

use super::field;

/// People whose numbers have the same upper bits are looked at together.
const TOGETHER: u32 = 1 << 16;

/// Some people, with the answered sets that each is in. Most rows are about most people, so that a few hundred serve all.
#[derive(Debug, Clone, Default)]
pub(super) struct Witnesses {
    people: Vec<u32>,
    /// Words of a column.
    stride: usize,
    /// Of each of them the bits of the sets that they are in.
    columns: Vec<u64>,
}

/// The bits of the sets that somebody is in.
pub(super) fn column(person: u32, sets: &[Arc<RoaringBitmap>]) -> Vec<u64> {
    let mut column = vec![0; sets.len().div_ceil(64)];
    for (at, _) in sets.iter().enumerate().filter(|(_, set)| set.contains(person)) {
        column[at / 64] |= 1 << (at % 64);
    }
    column
}

/// The sum of the terms of the sets in a column.
pub(super) fn entry(terms: &[u64], column: &[u64]) -> u64 {
    let mut sum = 0u128;
    for (word, &bits) in column.iter().enumerate() {
        let mut bits = bits;
        while bits != 0 {
            sum += u128::from(terms[word * 64 + bits.trailing_zeros() as usize]);
            bits &= bits - 1;
        }
    }
    field::reduce(sum)
}

/// Calls `see` with everybody below `end` for whom the terms of their sets do not sum to 0, until it has seen enough.
pub(super) fn with_entries(
    terms: &[u64],
    sets: &[Arc<RoaringBitmap>],
    end: u32,
    mut see: impl FnMut(u32) -> bool,
) {
    let mut sums = vec![0u64; TOGETHER as usize];
    let mut first = 0;
    while first < end {
        let last = first.saturating_add(TOGETHER - 1);
        sums.fill(0);
        for (set, &term) in sets.iter().zip(terms).filter(|(_, term)| **term != 0) {
            for person in set.range(first..=last) {
                let sum = &mut sums[(person - first) as usize];
                *sum = field::add(*sum, term);
            }
        }
        for (person, _) in (first..end).zip(&sums).filter(|(_, sum)| **sum != 0) {
            if !see(person) {
                return;
            }
        }
        let Some(next) = first.checked_add(TOGETHER) else { return };
        first = next;
    }
}

impl Witnesses {
    pub(super) fn count(&self) -> usize {
        self.people.len()
    }

    pub(super) fn person(&self, at: usize) -> u32 {
        self.people[at]
    }

    pub(super) fn column(&self, at: usize) -> &[u64] {
        &self.columns[at * self.stride..(at + 1) * self.stride]
    }

    /// Bytes that it holds.
    pub(super) fn memory(&self) -> usize {
        size_of::<u32>() * self.people.len() + size_of::<u64>() * self.columns.len()
    }

    /// The place of somebody who is in some of these sets; they are added if they are not there.
    pub(super) fn add(&mut self, person: u32, sets: &[Arc<RoaringBitmap>]) -> usize {
        if let Some(at) = self.people.iter().position(|there| *there == person) {
            return at;
        }
        let mut column = column(person, sets);
        column.resize(self.stride, 0);
        self.columns.extend(column);
        self.people.push(person);
        self.people.len() - 1
    }

    /// Takes notice of one more set, the one after so many.
    pub(super) fn enter(&mut self, set: &RoaringBitmap, before: usize) {
        self.widen(before + 1);
        for (at, _) in self.people.iter().enumerate().filter(|(_, person)| set.contains(**person)) {
            self.columns[at * self.stride + before / 64] |= 1 << (before % 64);
        }
    }

    /// Makes columns long enough for so many sets.
    fn widen(&mut self, sets: usize) {
        let stride = sets.div_ceil(64);
        if stride > self.stride {
            let mut wider = vec![0; self.people.len() * stride];
            if self.stride > 0 {
                for (new, old) in wider.chunks_mut(stride).zip(self.columns.chunks(self.stride)) {
                    new[..old.len()].copy_from_slice(old);
                }
            }
            (self.columns, self.stride) = (wider, stride);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(32))]

        #[test]
        fn both_ways_to_an_entry_agree(
            sets in prop::collection::vec(prop::collection::btree_set(0..200_000u32, 1..50), 1..70),
            some in prop::collection::btree_set(0..200_000u32, 1..9),
        ) {
            let people: Vec<u32> = sets.iter().flatten().copied().chain(some).collect();
            let sets: Vec<Arc<RoaringBitmap>> = sets.into_iter().map(|set| Arc::new(set.into_iter().collect())).collect();
            let mut known = Witnesses::default();
            // Some come twice.
            let (early, late) = people.split_at(people.len() / 2);
            early.iter().for_each(|&person| { known.add(person, &[]); });
            for (at, set) in sets.iter().enumerate() {
                known.enter(set, at);
            }
            late.iter().for_each(|&person| { known.add(person, &sets); });
            // Terms of which some cancel.
            let terms: Vec<u64> = (0..sets.len() as u64).map(|at| [1, 0, field::PRIME - 1, 5][at as usize % 4]).collect();
            let mut seen = RoaringBitmap::new();
            with_entries(&terms, &sets, 200_000, |person| seen.insert(person));
            for at in 0..known.count() {
                prop_assert_eq!(known.column(at), column(known.person(at), &sets));
                prop_assert_eq!(entry(&terms, known.column(at)) != 0, seen.contains(known.person(at)));
            }
            prop_assert!(seen.iter().all(|person| people.contains(&person)));
            prop_assert_eq!(known.count(), people.iter().collect::<BTreeSet<_>>().len());
        }
    }
}
