//! The reduced row echelon form of what was answered, over the people.
//!
//! With *r* independent sets and *n* people let **B** be the 0/1 matrix (r × n) of who is in which set. The reduced form is
//! **TB** for the r × r matrix **T** for which the columns of *r* people, the pivots, are unit vectors. **TB** is not kept,
//! and neither is **B**: kept are **T** and the sets, and an entry of **TB** is a sum over the sets that somebody is in. That
//! a row has many people is seen from the first entries that are not 0; those people are remembered as its witnesses.
//! Whether a combination is 0 for everybody is seen from its mark.

use std::{collections::BTreeMap, sync::Arc};

use roaring::RoaringBitmap;

use super::{
    atoms::{Atoms, Split},
    field,
    marks::{Mark, Marks},
    witnesses::{Witnesses, column, entry, with_entries},
};

/// Atoms that are looked at to find a large one for a pivot.
const PIVOT_CANDIDATES: usize = 64;

type Sets = [Arc<RoaringBitmap>];

#[derive(Debug, Clone, Default)]
pub(super) struct Echelon {
    marks: Marks,
    rows: Vec<Row>,
    witnesses: Witnesses,
}

/// A row of **TB**.
#[derive(Debug, Clone)]
struct Row {
    /// Its row of **T**.
    terms: Vec<u64>,
    mark: Mark,
    /// The person whose column is a unit vector.
    pivot: u32,
    /// Witnesses for whom it was not 0 when last seen.
    seen: Vec<usize>,
    /// It is known to be about so many people.
    at_least: u64,
}

/// A set less the combination of the earlier ones that is the same at all pivots.
#[derive(Debug)]
pub(super) struct Residual {
    /// Of the earlier sets and, last, of the set itself.
    terms: Vec<u64>,
    mark: Mark,
}

impl Residual {
    /// Whether nothing is left: the set is a combination of the others.
    pub(super) fn is_zero(&self) -> bool {
        self.mark == [0; 2]
    }
}

impl Echelon {
    /// Independent sets.
    pub(super) fn rank(&self) -> usize {
        self.rows.len()
    }

    /// Bytes that it holds.
    pub(super) fn memory(&self) -> usize {
        let of_rows = self.rows.iter().map(|row| size_of::<Row>() + 8 * (row.terms.len() + row.seen.len()));
        of_rows.sum::<usize>() + self.witnesses.memory()
    }

    /// What is left of a set.
    pub(super) fn residual(&self, set: &RoaringBitmap) -> Residual {
        let mut terms = vec![0; self.rank() + 1];
        terms[self.rank()] = 1;
        let mut mark = self.marks.of_set(set);
        for row in self.rows.iter().filter(|row| set.contains(row.pivot)) {
            for (sum, &term) in terms.iter_mut().zip(&row.terms) {
                *sum = field::subtract(*sum, term);
            }
            mark = field::subtract_pairs(mark, row.mark);
        }
        Residual { terms, mark }
    }

    /// Adds a set, whose residual is not zero, after the other ones. It has split these atoms.
    pub(super) fn push(
        &mut self,
        sets: &Sets,
        set: &Arc<RoaringBitmap>,
        residual: Residual,
        atoms: &Atoms,
        splits: &[Split],
    ) {
        let before = self.rank();
        let sets: Vec<Arc<RoaringBitmap>> = sets.iter().chain([set]).cloned().collect();
        let Residual { mut terms, mut mark } = residual;
        let Some(pivot) = pivot(&sets, &terms, atoms, splits) else { return };
        self.witnesses.enter(set, before);
        let column = column(pivot, &sets);
        let scale = field::invert(entry(&terms, &column));
        for term in &mut terms {
            *term = field::multiply(*term, scale);
        }
        mark = mark.map(|half| field::multiply(half, scale));
        for row in &mut self.rows {
            row.terms.push(0);
            let factor = entry(&row.terms, &column);
            if factor != 0 {
                for (term, &new) in row.terms.iter_mut().zip(&terms) {
                    *term = field::subtract(*term, field::multiply(factor, new));
                }
                row.mark = field::subtract_pairs(row.mark, mark.map(|half| field::multiply(factor, half)));
                row.at_least = 0;
            }
        }
        let seen = vec![self.witnesses.add(pivot, &sets)];
        self.rows.push(Row { terms, mark, pivot, seen, at_least: 0 });
    }

    /// Whether every row is about at least so many people.
    pub(super) fn has_only_large_rows(&mut self, sets: &Sets, end: u32, minimum: u64) -> bool {
        let Self { rows, witnesses, .. } = self;
        rows.iter_mut().all(|row| {
            if row.at_least < minimum {
                row.at_least = row.count(witnesses, sets, end, minimum);
            }
            row.at_least >= minimum
        })
    }

    /// Whether no combination of two atoms that are together fewer people is one of the sets.
    ///
    /// Either one row has both atoms (and is found by [`Self::has_only_large_rows`]), or both have pivots, and what their
    /// rows have beside the atoms is the same up to a factor. That is compared by the ratio of the two halves of its mark,
    /// which tells rows apart but for chance, and that only refuses.
    pub(super) fn has_only_large_pairs(&self, atoms: &Atoms, minimum: u64) -> bool {
        let small: BTreeMap<usize, &Row> = self
            .rows
            .iter()
            .map(|row| (atoms.of(row.pivot), row))
            .filter(|(atom, _)| atoms.people(*atom) < minimum)
            .collect();
        let of_atoms = self.marks_of(atoms, &small);
        let mut fewest: BTreeMap<u64, u64> = BTreeMap::new();
        for (atom, row) in &small {
            let people = atoms.people(*atom);
            let beside = field::subtract_pairs(row.mark, of_atoms[atom]);
            let ratio = field::multiply(beside[0], field::invert(beside[1]));
            if fewest.get(&ratio).is_some_and(|other| other + people < minimum) {
                return false;
            }
            let known = fewest.entry(ratio).or_insert(people);
            *known = people.min(*known);
        }
        true
    }

    fn marks_of<T>(&self, atoms: &Atoms, of: &BTreeMap<usize, T>) -> BTreeMap<usize, Mark> {
        let alone = |atom: &usize| atoms.people(*atom) == 1;
        let mut marks: BTreeMap<usize, Mark> = of
            .keys()
            .map(|atom| (*atom, if alone(atom) { self.marks.of(atoms.some(*atom)) } else { [0; 2] }))
            .collect();
        if !of.keys().all(alone) {
            let mut is_wanted = vec![false; atoms.count()];
            of.keys().filter(|atom| !alone(atom)).for_each(|&atom| is_wanted[atom] = true);
            for (person, atom) in atoms.all().filter(|(_, atom)| is_wanted[*atom]) {
                let sum = marks.entry(atom).or_default();
                *sum = field::add_pairs(*sum, self.marks.of(person));
            }
        }
        marks
    }
}

impl Row {
    /// How many people it is about, or so many if it is more.
    fn count(&mut self, witnesses: &mut Witnesses, sets: &Sets, end: u32, enough: u64) -> u64 {
        let Self { terms, seen, .. } = self;
        seen.retain(|&at| entry(terms, witnesses.column(at)) != 0);
        for at in 0..witnesses.count() {
            if seen.len() as u64 >= enough {
                break;
            }
            if !seen.contains(&at) && entry(terms, witnesses.column(at)) != 0 {
                seen.push(at);
            }
        }
        if (seen.len() as u64) < enough {
            let known: RoaringBitmap = seen.iter().map(|&at| witnesses.person(at)).collect();
            with_entries(terms, sets, end, |person| {
                if !known.contains(person) {
                    seen.push(witnesses.add(person, sets));
                }
                (seen.len() as u64) < enough
            });
        }
        seen.len() as u64
    }
}

/// Somebody for whom the terms of their sets do not sum to 0, of a large atom if there is such a one among the first.
fn pivot(sets: &Sets, terms: &[u64], atoms: &Atoms, splits: &[Split]) -> Option<u32> {
    // The two parts of a split atom differ by 1, so one of them is no 0.
    let parts = splits.iter().flat_map(|split| [split.outside, split.inside]);
    let mut largest: Option<usize> = None;
    for atom in parts.chain(0..atoms.count()).take(PIVOT_CANDIDATES) {
        let is_larger = largest.is_none_or(|largest| atoms.people(atom) > atoms.people(largest));
        if is_larger && entry(terms, &column(atoms.some(atom), sets)) != 0 {
            largest = Some(atom);
        }
    }
    let mut pivot = largest.map(|atom| atoms.some(atom));
    if pivot.is_none() {
        with_entries(terms, sets, atoms.end(), |person| {
            pivot = Some(person);
            false
        });
    }
    pivot
}
