//! The meter: what raw, rounded and binned scores of few variants give away.

use std::collections::BTreeSet;

use proptest::prelude::*;
use steppe_privacy::{
    leakage::{Leakage, Method, People, Release, Variant, measure, simulated_scores},
    policy::{ColumnClass, Policy, Precision, Role},
};

/// Uniform numbers from 0 to 1 (SplitMix64).
fn uniform(mut state: u64) -> impl FnMut() -> f64 {
    move || {
        state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (state ^ (state >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((mixed ^ (mixed >> 31)) >> 11) as f64 / (1u64 << 53) as f64
    }
}

/// Effects from a normal distribution, frequencies of 0.05 to 0.5 of the rarer allele: repeatable.
fn variants(count: usize, seed: u64) -> Vec<Variant> {
    let mut uniform = uniform(seed);
    let variant = |_| {
        let normal = (-2.0 * (1.0 - uniform()).ln()).sqrt() * (std::f64::consts::TAU * uniform()).cos();
        Variant { weight: 0.1 * normal, frequency: 0.05 + 0.45 * uniform() }
    };
    (0..count).map(variant).collect()
}

fn z(variants: &[Variant]) -> Release {
    let mean = variants.iter().map(|v| 2.0 * v.frequency * v.weight).sum();
    let variance: f64 =
        variants.iter().map(|v| 2.0 * v.frequency * (1.0 - v.frequency) * v.weight * v.weight).sum();
    Release::Standardised { decimals: 1, mean, deviation: variance.sqrt() }
}

fn ventiles(variants: &[Variant]) -> Release {
    Release::percentiles(5, &simulated_scores(variants, 20_000, 11))
}

fn run(variants: &[Variant], release: &Release, people: usize) -> Leakage {
    measure(variants, release, People::Simulated { people, seed: 5 }).expect("a leakage")
}

#[test]
fn a_raw_score_of_fifteen_variants_is_its_genotypes() {
    let variants = variants(15, 1);
    let leakage = run(&variants, &Release::Raw, 2000);
    assert!(leakage.recovered >= 0.999, "{leakage:?}");
    assert!(leakage.whole >= 1990 && leakage.consistent < 1.01, "{leakage:?}");
    assert!(leakage.exceeds(0.05));
    assert_eq!(leakage.method, Method::Exact);
}

/// What an analyst sees of a score that gives more away than the policy allows: aggregates, so nothing of a person.
#[test]
fn what_an_analyst_sees_gives_at_most_five_points() {
    let policy = "version = 1\nrevision = 1\n[default]\nminimum_cell = 5\nmax_leakage = 0.05\n\
        [default.role.analyst]\nscores = \"rounded\"\nsmall_scores = \"aggregates\"\n";
    let policy = Policy::parse(policy).expect("a policy");
    let access = policy.access(&BTreeSet::from([Role::Analyst]), "any", ColumnClass::Scores);
    for count in 5..=20 {
        let variants = variants(count, count as u64);
        for (name, release) in [("Z to 0.1", z(&variants)), ("ventiles", ventiles(&variants))] {
            let leakage = run(&variants, &release, 1000);
            let excess = leakage.excess().expect("exact");
            println!(
                "{count} variants, {name}: {:.1} % of genotypes, {:.1} % without, {:+.1} points, {} of {} whole, {:.0} vectors",
                100.0 * leakage.recovered,
                100.0 * leakage.baseline,
                100.0 * excess,
                leakage.whole,
                leakage.people,
                leakage.consistent
            );
            let seen = access.precision_of_score(count, leakage.excess());
            let gives = if seen > Precision::Aggregates { excess } else { 0.0 };
            assert!(gives <= 0.05, "{name} of {count} variants is seen as {seen:?}, and gives {excess}");
            assert_eq!(seen == Precision::Aggregates, leakage.exceeds(0.05));
        }
        let raw = run(&variants, &Release::Raw, 200).excess();
        assert_eq!(
            access.precision_of_score(count, raw),
            Precision::Aggregates,
            "a raw score of {count} variants"
        );
    }
}

/// All vectors, one by one.
fn brute_force(variants: &[Variant], release: &Release, person: &[u8]) -> (Vec<u8>, f64) {
    let score = |genotypes: &[u8]| -> f64 {
        variants.iter().zip(genotypes).map(|(v, &g)| v.weight * f64::from(g)).sum()
    };
    let shown = |score: f64| match release {
        Release::Standardised { mean, deviation, .. } => ((score - mean) / (0.1 * deviation)).round() as i64,
        Release::Percentiles { bounds } => {
            bounds.iter().filter(|bound| **bound <= score + 1e-12).count() as i64
        }
        _ => (score * 1e10).round() as i64,
    };
    let mut sums = vec![[0.0; 3]; variants.len()];
    let mut consistent = 0.0;
    for code in 0..3u32.pow(variants.len() as u32) {
        let genotypes: Vec<u8> =
            (0..variants.len()).map(|at| (code / 3u32.pow(at as u32) % 3) as u8).collect();
        if shown(score(&genotypes)) != shown(score(person)) {
            continue;
        }
        consistent += 1.0;
        let probability: f64 = variants
            .iter()
            .zip(&genotypes)
            .map(|(v, &g)| {
                let (p, q) = (v.frequency, 1.0 - v.frequency);
                [q * q, 2.0 * p * q, p * p][usize::from(g)]
            })
            .product();
        for (sum, &genotype) in sums.iter_mut().zip(&genotypes) {
            sum[usize::from(genotype)] += probability;
        }
    }
    let mode = |sum: &[f64; 3]| {
        (0..3u8).fold(0, |best, g| if sum[usize::from(g)] > sum[usize::from(best)] { g } else { best })
    };
    (sums.iter().map(mode).collect(), consistent)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    #[test]
    fn guesses_are_those_of_brute_force(count in 1..8usize, seed in 0..1000u64, person in proptest::collection::vec(0..3u8, 8)) {
        let variants = variants(count, seed);
        let person = person[..count].to_vec();
        for release in [Release::Raw, z(&variants), ventiles(&variants)] {
            let (guess, consistent) = brute_force(&variants, &release, &person);
            let leakage = measure(&variants, &release, People::Given(std::slice::from_ref(&person))).expect("a leakage");
            let hits = guess.iter().zip(&person).filter(|(guess, genotype)| guess == genotype).count();
            prop_assert!((leakage.recovered * count as f64 - hits as f64).abs() < 1e-9, "{release:?} {guess:?} {leakage:?}");
            prop_assert!((leakage.consistent - consistent).abs() < 1e-9, "{release:?} {consistent} {leakage:?}");
        }
    }
}

/// A variant without weight makes no difference to the others, but puts the score on the grid.
#[test]
fn the_grid_agrees_with_the_sums() {
    let small = variants(20, 3);
    for release in [z(&small), ventiles(&small)] {
        let mut uniform = uniform(17);
        let mut genotype =
            |v: &Variant| u8::from(uniform() < v.frequency) + u8::from(uniform() < v.frequency);
        let people: Vec<Vec<u8>> = (0..300).map(|_| small.iter().map(&mut genotype).collect()).collect();
        let exact = measure(&small, &release, People::Given(&people)).expect("a leakage");
        let weightless = Variant { weight: 0.0, frequency: 0.3 };
        let large: Vec<Variant> = small.iter().copied().chain([weightless; 6]).collect();
        let longer: Vec<Vec<u8>> =
            people.iter().map(|person| [person.as_slice(), &[0; 6]].concat()).collect();
        let on_grid = measure(&large, &release, People::Given(&longer)).expect("a leakage");
        assert_eq!(on_grid.method, Method::Grid { is_fine_enough: true });
        // The six are guessed right by everybody: their most frequent genotype is 0.
        let of_twenty = (on_grid.recovered * 26.0 - 6.0) / 20.0;
        assert!((of_twenty - exact.recovered).abs() < 0.005, "{of_twenty} {exact:?}");
        assert!((on_grid.consistent / 729.0 / exact.consistent - 1.0).abs() < 0.05, "{on_grid:?} {exact:?}");
    }
}

/// Beside one strong variant forty-nine weak ones hide what the mean over all says of it.
#[test]
fn a_strong_variant_is_given_away_though_the_mean_is_small() {
    let mut all = variants(49, 21);
    all.insert(7, Variant { weight: 3.0, frequency: 0.3 });
    let leakage = run(&all, &ventiles(&all), 500);
    assert!(!leakage.exceeds(0.05), "{leakage:?}");
    let (place, excess) = leakage.most_exposed;
    assert!(place == 7 && excess > 0.3, "{leakage:?}");
    let alike = vec![Variant { weight: 0.1, frequency: 0.3 }; 20];
    let leakage = run(&alike, &z(&alike), 500);
    assert!(leakage.most_exposed.1 >= leakage.excess().expect("measured"), "{leakage:?}");
}

#[test]
fn what_is_too_fine_for_the_grid_gives_everything_away() {
    let variants = variants(50, 9);
    let raw = run(&variants, &Release::Raw, 5);
    assert_eq!((raw.excess(), raw.exceeds(1.0)), (None, true));
    let rounded = run(&variants, &z(&variants), 200);
    println!("50 variants, Z to 0.1: {:+.1} points", 100.0 * rounded.excess().expect("measured"));
    assert!(!rounded.exceeds(0.05), "{rounded:?}");
}

#[test]
fn what_can_not_be_measured_is_refused() {
    let one = Variant { weight: 1.0, frequency: 0.2 };
    let message = |variants: &[Variant], release: &Release, people| {
        measure(variants, release, people).expect_err("a fault").to_string()
    };
    let everybody = People::Simulated { people: 3, seed: 1 };
    assert!(message(&[], &Release::Raw, everybody).contains("0 variants"));
    assert!(message(&[one; 201], &Release::Raw, everybody).contains("201 variants"));
    assert!(message(&[Variant { weight: f64::NAN, ..one }], &Release::Raw, everybody).contains("weight NaN"));
    assert!(
        message(&[Variant { frequency: 1.5, ..one }], &Release::Raw, everybody).contains("frequency 1.5")
    );
    assert!(message(&[one], &Release::Raw, People::Given(&[])).contains("no people"));
    let three_copies = [vec![3]];
    assert!(message(&[one], &Release::Raw, People::Given(&three_copies)).contains("person 1"));
    let still = Release::Standardised { decimals: 1, mean: 0.0, deviation: 0.0 };
    assert!(message(&[one], &still, everybody).contains("standard deviation 0"));
    let unsorted = Release::Percentiles { bounds: vec![2.0, 1.0] };
    assert!(message(&[one], &unsorted, everybody).contains("ascend"));
}
