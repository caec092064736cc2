//! Differencing, replayed: counts of cases in ranges of a sorted score, against 2,000 people of whom 8 % are cases.

use std::collections::{BTreeMap, BTreeSet};

use roaring::RoaringBitmap;
use steppe_privacy::ledger::{Ledger, Limits, Query};

const PEOPLE: u32 = 2000;
const MINIMUM_CELL: u64 = 20;
/// A range of ranks, from and to.
type Range = (u32, u32);

/// Labels by rank: repeatable, 160 cases.
fn cases() -> Vec<bool> {
    let mut by_dice: Vec<(u64, u32)> = (0..PEOPLE)
        .map(|person| {
            (
                u64::from(person + 1)
                    .wrapping_mul(0x9E37_79B9_7F4A_7C15)
                    .rotate_left(31)
                    .wrapping_mul(0xBF58_476D_1CE4_E5B9),
                person,
            )
        })
        .collect();
    by_dice.sort_unstable();
    let chosen: BTreeSet<u32> = by_dice.iter().take(160).map(|&(_, person)| person).collect();
    (0..PEOPLE).map(|person| chosen.contains(&person)).collect()
}

/// The 1,982 ranges from the first rank to each of the last 1,982.
fn growing() -> Vec<Range> {
    (19..=PEOPLE).map(|end| (0, end)).collect()
}

fn sliding(width: u32) -> Vec<Range> {
    (0..=PEOPLE - width).map(|start| (start, start + width)).collect()
}

fn at_random(count: usize) -> Vec<Range> {
    let mut dice = 1u64;
    let mut below = |bound: u32| {
        dice = dice.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (dice >> 33) as u32 % bound
    };
    let ranges = std::iter::from_fn(|| Some((below(PEOPLE), below(PEOPLE) + 1)));
    ranges.filter(|(from, to)| from < to).take(count).collect()
}

/// What an attacker knows: cases in ranges.
type Answers = Vec<(Range, u32)>;

fn count(cases: &[bool], (from, to): Range) -> u32 {
    cases[from as usize..to as usize].iter().filter(|case| **case).count() as u32
}

/// Answers under a minimum size alone.
fn without_ledger(cases: &[bool], ranges: &[Range]) -> Answers {
    let is_answered = |&&(from, to): &&Range| u64::from(to - from) >= MINIMUM_CELL;
    ranges.iter().filter(is_answered).map(|&range| (range, count(cases, range))).collect()
}

/// Answers of a ledger: people and cases in each range, cases within the people and within all cases.
fn with_ledger(cases: &[bool], ranges: &[Range]) -> Answers {
    let everybody: RoaringBitmap = (0..PEOPLE).collect();
    let all_cases: RoaringBitmap = (0..PEOPLE).filter(|&person| cases[person as usize]).collect();
    let mut ledger = Ledger::new(&everybody, MINIMUM_CELL, Limits::default()).expect("a ledger");
    let mut answers = vec![((0, PEOPLE), all_cases.len() as u32)];
    for &(from, to) in ranges {
        let people: RoaringBitmap = (from..to).collect();
        let decision = ledger.check(&people);
        ledger.commit(decision).expect("nothing in between");
        let (cases, contexts) = (&people & &all_cases, [people, all_cases.clone()]);
        let decision = ledger.check_all(&[Query::new(&cases).within(&contexts)]);
        if decision.is_answer() {
            answers.push(((from, to), cases.len() as u32));
        }
        ledger.commit(decision).expect("nothing in between");
    }
    answers
}

/// Ranges with known counts that no known range divides, found by solving all differences: ends of ranges whose counts
/// up to them are known relative to each other are one group.
fn finest(answers: &Answers) -> Vec<(Range, u32)> {
    let mut neighbours: BTreeMap<u32, Vec<(u32, i64)>> = BTreeMap::new();
    for &((from, to), count) in answers {
        neighbours.entry(from).or_default().push((to, i64::from(count)));
        neighbours.entry(to).or_default().push((from, -i64::from(count)));
    }
    let mut seen = BTreeSet::new();
    let mut finest = Vec::new();
    for &start in neighbours.keys() {
        let mut group = BTreeMap::new();
        let mut open = vec![(start, 0)];
        while let Some((end, before)) = open.pop() {
            if seen.insert(end) {
                group.insert(end, before);
                open.extend(neighbours[&end].iter().map(|&(other, count)| (other, before + count)));
            }
        }
        let ends: Vec<(u32, i64)> = group.into_iter().collect();
        finest.extend(ends.windows(2).map(|pair| ((pair[0].0, pair[1].0), (pair[1].1 - pair[0].1) as u32)));
    }
    finest
}

struct Guess {
    /// Share of labels that are guessed right.
    right: f64,
    /// Labels that follow from the answers.
    certain: usize,
}

/// The majority of the finest known range around each person; of nobody's case where nothing is known.
fn guess(cases: &[bool], answers: &Answers) -> Guess {
    let finest = finest(answers);
    let (mut right, mut certain) = (0, 0);
    for person in 0..PEOPLE {
        let around = finest.iter().filter(|((from, to), _)| (*from..*to).contains(&person));
        let best = around.min_by_key(|((from, to), _)| to - from);
        let is_case = best.is_some_and(|&((from, to), count)| 2 * count > to - from);
        certain += usize::from(best.is_some_and(|&((from, to), count)| count == 0 || count == to - from));
        right += usize::from(is_case == cases[person as usize]);
    }
    Guess { right: right as f64 / f64::from(PEOPLE), certain }
}

#[test]
fn a_minimum_size_alone_gives_nearly_all_labels_away() {
    let cases = cases();
    assert_eq!(growing().len(), 1982);
    let guess = guess(&cases, &without_ledger(&cases, &growing()));
    println!("without a ledger: {:.2} % right, {} certain", 100.0 * guess.right, guess.certain);
    assert!(guess.certain >= 1980, "{}", guess.certain);
    assert!(guess.right >= 0.98);
}

#[test]
fn with_the_ledger_no_guess_is_better_than_the_base_rate() {
    let cases = cases();
    let base_rate = 1.0 - 160.0 / f64::from(PEOPLE);
    let reversed = |ranges: Vec<Range>| ranges.into_iter().rev().collect::<Vec<_>>();
    let disjoint = |width: u32, offset: u32| {
        (0..PEOPLE / width - 1).map(move |at| (at * width + offset, (at + 1) * width + offset))
    };
    let attacks: Vec<(&str, Vec<Range>)> = vec![
        ("growing", growing()),
        ("growing from 400", (400..=PEOPLE).map(|end| (0, end)).collect()),
        ("sliding by 600", sliding(600)),
        ("at random", at_random(1982)),
        ("shrinking", reversed(growing())),
        ("sliding by 20", sliding(20)),
        ("all disjoint, at each offset", (0..20).flat_map(|offset| disjoint(20, offset)).collect()),
        ("disjoint of 37, then of 20", disjoint(37, 0).chain(disjoint(20, 3)).chain(growing()).collect()),
    ];
    let mut answered = 0;
    for (name, ranges) in attacks {
        let answers = with_ledger(&cases, &ranges);
        let guess = guess(&cases, &answers);
        println!(
            "{name}: {} of {} answered, {:.2} % right ({:.2} % base rate), {} certain",
            answers.len() - 1,
            ranges.len(),
            100.0 * guess.right,
            100.0 * base_rate,
            guess.certain
        );
        answered += answers.len() - 1;
        assert!(guess.right <= base_rate + 0.02, "{name}: {}", guess.right);
    }
    assert!(answered > 10, "a ledger that answers nothing protects nobody");
}

#[test]
fn without_contexts_refusals_tell_labels() {
    let cases = cases();
    let everybody: RoaringBitmap = (0..PEOPLE).collect();
    let ledger = Ledger::new(&everybody, MINIMUM_CELL, Limits::default()).expect("a ledger");
    let (mut told_plain, mut told_within) = (0, 0);
    for person in 0..PEOPLE {
        let alone = RoaringBitmap::from([person]);
        let set = if cases[person as usize] { alone.clone() } else { RoaringBitmap::new() };
        told_plain += usize::from(ledger.check(&set).is_answer() != cases[person as usize]);
        let contexts = [alone];
        told_within += usize::from(ledger.check_all(&[Query::new(&set).within(&contexts)]).is_answer());
    }
    assert_eq!(told_plain, 2000, "\"case and number 17\" is refused exactly if number 17 is a case");
    assert_eq!(told_within, 0, "with the context all are refused alike");
}
