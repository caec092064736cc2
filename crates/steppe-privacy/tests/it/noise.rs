//! Noise: its distribution, that it does not average out, and budgets.

use std::collections::BTreeMap;

use proptest::prelude::*;
use roaring::RoaringBitmap;
use steppe_privacy::noise::{Bounds, Budget, Epsilon, Noise, Question, Statistic};

const TRUTH: u64 = 1_000_000;

fn epsilon(value: f64) -> Epsilon {
    Epsilon::new(value).expect("an epsilon")
}

fn count_of(person: u32, epsilon: Epsilon) -> Question {
    Question::new("cohort", "1", &RoaringBitmap::from([person]), &Statistic::Count, epsilon)
}

/// The noise of as many different counts.
fn noises(loss: f64, count: u32) -> Vec<i64> {
    let (noise, epsilon) = (Noise::new([3; 32]), epsilon(loss));
    (0..count).map(|at| noise.count(count_of(at, epsilon), epsilon, TRUTH) as i64 - TRUTH as i64).collect()
}

/// The 99.9 % point of χ² (Wilson & Hilferty).
fn critical(freedom: f64) -> f64 {
    freedom * (1.0 - 2.0 / (9.0 * freedom) + 3.09 * (2.0 / (9.0 * freedom)).sqrt()).powi(3)
}

#[test]
fn the_noise_is_discrete_laplace() {
    for loss in [0.1, 0.5, 1.0, 2.7] {
        let noises = noises(loss, 20_000);
        let decay = (-loss).exp();
        let expected =
            |x: i64| 20_000.0 * (1.0 - decay) / (1.0 + decay) * decay.powi(x.unsigned_abs() as i32);
        let bins: Vec<i64> = (-200..=200).filter(|&x| expected(x) >= 10.0).collect();
        let mut observed: BTreeMap<i64, f64> = BTreeMap::new();
        noises.iter().for_each(|&x| *observed.entry(x).or_default() += 1.0);
        let seen = |x: &i64| observed.get(x).copied().unwrap_or(0.0);
        let in_bins: f64 = bins.iter().map(seen).sum();
        let expected_in_bins: f64 = bins.iter().map(|&x| expected(x)).sum();
        let term = |seen: f64, expected: f64| (seen - expected).powi(2) / expected;
        let statistic: f64 = bins.iter().map(|x| term(seen(x), expected(*x))).sum::<f64>()
            + term(20_000.0 - in_bins, 20_000.0 - expected_in_bins);
        assert!(statistic < critical(bins.len() as f64), "{loss}: {statistic} in {} bins", bins.len());
        // The fourth moment is at most 6 times the variance squared, and 6 more for small scales.
        let variance = 2.0 * decay / (1.0 - decay).powi(2);
        let measured = noises.iter().map(|&x| (x * x) as f64).sum::<f64>() / 20_000.0;
        let error = 4.0 * ((6.0 * variance * variance + 6.0 * variance) / 20_000.0).sqrt();
        assert!((measured - variance).abs() < error, "{loss}: {measured} for {variance}");
    }
}

#[test]
fn a_thousand_repeats_have_one_answer() {
    let loss = epsilon(0.1);
    let answers: Vec<u64> = (0..1000)
        .map(|_| {
            // A gateway that starts again, and a set that was built another way.
            let people: RoaringBitmap = (0..500).rev().chain(200..700).collect();
            let question = Question::new("cohort", "1", &people, &Statistic::Count, loss);
            Noise::new([3; 32]).count(question, loss, people.len())
        })
        .collect();
    assert!(answers.iter().all(|answer| *answer == answers[0]));
    let mean = |secret: [u8; 32]| -> f64 {
        let noise = Noise::new(secret);
        (0..1000).map(|at| noise.count(count_of(at, loss), loss, TRUTH) as f64 - TRUTH as f64).sum::<f64>()
            / 1000.0
    };
    assert!(
        mean([3; 32]).abs() < 4.0 * (2.0f64 / 0.01 / 1000.0).sqrt(),
        "different questions do average out"
    );
    assert!((mean([3; 32]) - mean([4; 32])).abs() > 1e-9, "the secret makes the noise");
}

#[test]
fn questions_differ_by_all_that_they_are() {
    let people: RoaringBitmap = (0..10).collect();
    let bins = |bins: &[&str]| bins.iter().map(|bin| (*bin).to_owned()).collect::<Vec<_>>();
    let (one, two) = (bins(&["ab", "c"]), bins(&["a", "bc"]));
    let mean =
        |column, low, high| Statistic::Mean { column, bounds: Bounds::new(low, high).expect("bounds") };
    let mut questions = vec![
        Question::new("c", "1", &people, &Statistic::Count, epsilon(0.1)),
        Question::new("c", "1", &people, &Statistic::Count, epsilon(0.2)),
        Question::new("c", "2", &people, &Statistic::Count, epsilon(0.1)),
        Question::new("c1", "", &people, &Statistic::Count, epsilon(0.1)),
        Question::new("d", "1", &people, &Statistic::Count, epsilon(0.1)),
        Question::new("c", "1", &(0..11).collect(), &Statistic::Count, epsilon(0.1)),
        Question::new("c", "1", &people, &mean("x", 0.0, 1.0), epsilon(0.1)),
        Question::new("c", "1", &people, &mean("x", 0.0, 2.0), epsilon(0.1)),
        Question::new("c", "1", &people, &mean("y", 0.0, 1.0), epsilon(0.1)),
        Question::new("c", "1", &people, &Statistic::Histogram { column: "x", bins: &one }, epsilon(0.1)),
        Question::new("c", "1", &people, &Statistic::Histogram { column: "x", bins: &two }, epsilon(0.1)),
    ];
    let all = questions.len();
    questions.sort_unstable();
    questions.dedup();
    assert_eq!(questions.len(), all);
}

#[test]
fn means_and_histograms_are_near_the_truth() {
    let (noise, loss) = (Noise::new([9; 32]), epsilon(1.0));
    let values: Vec<f64> = (0..10_000).map(|at| f64::from(at % 100)).chain([1e300, f64::INFINITY]).collect();
    let bounds = Bounds::new(0.0, 100.0).expect("bounds");
    let sum = values.iter().map(|value| bounds.steps(*value)).sum();
    let mean = noise.mean(count_of(1, loss), loss, (sum, values.len() as u64), bounds);
    // Noise of the sum: scale 2 x 50; of the count: scale 2.
    assert!((mean - 49.5).abs() < 0.2 && (mean - 49.5).abs() > 0.0, "{mean}");
    let nobody = noise.mean(count_of(2, loss), loss, (0, 0), bounds);
    assert!((0.0..=100.0).contains(&nobody));
    // Nobody moves a sum by more than half of the range, whatever their value.
    let most = bounds.steps(100.0);
    assert_eq!(
        [0.0, 50.0, f64::NAN, -7.0, f64::MAX].map(|value| bounds.steps(value)),
        [-most, 0, 0, -most, most]
    );
    let counts = noise.histogram(count_of(3, loss), loss, &[1000, 0, 500]);
    assert!(counts.len() == 3 && counts[0].abs_diff(1000) < 20 && counts[1] < 20, "{counts:?}");
    for (low, high) in [(1.0, 1.0), (2.0, 1.0), (f64::NAN, 1.0), (0.0, f64::INFINITY), (f64::MIN, f64::MAX)] {
        assert!(Bounds::new(low, high).is_err(), "{low} {high}");
    }
    for bad in [0.0, -1.0, 1e-9, 101.0, f64::NAN, f64::INFINITY] {
        assert!(Epsilon::new(bad).is_err(), "{bad}");
    }
}

#[test]
fn a_budget_is_spent_and_comes_back_tomorrow() {
    let (cost, per_day) = (epsilon(0.4), epsilon(1.0));
    let mut budget = Budget::default();
    assert_eq!(budget.spend(count_of(1, cost), cost, per_day, 10), Ok(()));
    assert_eq!(budget.spend(count_of(2, cost), cost, per_day, 10), Ok(()));
    let spent = budget.spend(count_of(3, cost), cost, per_day, 10).expect_err("spent");
    assert_eq!((spent.left, spent.returns), (epsilon(0.2), Some(11)));
    assert!(spent.to_string().contains("0.2 is left today"), "{spent}");
    assert_eq!(budget.spend(count_of(1, cost), cost, per_day, 10), Ok(()), "it was answered before");
    assert!(budget.spend(count_of(3, cost), cost, per_day, 9).is_err(), "a clock that is set back");
    let mut bytes = Vec::new();
    ciborium::into_writer(&budget, &mut bytes).expect("written");
    let mut budget: Budget = ciborium::from_reader(bytes.as_slice()).expect("read");
    assert!(budget.spend(count_of(3, cost), cost, per_day, 10).is_err(), "a restart brings nothing back");
    assert_eq!(budget.spend(count_of(3, cost), cost, per_day, 11), Ok(()));
    assert_eq!(budget.left(per_day, 11), epsilon(0.6));
    let never = budget.spend(count_of(4, cost), epsilon(2.0), per_day, 11).expect_err("too much");
    assert_eq!(never.returns, None);
}

proptest! {
    #[test]
    fn no_day_costs_more_than_its_budget(asked in proptest::collection::vec((0..12u32, 1..60u32, 0..4u32), 1..80)) {
        let per_day = epsilon(1.0);
        let mut budget = Budget::default();
        let (mut by_day, mut answered): (BTreeMap<u32, f64>, BTreeMap<Question, ()>) = Default::default();
        let mut today = 0;
        for (question, cost, later) in asked {
            today += later / 3;
            let cost = epsilon(f64::from(cost) / 100.0);
            let question = count_of(question, cost);
            let is_new = !answered.contains_key(&question);
            match budget.spend(question, cost, per_day, today) {
                Ok(()) => {
                    *by_day.entry(today).or_default() += if is_new { cost.value() } else { 0.0 };
                    answered.insert(question, ());
                }
                Err(spent) => prop_assert!(is_new && spent.left < cost),
            }
        }
        prop_assert!(by_day.values().all(|spent| *spent <= 1.0 + 1e-9), "{by_day:?}");
    }
}
