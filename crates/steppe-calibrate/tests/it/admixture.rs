//! ePRS against the definition and against people drawn at random.

use nalgebra::DMatrix;
use proptest::prelude::*;
use steppe_calibrate::adjust::SourceMoments;

use super::simulated_truth::{Random, moments};

fn variants(random: &mut Random, count: usize) -> (Vec<f64>, Vec<[f64; 2]>) {
    let weights = (0..count).map(|_| random.normal()).collect();
    (weights, (0..count).map(|_| [random.uniform(), random.uniform()]).collect())
}

fn moments_of(weights: &[f64], frequencies: &[[f64; 2]]) -> SourceMoments {
    let mut sums = SourceMoments::new(2);
    for (weight, frequency) in weights.iter().zip(frequencies) {
        sums.add(*weight, frequency, &[1000.0, 400.0]).expect("a variant");
    }
    sums
}

#[test]
fn people_drawn_at_their_proportions_are_standard() {
    let mut random = Random(11);
    let (weights, frequencies) = variants(&mut random, 60);
    let sums = moments_of(&weights, &frequencies);
    for east in [0.0, 0.3, 0.6, 1.0] {
        let q = [1.0 - east, east];
        let z: Vec<f64> = (0..4000)
            .map(|_| {
                let mut score = 0.0;
                for (weight, frequency) in weights.iter().zip(&frequencies) {
                    for _ in 0..2 {
                        let source = usize::from(random.uniform() < east);
                        score += weight * f64::from(u8::from(random.uniform() < frequency[source]));
                    }
                }
                sums.apply(score, &q, None).expect("a score").z
            })
            .collect();
        let (mean, sd) = moments(&z);
        // Standard errors of 4,000 people: 0.016 and 0.011.
        assert!(mean.abs() < 0.06 && (sd - 1.0).abs() < 0.05, "{east}: {mean} {sd}");
    }
}

#[test]
fn errors_come_from_frequencies_and_proportions() {
    let mut random = Random(12);
    let (weights, frequencies) = variants(&mut random, 60);
    let sums = moments_of(&weights, &frequencies);
    let q = [0.4, 0.6];
    let counted: f64 = weights
        .iter()
        .zip(&frequencies)
        .map(|(w, p)| {
            4.0 * w * w * (0.16 * p[0] * (1.0 - p[0]) / 1000.0 + 0.36 * p[1] * (1.0 - p[1]) / 400.0)
        })
        .sum();
    let alone = sums.apply(0.0, &q, None).expect("a score").expected;
    assert!((alone.standard_error - counted.sqrt()).abs() < 1e-12);
    let covariance = DMatrix::from_row_slice(2, 2, &[0.01, -0.01, -0.01, 0.01]);
    let placed = sums.apply(0.0, &q, Some(&covariance)).expect("a score").expected;
    let by_proportions = 0.01 * (sums.mean[0] - sums.mean[1]).powi(2);
    assert!((placed.standard_error.powi(2) - counted - by_proportions).abs() < 1e-10);
}

#[test]
fn inflation_is_measured_by_source() {
    let mut random = Random(13);
    let (weights, frequencies) = variants(&mut random, 20);
    let mut sums = moments_of(&weights, &frequencies);
    let plain = sums.apply(0.0, &[0.0, 1.0], None).expect("a score").sd;
    sums.measure_inflation(1, 4.0 * plain * plain).expect("a source");
    assert!((sums.apply(0.0, &[0.0, 1.0], None).expect("a score").sd - 2.0 * plain).abs() < 1e-9);
    assert!(sums.measure_inflation(2, 1.0).is_err());
    assert!(sums.apply(0.0, &[0.5, 0.6], None).is_err());
    assert!(sums.apply(0.0, &[1.5, -0.5], None).is_err());
    assert!(sums.add(1.0, &[0.5, 1.5], &[1.0, 1.0]).is_err());
}

proptest! {
    /// The sums give the definition's Σ qₖ Σ 2·pⱼₖ·wⱼ and Σ wⱼ²·2·p̄ⱼ·(1 − p̄ⱼ).
    #[test]
    fn the_definition(
        rows in proptest::collection::vec((-2.0_f64..2.0, 0.01_f64..0.99, 0.01_f64..0.99), 1..30),
        east in 0.0_f64..=1.0,
    ) {
        let mut sums = SourceMoments::new(2);
        let (mut mean, mut variance) = (0.0, 0.0);
        for (weight, first, second) in &rows {
            sums.add(*weight, &[*first, *second], &[100.0, 100.0]).expect("a variant");
            let mixed = (1.0 - east) * first + east * second;
            mean += 2.0 * mixed * weight;
            variance += weight * weight * 2.0 * mixed * (1.0 - mixed);
        }
        prop_assume!(variance > 1e-6);
        let found = sums.apply(1.0, &[1.0 - east, east], None).expect("a score");
        prop_assert!((found.expected.value - mean).abs() < 1e-10);
        prop_assert!((found.sd * found.sd - variance).abs() < 1e-10);
        prop_assert!((found.residual - (1.0 - mean)).abs() < 1e-10);
    }
}
