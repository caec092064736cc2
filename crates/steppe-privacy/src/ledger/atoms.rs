//! People by which answered sets they are in.

use roaring::RoaringBitmap;

/// The label of a sample that nobody has seen.
const UNSEEN: u32 = u32::MAX;

/// The partition of the people into atoms: two are in one atom if every answered set has both or neither.
#[derive(Debug, Clone, Default)]
pub(super) struct Atoms {
    /// Of each sample its atom.
    labels: Vec<u32>,
    /// Of each atom its people.
    people: Vec<u64>,
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
                splits.push(split);
            }
        }
        if !splits.is_empty() {
            for sample in set {
                let label = &mut self.labels[sample as usize];
                let new = moved[*label as usize];
                *label = if new == UNSEEN { *label } else { new };
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
