//! Stacked scores on simulated truths and by their optimality conditions.

use nalgebra::{DMatrix, DVector};
use proptest::prelude::*;
use steppe_calibrate::combine::{Candidate, Combination, Family, StackData, StackOptions};
use steppe_stats::{linear_algebra::least_squares, metrics::r_squared};

use super::simulated_truth::Random;

struct Target {
    scores: DMatrix<f64>,
    covariates: DMatrix<f64>,
    outcome: Vec<f64>,
}

/// Two correlated scores, of which the outcome takes these weights, and a covariate.
fn target(random: &mut Random, people: usize, weights: [f64; 2], family: Family) -> Target {
    let (mut scores, mut covariates, mut outcome) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..people {
        let (common, age) = (random.normal(), random.normal());
        let (first, second) = (common + random.normal(), common + random.normal());
        let mean = weights[0] * first + weights[1] * second + 0.5 * age;
        outcome.push(match family {
            Family::Quantitative => mean + random.normal(),
            Family::Binary => f64::from(u8::from(random.uniform() < 1.0 / (1.0 + (1.0 - mean).exp()))),
        });
        scores.extend([first, 10.0 * second + 3.0]);
        covariates.push(age);
    }
    Target {
        scores: DMatrix::from_row_slice(people, 2, &scores),
        covariates: DMatrix::from_vec(people, 1, covariates),
        outcome,
    }
}

fn stack(target: &Target, trained_on: &[f64], options: StackOptions) -> Combination {
    let data = StackData {
        scores: &target.scores,
        covariates: &target.covariates,
        outcome: &target.outcome,
        trained_on,
    };
    Combination::fit(&data, options).expect("a stack")
}

#[test]
fn many_people_find_the_weights() {
    for family in [Family::Quantitative, Family::Binary] {
        let mut random = Random(61);
        let target = target(&mut random, 5000, [0.6, 0.2], family);
        let options = StackOptions { repeats: 1, ..StackOptions::new(family) };
        let found = stack(&target, &[1000.0, 5000.0], options);
        assert!((found.scores[0] - 0.6).abs() < 0.1, "{family:?}: {:?}", found.scores);
        assert!((found.scores[1] - 0.02).abs() < 0.01, "{family:?}: {:?}", found.scores);
        assert!((found.covariates[0] - 0.5).abs() < 0.12);
        assert_eq!(found.cross_fitted.len(), 5000);
    }
}

/// With 60 people and a prior that is right, stacking beats least squares and is hardly below the better score.
#[test]
fn few_people_lean_on_the_prior() {
    let (mut ours, mut plain, mut single) = (0.0, 0.0, 0.0);
    for seed in 0..30 {
        let mut random = Random(620 + seed);
        let few = target(&mut random, 60, [0.25, 0.25], Family::Quantitative);
        let found = stack(&few, &[1000.0, 1000.0], StackOptions::new(Family::Quantitative));
        let design = few.covariates.clone().insert_column(0, 1.0);
        let design = DMatrix::from_columns(&[
            design.column(0).into_owned(),
            design.column(1).into_owned(),
            few.scores.column(0).into_owned(),
            few.scores.column(1).into_owned(),
        ]);
        let squares = least_squares(&design, &DVector::from_vec(few.outcome), 1e-9);
        let new = target(&mut random, 4000, [0.25, 0.25], Family::Quantitative);
        let r2 = |weights: [f64; 2]| {
            let predicted: Vec<f64> =
                new.scores.row_iter().map(|s| weights[0] * s[0] + weights[1] * s[1]).collect();
            r_squared(&new.outcome, &predicted).unwrap_or(0.0) / 30.0
        };
        ours += r2([found.scores[0], found.scores[1]]);
        plain += r2([squares[2], squares[3]]);
        single += r2([1.0, 0.0]).max(r2([0.0, 1.0]));
    }
    assert!(ours > plain && ours > single, "ours {ours}, least squares {plain}, best single {single}");
}

#[test]
fn a_useless_score_is_left_alone() {
    let mut random = Random(63);
    let target = target(&mut random, 400, [0.8, -0.6], Family::Quantitative);
    let found = stack(&target, &[1000.0, 1000.0], StackOptions::new(Family::Quantitative));
    assert!(found.scores.iter().all(|weight| *weight >= 0.0), "{:?}", found.scores);
    let shares: f64 = found.candidates.iter().map(|tried| tried.share).sum();
    assert!((shares - 1.0).abs() < 1e-12);
    let free = StackOptions { non_negative: false, ..StackOptions::new(Family::Quantitative) };
    assert!(stack(&target, &[1000.0, 1000.0], free).scores[1] < 0.0);
}

#[test]
fn constant_scores_are_counted_and_one_score_stands_alone() {
    let mut random = Random(64);
    let mut target = target(&mut random, 100, [0.5, 0.5], Family::Quantitative);
    target.scores.column_mut(1).fill(7.0);
    let found = stack(&target, &[1000.0, 1000.0], StackOptions::new(Family::Quantitative));
    assert_eq!(found.constant_scores, [1]);
    assert_eq!((found.scores[1], found.candidates.len()), (0.0, 1));
    assert_eq!(found.candidates[0].candidate, Candidate::Single(0));
    let person = found.apply(&[1.0, 7.0], &[0.3]).expect("a score");
    let by_hand = found.intercept + found.scores[0] + 0.3 * found.covariates[0];
    assert!((person - by_hand).abs() < 1e-12);
}

/// A prediction of someone is not moved by her own outcome.
#[test]
fn cross_fitted_predictions_do_not_see_the_own_outcome() {
    let mut random = Random(65);
    let mut target = target(&mut random, 60, [0.5, 0.5], Family::Quantitative);
    let options = StackOptions::new(Family::Quantitative);
    let before = stack(&target, &[1000.0, 1000.0], options).cross_fitted;
    target.outcome[17] += 100.0;
    let after = stack(&target, &[1000.0, 1000.0], options).cross_fitted;
    assert_eq!(before[17], after[17]);
    assert!(before.iter().zip(&after).any(|(a, b)| (a - b).abs() > 0.1));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]
    /// Units of scores do not matter.
    #[test]
    fn units_do_not_matter(factor in 0.01_f64..100.0, shift in -5.0_f64..5.0, seed in 0_u64..1000) {
        let mut random = Random(seed);
        let first = target(&mut random, 60, [0.4, 0.1], Family::Quantitative);
        let options = StackOptions { repeats: 2, ..StackOptions::new(Family::Quantitative) };
        let mut second = Target { scores: first.scores.clone(), ..target(&mut random, 60, [0.0, 0.0], Family::Quantitative) };
        second.covariates.clone_from(&first.covariates);
        second.outcome.clone_from(&first.outcome);
        second.scores.column_mut(0).apply(|x| *x = *x * factor + shift);
        let (a, b) = (stack(&first, &[3.0, 1.0], options), stack(&second, &[3.0, 1.0], options));
        prop_assert!((a.scores[0] - b.scores[0] * factor).abs() < 1e-6 * (1.0 + a.scores[0]));
        prop_assert!(a.cross_fitted.iter().zip(&b.cross_fitted).all(|(x, y)| (x - y).abs() < 1e-6));
    }
}
