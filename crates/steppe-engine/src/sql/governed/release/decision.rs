//! Which groups of an answer are let go.

use std::{
    cell::RefCell,
    collections::{BTreeMap, BTreeSet, HashMap, HashSet},
    rc::Rc,
};

use roaring::RoaringBitmap;
use steppe_privacy::{
    cells::{Cell, suppress},
    ledger::{Decision, Ledger, Query, Refusal},
};

use super::node::{Shape, Tells};
use crate::{EngineError, sql::governed::people_set::PeopleSet};

/// Associations of two columns are released of at least so many minimum cells of people: with each of many known columns
/// an association is one more equation for the values of the same people.
const CELLS_OF_ASSOCIATION: u64 = 10;

/// A group before it is let go.
#[derive(Debug)]
pub(super) struct Group {
    /// Its keys as texts, which order groups.
    pub(super) key: Vec<String>,
    /// Its hidden sets of people.
    pub(super) sets: Vec<PeopleSet>,
    /// Its hidden sums, in steps of their bounds.
    pub(super) sums: Vec<i64>,
}

/// What is let go.
#[derive(Debug, PartialEq)]
pub(super) struct Outcome {
    /// Of each group whether it is.
    pub(super) kept: Vec<bool>,
    /// Groups of people who are there that are not.
    pub(super) suppressed: usize,
    /// Values that are left out of groups that are: group and item.
    pub(super) withheld: BTreeSet<(usize, usize)>,
    /// Of each item its numbers with noise, in place of the true ones; empty where there is none.
    pub(super) noisy: Vec<Noisy>,
}

/// Numbers with noise, of each group.
#[derive(Debug, PartialEq)]
pub(super) enum Noisy {
    /// Counts.
    Counts(Vec<u64>),
    /// Means.
    Means(Vec<f64>),
}

/// Why nothing is answered.
#[derive(Debug)]
pub(super) enum Refused {
    /// Something that the statement can change.
    Statement(EngineError),
    /// The groups are too small, alone or with what was told before.
    Few(Refusal),
    /// The day's budget does not suffice.
    Spent(EngineError),
}

impl From<EngineError> for Refused {
    fn from(error: EngineError) -> Self {
        Self::Statement(error)
    }
}

/// Decides on the groups of a statement and enters what is let go in the ledger. The groups are in the order of their
/// keys, so that the decision does not depend on how they were found.
pub(super) fn decide(
    shape: &Shape,
    groups: &[Group],
    minimum: u64,
    ledger: &mut Ledger,
) -> Result<Outcome, Refused> {
    check(shape, groups)?;
    let mut kept = not_suppressed(shape, groups, minimum)?;
    let contexts = Contexts::new(shape, groups);
    let answers: Vec<Vec<Answer<'_>>> =
        (0..groups.len()).map(|group| answers(shape, &groups[group], group, &contexts)).collect();
    answer(&mut kept, &answers, ledger)?;
    let is_anybody = |group: &Group| !group.sets[shape.base].people.is_empty();
    if shape.keys.is_empty() {
        if kept.contains(&false) {
            return Err(Refused::Few(Refusal::Few));
        }
    } else {
        for (kept, group) in kept.iter_mut().zip(groups) {
            *kept &= is_anybody(group);
        }
    }
    let suppressed = groups.iter().zip(&kept).filter(|(group, kept)| is_anybody(group) && !**kept).count();
    let withheld = withheld(shape, groups, &kept, minimum * CELLS_OF_ASSOCIATION);
    Ok(Outcome { kept, suppressed, withheld, noisy: Vec::new() })
}

/// Checks that everybody counts once.
pub(super) fn check(shape: &Shape, groups: &[Group]) -> Result<(), EngineError> {
    let counted = shape.items.iter().map(|item| item.set).chain([shape.base]);
    if counted.clone().any(|set| groups.iter().any(|group| group.sets[set].is_twice)) {
        return Err(EngineError::refused(
            "a person counts twice in a group",
            "add GROUP BY run, score, or choose one score of one run by WHERE",
        ));
    }
    Ok(())
}

/// Of each group whether no table of counts makes it small, or leaves it out to protect another.
fn not_suppressed(shape: &Shape, groups: &[Group], minimum: u64) -> Result<Vec<bool>, EngineError> {
    let places = (0..shape.keys.len()).map(|dimension| {
        let categories: BTreeSet<&str> = groups.iter().map(|group| &*group.key[dimension]).collect();
        categories.into_iter().zip(0u32..).collect::<BTreeMap<_, _>>()
    });
    let places: Vec<_> = places.collect();
    let key = |group: &Group| -> Vec<u32> {
        let category =
            |(key, places): (&String, &BTreeMap<&str, u32>)| places.get(&**key).copied().unwrap_or(0);
        group.key.iter().zip(&places).map(category).collect()
    };
    let mut kept = vec![true; groups.len()];
    for counts in tables(shape, groups) {
        let cells: Vec<Cell> =
            groups.iter().zip(counts).map(|(group, people)| Cell { key: key(group), people }).collect();
        let suppression = suppress(&cells, minimum)?;
        for (kept, suppressed) in kept.iter_mut().zip(suppression.cells) {
            *kept &= suppressed.is_none();
        }
    }
    Ok(kept)
}

/// The different tables of counts that an answer shows or lets calculate: of the people, of those who have a value, of
/// those who have none, and of those who have one of few values.
fn tables(shape: &Shape, groups: &[Group]) -> BTreeSet<Vec<u64>> {
    let count = |of: &dyn Fn(&Group) -> u64| -> Vec<u64> { groups.iter().map(of).collect() };
    let mut tables = BTreeSet::from([count(&|group| group.sets[shape.base].people.len())]);
    for item in &shape.items {
        let people = |group: &Group| group.sets[item.set].people.len();
        tables.insert(count(&people));
        let without = |group: &Group| group.sets[shape.base].people.len().saturating_sub(people(group));
        tables.insert(count(&without));
        let arguments = groups.iter().map(|group| group.sets[item.set].by_value.len()).max().unwrap_or(0);
        for argument in 0..arguments {
            let by_value = |group: &Group| {
                group.sets[item.set].by_value.get(argument).cloned().flatten().unwrap_or_default()
            };
            let values: BTreeSet<u64> =
                groups.iter().flat_map(by_value).map(|(value, _)| value.to_bits()).collect();
            for value in values {
                let of_value = |group: &Group| {
                    let there = by_value(group).into_iter().find(|(there, _)| there.to_bits() == value);
                    there.map_or(0, |(_, people)| people.len())
                };
                tables.insert(count(&of_value));
            }
        }
    }
    tables
}

/// A set that is answered, with the sets that remain without conditions on one of the columns.
struct Answer<'a> {
    set: &'a RoaringBitmap,
    contexts: Vec<Rc<RoaringBitmap>>,
}

fn answers<'a>(shape: &Shape, group: &'a Group, at: usize, contexts: &Contexts<'_>) -> Vec<Answer<'a>> {
    let base = &group.sets[shape.base].people;
    let mut answers = vec![Answer { set: base, contexts: contexts.of(at, &shape.of_base) }];
    for item in &shape.items {
        let set = &group.sets[item.set];
        let few = set.by_value.iter().flatten().flatten().map(|(_, people)| people);
        for people in std::iter::once(&set.people).chain(few) {
            if !answers.iter().any(|answer| answer.set == people) {
                answers.push(Answer { set: people, contexts: contexts.of(at, &item.conditions) });
            }
        }
    }
    answers
}

/// Enters the sets of groups in the ledger: all at once, or else as many groups as it lets go.
fn answer(kept: &mut [bool], answers: &[Vec<Answer<'_>>], ledger: &mut Ledger) -> Result<(), EngineError> {
    let wanted: Vec<usize> = (0..kept.len()).filter(|&group| kept[group]).collect();
    let all = checked(&wanted, answers, ledger);
    if all.is_answer() {
        return Ok(ledger.commit(all)?);
    }
    for group in wanted {
        let decision = checked(&[group], answers, ledger);
        kept[group] = decision.is_answer();
        ledger.commit(decision)?;
    }
    Ok(())
}

/// What the ledger says of some groups.
fn checked(groups: &[usize], answers: &[Vec<Answer<'_>>], ledger: &Ledger) -> Decision {
    // It looks at all contexts before any set. Many sets have the same, and once is enough.
    let mut known = HashSet::new();
    let contexts = groups.iter().flat_map(|&group| &answers[group]).flat_map(|answer| &answer.contexts);
    let contexts: Vec<RoaringBitmap> = contexts
        .filter(|context| known.insert(Rc::as_ptr(context)))
        .map(|context| RoaringBitmap::clone(context))
        .collect();
    let sets = groups.iter().flat_map(|&group| &answers[group]);
    let mut queries: Vec<Query<'_>> = sets.map(|answer| Query::new(answer.set)).collect();
    if let Some(first) = queries.first_mut() {
        *first = first.within(&contexts);
    }
    ledger.check_all(&queries)
}

/// People by the keys that are not on some column.
type ByKey<'a> = HashMap<Vec<&'a str>, Rc<RoaringBitmap>>;

/// Who would be there without the conditions on one column.
struct Contexts<'a> {
    shape: &'a Shape,
    groups: &'a [Group],
    /// By the conditions and the column that is left out.
    found: RefCell<HashMap<(Vec<usize>, usize), ByKey<'a>>>,
    columns: Vec<&'a str>,
}

impl<'a> Contexts<'a> {
    fn new(shape: &'a Shape, groups: &'a [Group]) -> Self {
        let of_conditions = shape.conditions.iter().flat_map(|condition| &condition.columns);
        let columns: BTreeSet<&str> =
            shape.keys.iter().flatten().chain(of_conditions).map(|column| &**column).collect();
        Self { shape, groups, found: RefCell::default(), columns: columns.into_iter().collect() }
    }

    /// Of each column that a group's keys or conditions are on, the people without those.
    fn of(&self, group: usize, conditions: &[usize]) -> Vec<Rc<RoaringBitmap>> {
        let is_on = |column: &str| {
            let of_key = self.shape.keys.iter().any(|key| key.contains(column));
            of_key || conditions.iter().any(|&at| self.shape.conditions[at].columns.contains(column))
        };
        let columns = (0..self.columns.len()).filter(|&column| is_on(self.columns[column]));
        let mut contexts: Vec<Rc<RoaringBitmap>> = Vec::new();
        for column in columns {
            let context = self.without(group, conditions, column);
            if !contexts.contains(&context) {
                contexts.push(context);
            }
        }
        contexts
    }

    fn without(&self, group: usize, conditions: &[usize], column: usize) -> Rc<RoaringBitmap> {
        let mut found = self.found.borrow_mut();
        let by_key = found
            .entry((conditions.to_vec(), column))
            .or_insert_with(|| self.united(conditions, self.columns[column]));
        by_key.get(&self.key(&self.groups[group], self.columns[column])).cloned().unwrap_or_default()
    }

    /// The keys that are not on a column.
    fn key(&self, group: &'a Group, column: &str) -> Vec<&'a str> {
        let keys = group.key.iter().zip(&self.shape.keys);
        keys.filter(|(_, columns)| !columns.contains(column)).map(|(key, _)| &**key).collect()
    }

    fn united(&self, conditions: &[usize], column: &str) -> ByKey<'a> {
        let mut by_key: HashMap<Vec<&str>, RoaringBitmap> = HashMap::new();
        for group in self.groups {
            let rest = conditions.iter().map(|&at| &self.shape.conditions[at]);
            let rest = rest.filter(|condition| !condition.columns.contains(column));
            let mut people = group.sets[self.shape.all].people.clone();
            for condition in rest {
                people &= &group.sets[condition.set].people;
            }
            *by_key.entry(self.key(group, column)).or_default() |= people;
        }
        by_key.into_iter().map(|(key, people)| (key, Rc::new(people))).collect()
    }
}

fn withheld(shape: &Shape, groups: &[Group], kept: &[bool], minimum: u64) -> BTreeSet<(usize, usize)> {
    let of_associations = shape.items.iter().enumerate().filter(|(_, item)| item.tells == Tells::Association);
    let mut withheld = BTreeSet::new();
    for (at, item) in of_associations {
        let is_small = |group: &usize| kept[*group] && groups[*group].sets[item.set].people.len() < minimum;
        withheld.extend((0..groups.len()).filter(is_small).map(|group| (group, at)));
    }
    withheld
}
