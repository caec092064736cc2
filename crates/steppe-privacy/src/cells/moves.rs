//! Changes of a table that what is published does not show.

use std::collections::BTreeSet;

use super::{MAX_DIMENSIONS, table::Table};

/// What must not be known: the sum of these elements.
pub(super) type Target = Vec<usize>;

/// What a move costs, less first: whether the grand total goes, other margins that go, people in cells that go, and
/// what goes, so that the choice is one.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Cost {
    grand_total: bool,
    margins: usize,
    people: u64,
    elements: Vec<usize>,
}

/// The moves between two cells, by the number of dimensions in which they differ: partitions of these.
pub(super) struct Moves {
    partitions: Vec<Vec<Vec<usize>>>,
    /// Targets that a move changes unseen; further suppression does not show it.
    hidden: BTreeSet<Target>,
}

impl Moves {
    pub(super) fn new() -> Self {
        Self { partitions: (0..=MAX_DIMENSIONS).map(partitions).collect(), hidden: BTreeSet::new() }
    }

    /// The first small count, or small total of suppressed counts, that can be calculated.
    pub(super) fn first_exposed(&mut self, table: &Table) -> Option<Target> {
        for target in targets(table) {
            if self.hidden.contains(&target) {
                continue;
            }
            if search(self, table, &target, true).is_none() {
                return Some(target);
            }
            self.hidden.insert(target);
        }
        None
    }

    /// What to suppress so that the target is hidden, with the least new suppression.
    pub(super) fn cheapest(&self, table: &Table, target: &Target) -> Vec<usize> {
        search(self, table, target, false).map(|cost| cost.elements).unwrap_or_default()
    }
}

/// What must be hidden: small counts, and small totals of what is suppressed in a line.
fn targets(table: &Table) -> impl Iterator<Item = Target> {
    let small = |&at: &usize| table.is_small(table.elements[at].people);
    let counts = (0..table.elements.len()).filter(small).map(|at| vec![at]);
    let totals = table.lines.iter().filter_map(|(sum, parts)| {
        let is_left_out = |&at: &usize| table.elements[at].suppressed.is_some();
        let left_out: Vec<usize> = parts.iter().copied().filter(is_left_out).collect();
        let people = left_out.iter().map(|&at| table.elements[at].people).sum();
        let is_known = table.elements[*sum].suppressed.is_none();
        (is_known && table.is_small(people)).then_some(left_out)
    });
    counts.chain(totals)
}

/// The cheapest move that changes the target; with `free_only` any that costs nothing.
fn search(moves: &Moves, table: &Table, target: &Target, free_only: bool) -> Option<Cost> {
    let mut best: Option<Cost> = None;
    for &cell in table.cells.iter().filter(|&&cell| touches(table, target, cell)) {
        let consider = |best: &mut Option<Cost>, change: &[(usize, i64)]| {
            if !is_too_dear(best.as_ref(), new_people(table, change), free_only)
                && let Some(cost) = cost(table, target, change)
                && (cost.elements.is_empty() || !free_only)
                && best.as_ref().is_none_or(|best| cost < *best)
            {
                *best = Some(cost);
            }
            best.as_ref().is_some_and(|best| best.elements.is_empty())
        };
        if consider(&mut best, &[(cell, 1)]) {
            return best;
        }
        for &other in table.cells.iter().filter(|&&other| other != cell) {
            if is_too_dear(best.as_ref(), new_people(table, &[(other, 1)]), free_only) {
                continue;
            }
            let dimensions = table.differing(cell, other);
            for blocks in &moves.partitions[dimensions.len()] {
                if let Some(change) = change(table, cell, other, &dimensions, blocks)
                    && consider(&mut best, &change)
                {
                    return best;
                }
            }
        }
    }
    best
}

/// Whether newly suppressing cells of so many people can not be better than what was found.
fn is_too_dear(best: Option<&Cost>, people: u64, free_only: bool) -> bool {
    (free_only && people > 0) || best.is_some_and(|best| best.margins == 0 && people > best.people)
}

fn touches(table: &Table, target: &Target, cell: usize) -> bool {
    table.containing(cell).iter().any(|at| target.contains(at))
}

/// People of cells that a change would newly suppress.
fn new_people(table: &Table, change: &[(usize, i64)]) -> u64 {
    let new = change.iter().map(|&(cell, _)| &table.elements[cell]).filter(|cell| cell.suppressed.is_none());
    new.map(|cell| cell.people).sum()
}

/// The product of differences between two cells over blocks of dimensions; `None` where it would put people into a
/// cell that is published as empty, or take the only person out of one that is not, by either sign.
fn change(
    table: &Table,
    cell: usize,
    other: usize,
    dimensions: &[usize],
    blocks: &[usize],
) -> Option<Vec<(usize, i64)>> {
    let count = blocks.iter().max().map_or(0, |last| last + 1);
    let mut change = Vec::with_capacity(1 << count);
    for chosen in 0..1usize << count {
        let of_other = |dimension: usize| {
            let place = dimensions.iter().position(|&differing| differing == dimension);
            place.is_some_and(|place| chosen >> blocks[place] & 1 == 1)
        };
        let sign = if chosen.count_ones() % 2 == 0 { 1 } else { -1 };
        change.push((table.mixed(cell, other, of_other)?, sign));
    }
    let leaves_people =
        |sign: i64| change.iter().all(|&(cell, change)| change * sign > 0 || table.elements[cell].people > 1);
    (leaves_people(1) || leaves_people(-1)).then_some(change)
}

/// The cost of a change with all its sums; `None` if the target stays as it is.
fn cost(table: &Table, target: &Target, change: &[(usize, i64)]) -> Option<Cost> {
    let mut sums: Vec<(usize, i64)> = change
        .iter()
        .flat_map(|&(cell, sign)| table.containing(cell).iter().map(move |&at| (at, sign)))
        .collect();
    sums.sort_unstable();
    let mut of_target = 0;
    let mut cost = Cost { grand_total: false, margins: 0, people: 0, elements: Vec::new() };
    for run in sums.chunk_by(|one, other| one.0 == other.0) {
        let (at, difference) = (run[0].0, run.iter().map(|(_, sign)| sign).sum::<i64>());
        if difference == 0 {
            continue;
        }
        if target.contains(&at) {
            of_target += difference;
        }
        if table.elements[at].suppressed.is_none() {
            cost.elements.push(at);
            if table.is_margin(at) {
                cost.grand_total |= table.is_grand_total(at);
                cost.margins += 1;
            } else {
                cost.people += table.elements[at].people;
            }
        }
    }
    (of_target != 0).then_some(cost)
}

/// All partitions of `count` things into blocks, as each thing's block (restricted growth strings).
fn partitions(count: usize) -> Vec<Vec<usize>> {
    let mut partitions = vec![Vec::new()];
    for _ in 0..count {
        let longer = |partition: Vec<usize>| {
            let blocks = partition.iter().max().map_or(0, |last| last + 1);
            (0..=blocks).map(move |block| partition.iter().copied().chain([block]).collect())
        };
        partitions = partitions.into_iter().flat_map(longer).collect();
    }
    partitions
}
