//! People by which answered sets they are in.

use roaring::RoaringBitmap;

use super::field;

/// The label of a sample that nobody has seen.
const UNSEEN: u32 = u32::MAX;

/// The partition of the people into atoms: two are in one atom if every answered set has both or neither.
#[derive(Debug, Clone, Default)]
pub(super) struct Atoms {
    /// Of each sample its atom.
    labels: Vec<u32>,
    /// Of each atom its people.
    people: Vec<u64>,
    /// Of each atom the sum of its people's [`mark`]s.
    marks: Vec<Mark>,
}

/// Two numbers of the field, as if at random: sums of them tell combinations of people apart.
pub(super) type Mark = [u64; 2];

/// The mark of a sample (SplitMix64, twice).
fn mark(sample: u32) -> Mark {
    [1, 2].map(|half| {
        let mixed = (u64::from(sample) * 2 + half).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        let mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        field::reduce(u128::from(mixed ^ (mixed >> 31)))
    })
}

/// An atom of which a set has a part.
#[derive(Debug, Clone, Copy)]
pub(super) struct Split {
    /// The atom; what is not in the set keeps its number.
    pub(super) outside: usize,
    /// The number of what is in the set.
    pub(super) inside: usize,
}

impl Atoms {
    pub(super) fn count(&self) -> usize {
        self.people.len()
    }

    pub(super) fn people(&self, atom: usize) -> u64 {
        self.people[atom]
    }

    pub(super) fn mark(&self, atom: usize) -> Mark {
        self.marks[atom]
    }

    /// Adds people of no answered set, who are not in any atom yet, as one atom.
    pub(super) fn add(&mut self, people: &RoaringBitmap) {
        let Some(last) = people.max() else { return };
        let length = self.labels.len().max(last as usize + 1);
        self.labels.resize(length, UNSEEN);
        let atom = self.people.len() as u32;
        for sample in people {
            self.labels[sample as usize] = atom;
        }
        self.people.push(people.len());
        let add = |sum: Mark, sample| field::add_pairs(sum, mark(sample));
        self.marks.push(people.iter().fold([0; 2], add));
    }

    /// How many of each atom are in a set of people who are all in some atom.
    pub(super) fn inside(&self, set: &RoaringBitmap) -> Vec<u64> {
        let mut inside = vec![0; self.people.len()];
        for sample in set {
            inside[self.labels[sample as usize] as usize] += 1;
        }
        inside
    }

    /// How many atoms a set would add, of which these are inside.
    pub(super) fn splits(&self, inside: &[u64]) -> usize {
        inside.iter().zip(&self.people).filter(|(inside, people)| **inside > 0 && inside < people).count()
    }

    /// Splits the atoms that a set has a part of.
    pub(super) fn split(&mut self, set: &RoaringBitmap, inside: &[u64]) -> Vec<Split> {
        let mut splits = Vec::new();
        let mut moved = vec![UNSEEN; self.people.len()];
        for (outside, &count) in inside.iter().enumerate() {
            if count > 0 && count < self.people[outside] {
                let split = Split { outside, inside: self.people.len() };
                moved[outside] = split.inside as u32;
                self.people[outside] -= count;
                self.people.push(count);
                self.marks.push([0; 2]);
                splits.push(split);
            }
        }
        if !splits.is_empty() {
            for sample in set {
                let label = &mut self.labels[sample as usize];
                let (old, new) = (*label as usize, moved[*label as usize]);
                if new != UNSEEN {
                    *label = new;
                    self.marks[old] = field::subtract_pairs(self.marks[old], mark(sample));
                    self.marks[new as usize] = field::add_pairs(self.marks[new as usize], mark(sample));
                }
            }
        }
        splits
    }

    /// The people of each atom, in the order of the first of each.
    pub(super) fn sets(&self) -> Vec<RoaringBitmap> {
        let mut sets = vec![RoaringBitmap::new(); self.people.len()];
        for (sample, &label) in self.labels.iter().enumerate().filter(|(_, label)| **label != UNSEEN) {
            sets[label as usize].insert(sample as u32);
        }
        sets.sort_by_key(RoaringBitmap::min);
        sets
    }
}
