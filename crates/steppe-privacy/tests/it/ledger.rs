//! The ledger against brute force over few people.

use proptest::prelude::*;
use roaring::RoaringBitmap;
use steppe_privacy::ledger::{Ledger, Limits, Query, Refusal};

/// Another prime than the ledger's.
const PRIME: i64 = 1_000_000_007;

fn set(bits: u32) -> RoaringBitmap {
    (0..32).filter(|person| bits >> person & 1 == 1).collect()
}

fn everybody(people: u32) -> u32 {
    (1 << people) - 1
}

/// The rank of 0/1 vectors over the people.
fn rank(sets: &[u32], people: u32) -> usize {
    let vector = |bits: &u32| (0..people).map(|person| i64::from(bits >> person & 1)).collect();
    let mut rows: Vec<Vec<i64>> = sets.iter().map(vector).collect();
    let mut rank = 0;
    for person in 0..people as usize {
        let Some(pivot) = (rank..rows.len()).find(|&row| rows[row][person] != 0) else { continue };
        rows.swap(rank, pivot);
        let (inverse, pivot) = (power(rows[rank][person], PRIME - 2), rows[rank].clone());
        for row in &mut rows[rank + 1..] {
            let factor = row[person] * inverse % PRIME;
            for (entry, from) in row.iter_mut().zip(&pivot) {
                *entry = (*entry - factor * from % PRIME + PRIME) % PRIME;
            }
        }
        rank += 1;
    }
    rank
}

fn power(base: i64, exponent: i64) -> i64 {
    if exponent == 0 {
        return 1;
    }
    let half = power(base, exponent / 2);
    half * half % PRIME * if exponent % 2 == 1 { base } else { 1 } % PRIME
}

/// Whether the sum over some people follows from those over sets.
fn is_known(sets: &[u32], people: u32, some: u32) -> bool {
    rank(&[sets, &[some]].concat(), people) == rank(sets, people)
}

/// People by the sets that they are in.
fn atoms(sets: &[u32], people: u32) -> Vec<u32> {
    let pattern = |person: u32| -> Vec<bool> { sets.iter().map(|set| set >> person & 1 == 1).collect() };
    let mut atoms: Vec<u32> = (0..people)
        .map(|person| {
            (0..people).filter(|&other| pattern(other) == pattern(person)).map(|other| 1 << other).sum()
        })
        .collect();
    atoms.dedup();
    atoms.sort_by_key(|atom| atom.trailing_zeros());
    atoms.dedup();
    atoms
}

/// Asks for one set after the other, and gives back those that were answered, the whole cohort first.
fn ask(people: u32, minimum_cell: u64, sets: &[u32]) -> (Ledger, Vec<u32>) {
    let mut ledger = Ledger::new(&set(everybody(people)), minimum_cell, Limits::default()).expect("a ledger");
    let mut answered = vec![everybody(people)];
    for &bits in sets {
        let decision = ledger.check(&set(bits));
        if decision.is_answer() {
            answered.push(bits);
        }
        ledger.commit(decision).expect("nothing in between");
    }
    (ledger, answered)
}

fn questions() -> impl Strategy<Value = (u32, u64, Vec<u32>)> {
    (6..13u32, 2..5u64).prop_flat_map(|(people, minimum_cell)| {
        let sets = proptest::collection::vec(0..=everybody(people), 1..40);
        (Just(people), Just(minimum_cell), sets)
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(600))]

    #[test]
    fn no_combination_of_answers_is_an_atom_of_few_people((people, minimum_cell, sets) in questions()) {
        let (ledger, answered) = ask(people, minimum_cell, &sets);
        prop_assert_eq!(ledger.rank(), rank(&answered, people));
        for atom in atoms(&answered, people) {
            let is_few = u64::from(atom.count_ones()) < minimum_cell;
            prop_assert!(!is_few || !is_known(&answered, people, atom), "{answered:?} tell of {atom:b}");
        }
    }

    #[test]
    fn nothing_is_known_of_one_or_two_atoms_of_few_people((people, minimum_cell, sets) in questions()) {
        let (_, answered) = ask(people, minimum_cell, &sets);
        let atoms = atoms(&answered, people);
        let pairs = atoms.iter().enumerate().flat_map(|(at, &one)| atoms[..=at].iter().map(move |&other| one | other));
        for both in pairs.filter(|both| u64::from(both.count_ones()) < minimum_cell) {
            // Numbers about these people alone: what is lost when they are left out of all sets.
            let others: Vec<u32> = answered.iter().map(|set| set & !both).collect();
            prop_assert_eq!(rank(&answered, people), rank(&others, people), "{:?} tell of {:b}", answered, both);
        }
    }

    #[test]
    fn no_two_answers_differ_by_few((people, minimum_cell, sets) in questions()) {
        let (_, answered) = ask(people, minimum_cell, &sets);
        let is_few = |bits: u32| (1..minimum_cell).contains(&u64::from(bits.count_ones()));
        for (at, &one) in answered.iter().enumerate() {
            prop_assert!(!is_few(one));
            // What follows from the answers before is answered without a look at them one by one.
            let is_new = !is_known(&answered[..at], people, one);
            for &other in answered[..at].iter().filter(|_| is_new && one != 0) {
                let follows = is_known(&answered[..at], people, other) && other == 0;
                let is_combination = answered.iter().position(|&set| set == other)
                    .is_some_and(|place| is_known(&answered[..place], people, other));
                prop_assert!(follows || is_combination || !(is_few(one & !other) || is_few(other & !one)));
            }
        }
    }

    #[test]
    fn atoms_do_not_depend_on_the_order((people, minimum_cell, sets) in questions(), turn in 0..40usize) {
        let (ledger, mut answered) = ask(people, minimum_cell, &sets);
        let expected: Vec<RoaringBitmap> = atoms(&answered, people).into_iter().map(set).collect();
        prop_assert_eq!(&ledger.atoms(), &expected);
        // Sets that were answered in one order, written and read in another: no check on the way.
        answered.retain(|&bits| bits != 0);
        let middle = turn % answered.len();
        answered.rotate_left(middle);
        let (other, _) = ask(people, 2, &[]);
        let mut other = other;
        for &bits in &answered {
            let decision = other.check(&set(bits));
            if decision.is_answer() {
                other.commit(decision).expect("nothing in between");
            }
        }
        // Pivots differ with the order, so a union of atoms may be refused in one of them; what both know is the same.
        if other.rank() == ledger.rank() {
            prop_assert_eq!(other.atoms(), expected);
        }
    }

    #[test]
    fn what_was_answered_is_answered_again_after_a_restart((people, minimum_cell, sets) in questions()) {
        let (ledger, answered) = ask(people, minimum_cell, &sets);
        let mut bytes = Vec::new();
        ciborium::into_writer(&ledger, &mut bytes).expect("written");
        let read: Ledger = ciborium::from_reader(bytes.as_slice()).expect("read");
        prop_assert_eq!(read.rank(), ledger.rank());
        prop_assert_eq!(read.atoms(), ledger.atoms());
        for &bits in &answered {
            prop_assert!(read.check(&set(bits)).is_answer());
        }
        for bits in 0..=everybody(people).min(255) {
            prop_assert_eq!(read.check(&set(bits)).refusal(), ledger.check(&set(bits)).refusal());
        }
    }

    #[test]
    fn sets_of_one_statement_are_answered_together_or_not((people, minimum_cell, sets) in questions()) {
        let (ledger, _) = ask(people, minimum_cell, &sets[..sets.len() / 2]);
        let rest: Vec<RoaringBitmap> = sets[sets.len() / 2..].iter().copied().map(set).collect();
        let queries: Vec<Query<'_>> = rest.iter().map(Query::new).collect();
        let decision = ledger.check_all(&queries);
        let mut together = ledger.clone();
        let is_answer = decision.is_answer();
        together.commit(decision).expect("nothing in between");
        if is_answer {
            prop_assert!(rest.iter().all(|set| together.check(set).is_answer()));
        } else {
            prop_assert_eq!(together.rank(), ledger.rank());
        }
    }
}

/// Sessions of 60 random questions in which a number about 1 to 3 people is told, with a minimum cell of 4: of three atoms,
/// since less is never told. The shortest codeword is hard to find, and here are so few people that it matters.
#[test]
fn few_sessions_tell_a_number_about_three_atoms() {
    let mut state = 1u64;
    let mut next = |below: u32| {
        // The constants of Knuth's MMIX.
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as u32 % below
    };
    let mut telling = 0;
    for _ in 0..300 {
        let people = 10 + next(5);
        let sets: Vec<u32> = (0..60).map(|_| next(1 << people)).collect();
        let (_, answered) = ask(people, 4, &sets);
        let all = rank(&answered, people);
        let is_told = |few: u32| {
            let others: Vec<u32> = answered.iter().map(|set| set & !few).collect();
            rank(&others, people) < all
        };
        telling += u32::from((1..1 << people).filter(|few: &u32| few.count_ones() <= 3).any(is_told));
    }
    println!("{telling} of 300 sessions");
    assert!(telling <= 5, "{telling} of 300 sessions tell of three people or fewer");
}

#[test]
fn trackers_are_refused() {
    let range = |from: u32, to: u32| (from..to).collect::<RoaringBitmap>();
    let mut ledger = Ledger::new(&range(0, 100), 5, Limits::default()).expect("a ledger");
    let mut ask = |set: &RoaringBitmap| {
        let decision = ledger.check(set);
        let refusal = decision.refusal();
        ledger.commit(decision).expect("nothing in between");
        refusal
    };
    assert_eq!(ask(&range(0, 4)), Some(Refusal::Few));
    assert_eq!(ask(&range(0, 0)), None, "nobody is 0");
    assert_eq!(ask(&range(0, 97)), Some(Refusal::Overlap), "the others are few");
    assert_eq!(ask(&range(95, 105)), Some(Refusal::NotVisible));
    assert_eq!(ask(&range(0, 50)), None);
    assert_eq!(ask(&range(50, 100)), None, "a difference of answers");
    assert_eq!(ask(&range(0, 53)), Some(Refusal::Overlap));
    assert_eq!(ask(&range(3, 80)), Some(Refusal::Overlap));
}

#[test]
fn a_set_far_from_each_answer_and_near_to_a_sum_of_them_is_refused() {
    let range = |from: u32, to: u32| (from..to).collect::<RoaringBitmap>();
    let mut ledger = Ledger::new(&range(0, 100), 5, Limits::default()).expect("a ledger");
    for set in [range(0, 20) | range(50, 70), range(20, 38) | range(70, 90), range(50, 90)] {
        let decision = ledger.check(&set);
        assert!(decision.is_answer());
        ledger.commit(decision).expect("nothing in between");
    }
    assert!(ledger.check(&range(0, 38)).is_answer(), "the first two less the third");
    assert_eq!(ledger.check(&range(0, 40)).refusal(), Some(Refusal::Combination), "two more");
    assert!(ledger.check(&range(0, 43)).is_answer(), "five more");
}

#[test]
fn contexts_are_remembered_although_the_set_is_refused() {
    let all: RoaringBitmap = (0..100).collect();
    let mut ledger = Ledger::new(&all, 5, Limits::default()).expect("a ledger");
    let window: RoaringBitmap = (0..20).collect();
    let cases: RoaringBitmap = [3, 7].into_iter().collect();
    let contexts = [window.clone()];
    let decision = ledger.check_all(&[Query::new(&cases).within(&contexts)]);
    assert_eq!(decision.refusal(), Some(Refusal::Few));
    ledger.commit(decision).expect("nothing in between");
    assert_eq!(ledger.rank(), 2);
    // One person more: refused whether that person is a case or not.
    let contexts = [(0..21).collect::<RoaringBitmap>()];
    for cases in [RoaringBitmap::new(), (0..21).collect()] {
        let decision = ledger.check_all(&[Query::new(&cases).within(&contexts)]);
        assert_eq!(decision.refusal(), Some(Refusal::Overlap));
    }
}

#[test]
fn a_person_who_has_gone_is_not_told_of() {
    let before: RoaringBitmap = (0..100).collect();
    let mut ledger = Ledger::new(&before, 5, Limits::default()).expect("a ledger");
    let after = &before - &RoaringBitmap::from([17]);
    ledger.show(&after);
    assert_eq!(ledger.check(&after).refusal(), Some(Refusal::Overlap));
    let later: RoaringBitmap = (0..110).collect();
    ledger.show(&later);
    assert!(ledger.check(&later).is_answer(), "ten have come");
    let newcomers: RoaringBitmap = (98..101).collect();
    assert_eq!(ledger.check(&(&before | newcomers)).refusal(), Some(Refusal::Overlap));
}

#[test]
fn full_and_stale_ledgers_say_so() {
    let all: RoaringBitmap = (0..100).collect();
    let half = |from: u32| (from..from + 50).collect::<RoaringBitmap>();
    let mut ledger = Ledger::new(&all, 5, Limits { rank: 2, atoms: 100 }).expect("a ledger");
    let (first, second) = (ledger.check(&half(0)), ledger.check(&half(20)));
    ledger.commit(first).expect("nothing in between");
    let stale = ledger.commit(second).expect_err("an answer in between").to_string();
    assert!(stale.contains("check the query again"), "{stale}");
    assert_eq!(ledger.check(&half(20)).refusal(), Some(Refusal::Full));
    assert!(ledger.check(&half(50)).is_answer(), "it follows");
    assert!(Ledger::new(&all, 1, Limits::default()).is_err());
}

#[test]
fn large_sets_are_written_and_read() {
    let all: RoaringBitmap = (0..100_000).collect();
    let odd: RoaringBitmap = (0..100_000).filter(|person| person % 2 == 1).collect();
    let mut ledger = Ledger::new(&all, 5, Limits::default()).expect("a ledger");
    let decision = ledger.check(&odd);
    ledger.commit(decision).expect("nothing in between");
    let mut cbor = Vec::new();
    ciborium::into_writer(&ledger, &mut cbor).expect("written");
    let json = serde_json::to_string(&ledger).expect("written");
    let read: Ledger = ciborium::from_reader(cbor.as_slice()).expect("read");
    let of_json: Ledger = serde_json::from_str(&json).expect("read");
    assert_eq!((read.atoms(), of_json.atoms()), (ledger.atoms(), ledger.atoms()));
    let flipped = json.replacen("\"version\":1", "\"version\":9", 1);
    assert!(serde_json::from_str::<Ledger>(&flipped).is_err());
    for at in (0..cbor.len()).step_by(997) {
        let mut broken = cbor.clone();
        broken[at] ^= 0x40;
        // Broken bytes are refused or are another ledger; they do not end the program.
        drop(ciborium::from_reader::<Ledger, _>(broken.as_slice()));
    }
}
