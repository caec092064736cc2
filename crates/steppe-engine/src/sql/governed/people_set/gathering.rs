//! Sets of people while their rows come.

use roaring::RoaringBitmap;

use super::{FEW_VALUES, PeopleSet};

/// People that wait to be added together: a set is built faster from many in their order.
const WAITING: usize = 4096;

/// People, of whom some are not in the set yet.
#[derive(Debug, Default)]
struct Members {
    set: RoaringBitmap,
    waiting: Vec<u32>,
    /// Whether somebody came twice, as far as is known.
    is_twice: bool,
}

impl Members {
    /// Adds somebody, and tells how many bytes that took.
    fn add(&mut self, person: u32) -> usize {
        let before = self.waiting.capacity();
        self.waiting.push(person);
        let grown = (self.waiting.capacity() - before) * size_of::<u32>();
        if self.waiting.len() < WAITING { grown } else { grown + self.settle() }
    }

    /// Puts those who wait into the set, and tells how many bytes that took.
    fn settle(&mut self) -> usize {
        let before = self.set.serialized_size();
        let (count, there) = (self.waiting.len() as u64, self.set.len());
        // Files mostly have the cohort's order.
        if !self.waiting.is_sorted() {
            self.waiting.sort_unstable();
        }
        self.waiting.dedup();
        let new = RoaringBitmap::from_sorted_iter(self.waiting.iter().copied());
        self.set |= new.unwrap_or_else(|_| self.waiting.iter().copied().collect());
        self.waiting.clear();
        self.is_twice |= self.set.len() < there + count;
        self.set.serialized_size().saturating_sub(before)
    }

    /// Adds all of a set, and tells how many bytes that took.
    fn unite(&mut self, others: RoaringBitmap) -> usize {
        let grown = self.settle();
        let (before, together) = (self.set.serialized_size(), self.set.len() + others.len());
        self.set |= others;
        self.is_twice |= self.set.len() < together;
        grown + self.set.serialized_size().saturating_sub(before)
    }
}

/// A [`PeopleSet`] while its rows come.
#[derive(Debug, Default)]
pub(super) struct Gathering {
    people: Members,
    is_twice: bool,
    by_value: Vec<Option<Vec<(f64, Members)>>>,
}

impl Gathering {
    pub(super) fn of_arguments(count: usize) -> Self {
        let by_value = (0..count).map(|_| Some(Vec::new())).collect();
        Self { by_value, ..Self::default() }
    }

    /// Adds a person with its arguments, and tells how many bytes that took; a NaN argument is one value.
    pub(super) fn add(&mut self, person: u32, arguments: impl Iterator<Item = Option<f64>>) -> usize {
        let mut grown = self.people.add(person);
        for (values, argument) in self.by_value.iter_mut().zip(arguments) {
            let Some(there) = values else { continue };
            let same = |value: f64| argument.is_some_and(|argument| argument.to_bits() == value.to_bits());
            match (there.iter().position(|(value, _)| same(*value)), argument) {
                (Some(at), _) => grown += there[at].1.add(person),
                (None, Some(argument)) if there.len() < FEW_VALUES => {
                    let mut members = Members::default();
                    grown += size_of::<(f64, Members)>() + members.add(person);
                    there.push((argument, members));
                }
                _ => *values = None,
            }
        }
        grown
    }

    /// Adds what was gathered elsewhere, and tells how many bytes that took.
    pub(super) fn merge(&mut self, other: PeopleSet) -> usize {
        self.is_twice |= other.is_twice;
        let mut grown = self.people.unite(other.people);
        for (values, others) in self.by_value.iter_mut().zip(other.by_value) {
            let (Some(there), Some(others)) = (values.as_mut(), others) else {
                *values = None;
                continue;
            };
            for (value, people) in others {
                match there.iter_mut().find(|(there, _)| there.to_bits() == value.to_bits()) {
                    Some((_, members)) => grown += members.unite(people),
                    None => {
                        grown += size_of::<(f64, Members)>() + people.serialized_size();
                        there.push((value, Members { set: people, ..Members::default() }));
                    }
                }
            }
            if there.len() > FEW_VALUES {
                *values = None;
            }
        }
        grown
    }

    /// The set.
    pub(super) fn finish(&mut self) -> PeopleSet {
        let Self { mut people, is_twice, by_value } = std::mem::take(self);
        people.settle();
        let settled = |values: Vec<(f64, Members)>| {
            let members = values.into_iter().map(|(value, mut members)| {
                members.settle();
                (value, members.set)
            });
            members.collect()
        };
        let by_value = by_value.into_iter().map(|values| values.map(settled)).collect();
        PeopleSet { is_twice: is_twice || people.is_twice, people: people.set, by_value }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn order_and_number_do_not_matter_and_who_comes_twice_is_seen() {
        let many = WAITING as u32 * 3 + 7;
        let gathered = |people: &mut dyn Iterator<Item = u32>| {
            let mut gathering = Gathering::of_arguments(0);
            let bytes: usize = people.map(|person| gathering.add(person, [].into_iter())).sum();
            (gathering.finish(), bytes)
        };
        let (upwards, bytes) = gathered(&mut (0..many));
        assert_eq!((upwards.people.len(), upwards.is_twice), (u64::from(many), false));
        assert!(bytes >= upwards.people.serialized_size());
        assert_eq!(gathered(&mut (0..many).rev()).0, upwards);
        assert_eq!(gathered(&mut (0..many).map(|person| person * 11 % many)).0, upwards);
        for again in [0, 5000, many - 1] {
            assert!(gathered(&mut (0..many).chain([again])).0.is_twice, "{again}");
        }
    }
}
