//! The reduced row echelon form of what was answered, over the atoms.
//!
//! With *r* independent sets and *m* atoms let **B** be the 0/1 matrix (r × m) of which atom is in which set. The reduced
//! form is **TB** for the r × r matrix **T** for which the columns of *r* atoms, the pivots, are unit vectors. **TB** is
//! not kept: sets over several columns soon make a hundred thousand atoms. Kept are **T** and, of each atom, its column
//! of **B** as bits; an entry of **TB** is a sum over the bits of a column. That a row has many people is seen from the
//! first entries that are not 0; those are remembered as its witnesses.

use std::collections::BTreeMap;

use super::{
    atoms::{Atoms, Mark, Split},
    field,
};

/// Atoms that are looked at to find a large one for a pivot, once there is any.
const PIVOT_CANDIDATES: usize = 4096;

#[derive(Debug, Clone, Default)]
pub(super) struct Echelon {
    /// Words of a column.
    stride: usize,
    /// Of each atom the bits of the independent sets that it is in.
    columns: Vec<u64>,
    /// Rows of **T**.
    transform: Vec<Vec<u64>>,
    /// Of each row the atom whose column is a unit vector.
    pivots: Vec<usize>,
    /// Of each row atoms where it was not 0 when last seen.
    witnesses: Vec<Vec<usize>>,
    /// Of each independent set the sum of its people's marks.
    marks: Vec<Mark>,
}

impl Echelon {
    /// Independent sets.
    pub(super) fn rank(&self) -> usize {
        self.pivots.len()
    }

    /// Gives columns to atoms that are in no set.
    pub(super) fn add_atoms(&mut self, atoms: &Atoms) {
        self.columns.resize(atoms.count() * self.stride, 0);
    }

    /// Gives the parts of split atoms the columns of the whole.
    pub(super) fn split(&mut self, splits: &[Split]) {
        for split in splits {
            let column = split.outside * self.stride..(split.outside + 1) * self.stride;
            self.columns.extend_from_within(column);
        }
    }

    /// The combination of the earlier sets and, last, of a set of whole atoms that is 0 at all pivots. `Some` with an
    /// atom where it is not 0, a large one if there is; `None` if it is 0 everywhere: the set is a combination of the
    /// others.
    pub(super) fn residual(
        &self,
        atoms: &Atoms,
        inside: &[u64],
        first: &[Split],
    ) -> Option<(Vec<u64>, usize)> {
        let mut residual = vec![0; self.rank() + 1];
        residual[self.rank()] = 1;
        for (row, &pivot) in self.transform.iter().zip(&self.pivots) {
            if inside[pivot] > 0 {
                for (sum, &term) in residual.iter_mut().zip(row) {
                    *sum = field::subtract(*sum, term);
                }
            }
        }
        let mut pivot: Option<usize> = None;
        // The two parts of a split atom differ by 1, so one of them is no 0.
        let parts = first.iter().flat_map(|split| [split.outside, split.inside]);
        for (looked_at, atom) in parts.chain(0..atoms.count()).enumerate() {
            if looked_at > PIVOT_CANDIDATES && pivot.is_some() {
                break;
            }
            let is_larger = pivot.is_none_or(|pivot| atoms.people(atom) > atoms.people(pivot));
            let own = if inside[atom] > 0 { 1 } else { 0 };
            if is_larger && field::reduce(u128::from(self.sum(&residual, atom)) + own) != 0 {
                pivot = Some(atom);
            }
        }
        pivot.map(|pivot| (residual, pivot))
    }

    /// Adds a set of whole atoms with its residual, so that the pivot's column becomes a unit vector.
    pub(super) fn push(&mut self, atoms: &Atoms, inside: &[u64], mut residual: Vec<u64>, pivot: usize) {
        let bit = self.rank();
        let mut mark = [0; 2];
        self.widen(bit + 1, inside.len());
        for (atom, _) in inside.iter().enumerate().filter(|(_, inside)| **inside > 0) {
            self.columns[atom * self.stride + bit / 64] |= 1 << (bit % 64);
            mark = field::add_pairs(mark, atoms.mark(atom));
        }
        self.marks.push(mark);
        let scale = field::invert(self.sum(&residual, pivot));
        for term in &mut residual {
            *term = field::multiply(*term, scale);
        }
        for row in 0..self.transform.len() {
            self.transform[row].push(0);
            let factor = self.sum(&self.transform[row], pivot);
            if factor != 0 {
                for (term, &new) in self.transform[row].iter_mut().zip(&residual) {
                    *term = field::subtract(*term, field::multiply(factor, new));
                }
            }
        }
        self.transform.push(residual);
        self.pivots.push(pivot);
        self.witnesses.push(vec![pivot]);
    }

    /// Whether every row is about at least so many people.
    pub(super) fn has_only_large_rows(&mut self, atoms: &Atoms, minimum: u64) -> bool {
        (0..self.rank()).all(|row| self.is_large(row, atoms, minimum))
    }

    /// Whether no combination of two atoms that are together fewer people is one of the sets.
    ///
    /// Either one row has both atoms (and is found by [`Self::has_only_large_rows`]), or both are pivots, and what their
    /// rows have beside the pivots is the same up to a factor. That is compared by the ratio of the two sums of its
    /// marks, which tells rows apart but for chance, and that only refuses.
    pub(super) fn has_only_large_pairs(&self, atoms: &Atoms, minimum: u64) -> bool {
        let mut fewest: BTreeMap<u64, u64> = BTreeMap::new();
        for (row, &pivot) in self.transform.iter().zip(&self.pivots) {
            let people = atoms.people(pivot);
            if people >= minimum {
                continue;
            }
            let sum = |half: usize| {
                let terms = row.iter().zip(&self.marks);
                field::reduce(terms.map(|(&term, mark)| u128::from(field::multiply(term, mark[half]))).sum())
            };
            let beside = field::subtract_pairs([sum(0), sum(1)], atoms.mark(pivot));
            let ratio = field::multiply(beside[0], field::invert(beside[1]));
            if fewest.get(&ratio).is_some_and(|other| other + people < minimum) {
                return false;
            }
            let known = fewest.entry(ratio).or_insert(people);
            *known = people.min(*known);
        }
        true
    }

    fn is_large(&mut self, row: usize, atoms: &Atoms, minimum: u64) -> bool {
        let terms = &self.transform[row];
        let mut witnesses: Vec<usize> = self.witnesses[row].clone();
        witnesses.retain(|&atom| self.sum(terms, atom) != 0);
        let mut people: u64 = witnesses.iter().map(|&atom| atoms.people(atom)).sum();
        for atom in 0..atoms.count() {
            if people >= minimum {
                break;
            }
            if !witnesses.contains(&atom) && self.sum(terms, atom) != 0 {
                people += atoms.people(atom);
                witnesses.push(atom);
            }
        }
        self.witnesses[row] = witnesses;
        people >= minimum
    }

    /// An entry of a row of **TB**: the sum of the row's terms over the sets that an atom is in.
    fn sum(&self, terms: &[u64], atom: usize) -> u64 {
        let column = &self.columns[atom * self.stride..(atom + 1) * self.stride];
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

    /// Makes columns long enough for so many sets.
    fn widen(&mut self, sets: usize, atoms: usize) {
        let stride = sets.div_ceil(64);
        if stride > self.stride {
            let mut wider = vec![0; atoms * stride];
            if self.stride > 0 {
                for (new, old) in wider.chunks_mut(stride).zip(self.columns.chunks(self.stride)) {
                    new[..old.len()].copy_from_slice(old);
                }
            }
            (self.columns, self.stride) = (wider, stride);
        }
    }
}
