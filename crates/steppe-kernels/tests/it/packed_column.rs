//! Passes over one packed column: the same bits on every level.

use proptest::prelude::*;
use steppe_kernels::{Level, column_add, column_add_weighted, column_dot, column_moments};

use super::runner::{Genotypes, Random, SAMPLES, levels};

/// The sum as it is documented: 32 lanes, then pairs of halves.
fn lane_sum(terms: impl Iterator<Item = f64>) -> f64 {
    let mut lanes = [0.0; 32];
    terms.enumerate().for_each(|(sample, term)| lanes[sample % 32] += term);
    (0..5).rev().for_each(|bit| (0..1 << bit).for_each(|lane| lanes[lane] += lanes[lane + (1 << bit)]));
    lanes[0]
}

fn bits(values: &[f64]) -> Vec<u64> {
    values.iter().map(|value| value.to_bits()).collect()
}

/// Values of very different sizes, so that any other order of addition shows.
fn values(random: &mut Random, length: usize) -> Vec<f64> {
    let value = |random: &mut Random| {
        let size = random.below(40) as i32 - 20;
        let value = (random.below(1 << 53) as f64 / (1_u64 << 52) as f64 - 1.0) * 2.0_f64.powi(size);
        if random.below(10) == 0 { 0.0_f64.copysign(value) } else { value }
    };
    (0..length).map(|_| value(random)).collect()
}

fn check(seed: u64, samples: usize, missing: u64) {
    let genotypes = Genotypes::new(seed, samples, 1, 0, missing);
    let column = genotypes.row(0);
    let code = |sample: usize| genotypes.code(0, sample);
    let mut random = Random(seed ^ 1);
    let (r, w) = (values(&mut random, samples), values(&mut random, samples));
    let table: [f64; 4] = std::array::from_fn(|_| values(&mut random, 1)[0]);
    let all = |factor: [f64; 4]| lane_sum((0..samples).map(|sample| factor[code(sample)] * r[sample]));
    let one = |only: usize| lane_sum((0..samples).map(|s| if code(s) == only { r[s] } else { 0.0 }));
    let moments = [one(0), one(1), one(2), one(3)];
    let added: Vec<f64> = (0..samples).map(|sample| r[sample] + table[code(sample)]).collect();
    let weighted: Vec<f64> = (0..samples).map(|sample| r[sample] + w[sample] * table[code(sample)]).collect();
    for level in levels() {
        let dot = column_dot(level, column, samples, &r);
        let expected = [all([0.0, 1.0, 2.0, 0.0]), one(3)];
        assert_eq!(bits(&[dot.codes, dot.missing]), bits(&expected), "{level}, {samples}");
        assert_eq!(bits(&column_moments(level, column, samples, &r)), bits(&moments), "{level}, {samples}");
        let mut values = r.clone();
        column_add(level, column, samples, table, &mut values);
        assert_eq!(bits(&values), bits(&added), "{level}, {samples}");
        let mut values = r.clone();
        column_add_weighted(level, column, samples, table, &w, &mut values);
        assert_eq!(bits(&values), bits(&weighted), "{level}, {samples}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_level_has_the_same_bits(seed in any::<u64>(), samples in 0usize..3000, missing in 0u64..9) {
        check(seed, samples, missing);
    }
}

#[test]
fn lengths_around_words_and_vectors() {
    for samples in SAMPLES {
        (0..9).for_each(|missing| check(samples as u64, samples, missing));
    }
}

#[test]
fn short_buffers_limit_the_pass() {
    let column = [0b10_10_10_10; 2];
    for level in levels() {
        assert_eq!(column_dot(level, &column, 100, &[1.0; 20]).codes, 16.0);
        assert_eq!(column_dot(level, &column, 100, &[1.0; 5]).codes, 10.0);
        assert_eq!(column_moments(level, &column, 3, &[1.0; 20]), [0.0, 0.0, 3.0, 0.0]);
        let mut values = [1.0; 10];
        column_add_weighted(level, &column, 100, [0.0, 0.0, 2.0, 0.0], &[3.0; 4], &mut values);
        assert_eq!(values, [7.0, 7.0, 7.0, 7.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0]);
        column_add(level, &column, 100, [0.0, 0.0, 1.0, 0.0], &mut values);
        assert_eq!(values, [8.0, 8.0, 8.0, 8.0, 2.0, 2.0, 2.0, 2.0, 1.0, 1.0]);
    }
    assert!(Level::best().is_available());
}
