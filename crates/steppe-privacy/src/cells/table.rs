//! A table with all its margins.

use std::collections::BTreeMap;

use super::{Cell, Margin, Suppressed, Suppression};
use crate::PrivacyError;

/// A category in each dimension; `None` is summed over.
type Key = Vec<Option<u32>>;

/// A cell or margin with people.
#[derive(Debug)]
pub(super) struct Element {
    key: Key,
    pub(super) people: u64,
    pub(super) suppressed: Option<Suppressed>,
}

/// Cells and margins with people, in the order of keys (sums before what they are sums of).
#[derive(Debug)]
pub(super) struct Table {
    minimum_cell: u64,
    pub(super) elements: Vec<Element>,
    index: BTreeMap<Key, usize>,
    /// Elements that are cells, ascending.
    pub(super) cells: Vec<usize>,
    /// Of each element that is a cell, itself and all margins that it is in.
    containing: BTreeMap<usize, Vec<usize>>,
    /// Of each margin and dimension that it sums over, the elements that it is the sum of.
    pub(super) lines: Vec<(usize, Vec<usize>)>,
}

impl Table {
    pub(super) fn new(cells: &[Cell], minimum_cell: u64) -> Result<Self, PrivacyError> {
        let mut sums: BTreeMap<Key, u64> = BTreeMap::new();
        let mut seen = std::collections::BTreeSet::new();
        for cell in cells {
            if !seen.insert(&cell.key) {
                let problem = format!("key {:?} comes twice", cell.key);
                return Err(PrivacyError::Cells { problem, remedy: "add up its people" });
            }
            for key in keys_containing(&cell.key) {
                let sum = sums.entry(key).or_default();
                *sum = sum.checked_add(cell.people).ok_or_else(|| PrivacyError::Cells {
                    problem: "the people do not fit in 64 bits".to_owned(),
                    remedy: "count people, at most once each",
                })?;
            }
        }
        sums.retain(|_, people| *people > 0);
        let index: BTreeMap<Key, usize> = sums.keys().cloned().zip(0..).collect();
        let elements: Vec<Element> =
            sums.into_iter().map(|(key, people)| Element { key, people, suppressed: None }).collect();
        let is_cell = |at: &usize| elements[*at].key.iter().all(Option::is_some);
        let cells: Vec<usize> = (0..elements.len()).filter(is_cell).collect();
        let containing = cells.iter().map(|&cell| {
            let key: Vec<u32> = elements[cell].key.iter().filter_map(|category| *category).collect();
            (cell, keys_containing(&key).iter().filter_map(|key| index.get(key).copied()).collect())
        });
        let containing = containing.collect();
        let lines = lines(&elements, &index);
        Ok(Self { minimum_cell, elements, index, cells, containing, lines })
    }

    /// Whether a count of people must not be known.
    pub(super) fn is_small(&self, people: u64) -> bool {
        (1..self.minimum_cell).contains(&people)
    }

    pub(super) fn suppress_small(&mut self) {
        for at in 0..self.elements.len() {
            if self.is_small(self.elements[at].people) {
                self.elements[at].suppressed = Some(Suppressed::Small);
            }
        }
    }

    pub(super) fn suppress(&mut self, elements: &[usize]) {
        for &at in elements {
            self.elements[at].suppressed.get_or_insert(Suppressed::Complementary);
        }
    }

    /// Itself and all margins that a cell is in.
    pub(super) fn containing(&self, cell: usize) -> &[usize] {
        self.containing.get(&cell).map_or(&[], Vec::as_slice)
    }

    /// Dimensions in which two cells differ.
    pub(super) fn differing(&self, one: usize, other: usize) -> Vec<usize> {
        let (one, other) = (&self.elements[one].key, &self.elements[other].key);
        (0..one.len()).filter(|&dimension| one[dimension] != other[dimension]).collect()
    }

    /// The cell that has `other`'s categories in some dimensions and else `one`'s; `None` where nobody is in it.
    pub(super) fn mixed(&self, one: usize, other: usize, of_other: impl Fn(usize) -> bool) -> Option<usize> {
        let (one, other) = (&self.elements[one].key, &self.elements[other].key);
        let key: Key = (0..one.len())
            .map(|dimension| if of_other(dimension) { other[dimension] } else { one[dimension] })
            .collect();
        self.index.get(&key).copied()
    }

    /// Whether a margin sums over all dimensions.
    pub(super) fn is_grand_total(&self, at: usize) -> bool {
        self.is_margin(at) && self.elements[at].key.iter().all(Option::is_none)
    }

    pub(super) fn is_margin(&self, at: usize) -> bool {
        self.elements[at].key.iter().any(Option::is_none)
    }

    pub(super) fn into_suppression(self, cells: &[Cell]) -> Suppression {
        let of_cell = |cell: &Cell| {
            let key: Key = cell.key.iter().copied().map(Some).collect();
            self.index.get(&key).and_then(|&at| self.elements[at].suppressed)
        };
        let of_cells = cells.iter().map(of_cell).collect();
        let margins = self.elements.iter().filter(|element| element.key.iter().any(Option::is_none));
        let margins = margins.map(|element| Margin {
            key: element.key.clone(),
            people: element.people,
            suppressed: element.suppressed,
        });
        Suppression { cells: of_cells, margins: margins.collect() }
    }
}

/// A cell's key and those of all margins that it is in.
fn keys_containing(key: &[u32]) -> Vec<Key> {
    let of_mask = |mask: usize| {
        let category =
            |(dimension, &category): (usize, &u32)| (mask >> dimension & 1 == 0).then_some(category);
        key.iter().enumerate().map(category).collect()
    };
    (0..1usize << key.len()).map(of_mask).collect()
}

/// Every margin with the elements of each dimension that it sums over.
fn lines(elements: &[Element], index: &BTreeMap<Key, usize>) -> Vec<(usize, Vec<usize>)> {
    let mut lines: BTreeMap<(usize, usize), Vec<usize>> = BTreeMap::new();
    for (at, element) in elements.iter().enumerate() {
        for dimension in (0..element.key.len()).filter(|&dimension| element.key[dimension].is_some()) {
            let mut sum = element.key.clone();
            sum[dimension] = None;
            if let Some(&sum) = index.get(&sum) {
                lines.entry((sum, dimension)).or_default().push(at);
            }
        }
    }
    lines.into_iter().map(|((sum, _), parts)| (sum, parts)).collect()
}
