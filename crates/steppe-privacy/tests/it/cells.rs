//! Suppression against brute force: every small count has another table that fits what is published.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use steppe_privacy::cells::{Cell, Suppressed, Suppression, suppress};

type Key = Vec<Option<u32>>;

fn table(categories: &[u32], people: &[u64]) -> Vec<Cell> {
    let mut keys = vec![Vec::new()];
    for &categories in categories {
        keys = keys
            .iter()
            .flat_map(|key: &Vec<u32>| {
                (0..categories).map(move |category| [key.as_slice(), &[category]].concat())
            })
            .collect();
    }
    keys.into_iter().zip(people).map(|(key, &people)| Cell { key, people }).collect()
}

/// Sums over all subsets of dimensions, of any counts of the cells.
fn sums(cells: &[Cell], counts: &[u64]) -> BTreeMap<Key, u64> {
    let mut sums = BTreeMap::new();
    for (cell, count) in cells.iter().zip(counts) {
        for mask in 0..1u32 << cell.key.len() {
            let key =
                cell.key.iter().enumerate().map(|(at, &category)| (mask >> at & 1 == 0).then_some(category));
            *sums.entry(key.collect()).or_insert(0) += count;
        }
    }
    sums
}

fn published(cells: &[Cell], suppression: &Suppression) -> BTreeSet<Key> {
    let hidden_cells = cells.iter().zip(&suppression.cells).filter(|(_, reason)| reason.is_some());
    let hidden: BTreeSet<Key> =
        hidden_cells.map(|(cell, _)| cell.key.iter().copied().map(Some).collect()).collect();
    let margins = suppression.margins.iter().filter(|margin| margin.suppressed.is_some());
    let hidden: BTreeSet<Key> = hidden.into_iter().chain(margins.map(|margin| margin.key.clone())).collect();
    let counts: Vec<u64> = cells.iter().map(|cell| cell.people).collect();
    sums(cells, &counts).into_keys().filter(|key| !hidden.contains(key)).collect()
}

/// Counts of 1 to k − 1 people that are the same in all tables that fit what is published. Tables are tried whose
/// suppressed cells differ by at most `reach` from the true ones, and have at least one person.
fn exposed(cells: &[Cell], suppression: &Suppression, minimum_cell: u64, reach: u64) -> BTreeSet<Key> {
    let published = published(cells, suppression);
    let truth: Vec<u64> = cells.iter().map(|cell| cell.people).collect();
    let true_sums = sums(cells, &truth);
    let mut small: BTreeSet<Key> = true_sums
        .iter()
        .filter(|(_, people)| (1..minimum_cell).contains(people))
        .map(|(key, _)| key.clone())
        .collect();
    let free: Vec<usize> = (0..cells.len()).filter(|&at| suppression.cells[at].is_some()).collect();
    let mut counts = truth.clone();
    let choices = 2 * reach + 1;
    for code in 0..choices.pow(free.len() as u32) {
        let mut rest = code;
        for &at in &free {
            counts[at] = (truth[at] + rest % choices).wrapping_sub(reach);
            rest /= choices;
        }
        if free.iter().any(|&at| counts[at] == 0 || counts[at] > u64::MAX / 2) {
            continue;
        }
        let other = sums(cells, &counts);
        if published.iter().all(|key| other[key] == true_sums[key]) {
            small.retain(|key| other[key] == true_sums[key]);
        }
        if small.is_empty() {
            break;
        }
    }
    small
}

fn small_tables() -> impl Strategy<Value = Vec<Cell>> {
    let shapes = prop_oneof![
        (2..7u32).prop_map(|count| vec![count]),
        Just(vec![2, 2]),
        Just(vec![2, 3]),
        Just(vec![3, 3]),
        Just(vec![2, 2, 2]),
        Just(vec![2, 4]),
    ];
    shapes.prop_flat_map(|shape| {
        let size = shape.iter().product::<u32>() as usize;
        let people = prop_oneof![3 => Just(0u64), 4 => 1..5u64, 4 => 5..40u64];
        proptest::collection::vec(people, size).prop_map(move |people| table(&shape, &people))
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn no_small_count_can_be_calculated(cells in small_tables(), minimum_cell in 2..8u64) {
        let suppression = suppress(&cells, minimum_cell).expect("a table");
        prop_assert_eq!(exposed(&cells, &suppression, minimum_cell, 1), BTreeSet::new());
        for (cell, reason) in cells.iter().zip(&suppression.cells) {
            let is_small = (1..minimum_cell).contains(&cell.people);
            prop_assert_eq!(*reason == Some(Suppressed::Small), is_small);
            prop_assert!(cell.people > 0 || reason.is_none(), "zeros are published");
        }
    }

    #[test]
    fn the_order_of_cells_does_not_matter(cells in small_tables(), minimum_cell in 2..8u64) {
        let reversed: Vec<Cell> = cells.iter().rev().cloned().collect();
        let one = suppress(&cells, minimum_cell).expect("a table");
        let mut other = suppress(&reversed, minimum_cell).expect("a table");
        other.cells.reverse();
        prop_assert_eq!(one, other);
    }

    #[test]
    fn what_is_left_out_of_a_line_is_of_nobody_or_of_many(people in proptest::collection::vec(0..30u64, 2..9), minimum_cell in 2..8u64) {
        let cells = table(&[people.len() as u32], &people);
        let suppression = suppress(&cells, minimum_cell).expect("a table");
        let left_out: u64 =
            cells.iter().zip(&suppression.cells).filter(|(_, reason)| reason.is_some()).map(|(cell, _)| cell.people).sum();
        let total_is_known = suppression.margins.iter().all(|margin| margin.suppressed.is_none());
        prop_assert!(!total_is_known || left_out == 0 || left_out >= minimum_cell);
    }
}

#[test]
fn the_checker_finds_what_is_exposed() {
    let cells = table(&[2, 2], &[3, 40, 50, 60]);
    let counts: Vec<u64> = cells.iter().map(|cell| cell.people).collect();
    let margins = sums(&cells, &counts)
        .into_iter()
        .filter(|(key, _)| key.contains(&None))
        .map(|(key, people)| steppe_privacy::cells::Margin { key, people, suppressed: None });
    let mut naive =
        Suppression { cells: vec![Some(Suppressed::Small), None, None, None], margins: margins.collect() };
    assert_eq!(exposed(&cells, &naive, 5, 3), [vec![Some(0), Some(0)]].into());
    naive.cells[1] = Some(Suppressed::Complementary);
    assert_eq!(exposed(&cells, &naive, 5, 3).len(), 1, "one partner is not enough in two dimensions");
    naive.cells = vec![Some(Suppressed::Complementary); 4];
    assert!(exposed(&cells, &naive, 5, 3).is_empty());
}

#[test]
fn the_cheapest_partners_are_taken() {
    let chosen = |categories: &[u32], people: &[u64], minimum_cell| {
        let suppression = suppress(&table(categories, people), minimum_cell).expect("a table");
        let cells: Vec<bool> = suppression.cells.iter().map(Option::is_some).collect();
        let margins = suppression.margins.iter().filter(|margin| margin.suppressed.is_some()).count();
        (cells, margins)
    };
    assert_eq!(chosen(&[4], &[3, 50, 20, 30], 5), (vec![true, false, true, false], 0));
    assert_eq!(chosen(&[3], &[0, 50, 20], 5), (vec![false, false, false], 0));
    assert_eq!(chosen(&[2, 3], &[3, 20, 90, 40, 50, 60], 5), (vec![true, true, false, true, true, false], 0));
    // Five cells of one person each in a total of five are known without being published: the total goes.
    assert_eq!(chosen(&[5], &[1; 5], 5), (vec![true; 5], 1));
    assert_eq!(chosen(&[5], &[2, 1, 1, 1, 0], 5).1, 0);
    // Two of one line that are few together take a third.
    assert_eq!(chosen(&[3], &[1, 2, 97], 5), (vec![true; 3], 0));
    // Nothing else in its row and column: two people change places, and the margins of both go, but not the total.
    let (cells, margins) = chosen(&[2, 2], &[3, 0, 0, 100], 5);
    assert_eq!((cells, margins), (vec![true, false, false, true], 4));
}

#[test]
fn tables_that_are_none_are_refused() {
    let cell = |key: &[u32], people| Cell { key: key.to_vec(), people };
    let message =
        |cells: &[Cell], minimum_cell| suppress(cells, minimum_cell).expect_err("a fault").to_string();
    assert!(message(&[], 1).contains("minimum cell is 1"));
    assert!(message(&[cell(&[1], 5), cell(&[1], 5)], 5).contains("twice"));
    assert!(message(&[cell(&[1], 5), cell(&[1, 2], 5)], 5).contains("dimensions"));
    assert!(message(&[cell(&[1], u64::MAX), cell(&[2], 5)], 5).contains("64 bits"));
    assert!(message(&[cell(&[0; 6], 5)], 5).contains("6 dimensions"));
    assert!(message(&vec![cell(&[0], 5); 4097], 5).contains("4097 cells"));
    let alone = suppress(&[cell(&[], 3)], 5).expect("a table without dimensions");
    assert_eq!((alone.cells, alone.margins), (vec![Some(Suppressed::Small)], vec![]));
}
