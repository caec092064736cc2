//! People by which answered sets they are in.

use roaring::RoaringBitmap;

/// The label of a sample that nobody has seen.
const UNSEEN: u32 = u32::MAX;

/// The partition of the people into atoms: two are in one atom if every answered set has both or neither.
#[derive(Debug, Clone, Default)]
pub(super) struct Atoms {
    /// Of each sample its atom.
    labels: Vec<u32>,
    /// Of each atom how many people it has.
    people: Vec<u32>,
    /// Of each atom one of its people.
    some: Vec<u32>,
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

    /// Sample numbers are below this.
    pub(super) fn end(&self) -> u32 {
        self.labels.len() as u32
    }

    pub(super) fn people(&self, atom: usize) -> u64 {
        u64::from(self.people[atom])
    }

    /// One of an atom's people.
    pub(super) fn some(&self, atom: usize) -> u32 {
        self.some[atom]
    }

    /// The atom of somebody.
    pub(super) fn of(&self, person: u32) -> usize {
        self.labels[person as usize] as usize
    }

    /// Bytes that it holds.
    pub(super) fn memory(&self) -> usize {
        size_of::<u32>() * (self.labels.len() + self.people.len() + self.some.len())
    }

    /// Adds people of no answered set, who are not in any atom yet, as one atom.
    pub(super) fn add(&mut self, people: &RoaringBitmap) {
        let (Some(first), Some(last)) = (people.min(), people.max()) else { return };
        let length = self.labels.len().max(last as usize + 1);
        self.labels.resize(length, UNSEEN);
        let atom = self.people.len() as u32;
        for sample in people {
            self.labels[sample as usize] = atom;
        }
        self.people.push(people.len() as u32);
        self.some.push(first);
    }

    /// How many of each atom are in a set of people who are all in some atom.
    pub(super) fn inside(&self, set: &RoaringBitmap) -> Vec<u32> {
        let mut inside = vec![0; self.people.len()];
        for sample in set {
            inside[self.labels[sample as usize] as usize] += 1;
        }
        inside
    }

    /// How many atoms a set would add, of which these are inside.
    pub(super) fn splits(&self, inside: &[u32]) -> usize {
        inside.iter().zip(&self.people).filter(|(inside, people)| **inside > 0 && inside < people).count()
    }

    /// Splits the atoms that a set has a part of.
    pub(super) fn split(&mut self, set: &RoaringBitmap, inside: &[u32]) -> Vec<Split> {
        let mut splits = Vec::new();
        let mut moved = vec![UNSEEN; self.people.len()];
        for (outside, &count) in inside.iter().enumerate() {
            if count > 0 && count < self.people[outside] {
                let split = Split { outside, inside: self.people.len() };
                moved[outside] = split.inside as u32;
                self.people[outside] -= count;
                self.people.push(count);
                self.some.push(UNSEEN);
                splits.push(split);
            }
        }
        if !splits.is_empty() {
            for sample in set {
                let label = &mut self.labels[sample as usize];
                let new = moved[*label as usize];
                if new != UNSEEN {
                    *label = new;
                    self.some[new as usize] = sample;
                }
            }
            self.find_some(&splits);
        }
        splits
    }

    /// Finds somebody for atoms whose known one moved away.
    fn find_some(&mut self, splits: &[Split]) {
        let mut lost = 0;
        for split in splits {
            if self.of(self.some[split.outside]) != split.outside {
                self.some[split.outside] = UNSEEN;
                lost += 1;
            }
        }
        for (sample, &label) in (0..).zip(&self.labels) {
            if lost == 0 {
                break;
            }
            if label != UNSEEN && self.some[label as usize] == UNSEEN {
                self.some[label as usize] = sample;
                lost -= 1;
            }
        }
    }

    /// All people, each with the number of their atom.
    pub(super) fn all(&self) -> impl Iterator<Item = (u32, usize)> {
        let seen = (0..).zip(&self.labels).filter(|(_, label)| **label != UNSEEN);
        seen.map(|(sample, &label)| (sample, label as usize))
    }

    /// The people of each atom, in the order of the first of each.
    pub(super) fn sets(&self) -> Vec<RoaringBitmap> {
        let mut sets = vec![RoaringBitmap::new(); self.people.len()];
        for (sample, atom) in self.all() {
            sets[atom].insert(sample);
        }
        sets.sort_by_key(RoaringBitmap::min);
        sets
    }
}
