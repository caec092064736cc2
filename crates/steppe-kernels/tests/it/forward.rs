//! The forward pass.

use proptest::prelude::*;
use steppe_kernels::{CountEntry, ForwardSums, KernelError, Level, Rows, Tables};

use super::runner::{Case, LARGEST, Weighing, levels};

fn check(case: &Case, times: usize) {
    let expected = case.naive(times);
    for level in levels() {
        let got = case.run(level, times);
        assert_eq!(got, expected, "level {level}");
    }
}

fn weighing() -> impl Strategy<Value = Weighing> {
    prop_oneof![
        4 => Just(Weighing::Random),
        1 => Just(Weighing::Largest),
        1 => Just(Weighing::Smallest),
        2 => Just(Weighing::Extremes),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_level_is_the_naive_sum(
        seed in any::<u64>(),
        samples in 1usize..600,
        rows in 0usize..200,
        weight_lanes in 0usize..20,
        count_lanes in 0usize..4,
        padding in 0usize..70,
        missing in 0u64..9,
        weighing in weighing(),
    ) {
        check(&Case::new(seed, [samples, rows, weight_lanes, count_lanes], padding, missing, weighing), 1);
    }

    #[test]
    fn one_score_is_the_naive_sum(
        seed in any::<u64>(),
        samples in 1usize..1200,
        rows in 0usize..400,
        padding in 0usize..3,
        missing in 0u64..9,
        weighing in weighing(),
    ) {
        check(&Case::new(seed, [samples, rows, 1, 1], padding, missing, weighing), 2);
    }
}

#[test]
fn many_rows_do_not_overflow_the_narrow_sums() {
    for (weighing, missing) in [(Weighing::Largest, 8), (Weighing::Smallest, 0), (Weighing::Extremes, 1)] {
        for rows in [1103, 2600] {
            check(&Case::new(rows as u64, [300, rows, 1, 1], 5, missing, weighing), 1);
            check(&Case::new(rows as u64, [133, rows, 9, 2], 0, missing, weighing), 1);
        }
    }
}

#[test]
fn block_lengths_of_the_store() {
    for samples in [16_128, 16_127, 8_193, 4_097] {
        check(&Case::new(samples as u64, [samples, 37, 1, 1], 0, 1, Weighing::Random), 1);
        check(&Case::new(samples as u64, [samples, 37, 11, 1], 0, 1, Weighing::Random), 1);
    }
}

#[test]
fn every_lane_count() {
    for lanes in 0..=33 {
        check(&Case::new(7, [321, 50, lanes, lanes % 5], 1, 1, Weighing::Random), 3);
    }
}

#[test]
fn nothing_added_is_zero() {
    for level in levels() {
        let sums = ForwardSums::new(level, 5, 2, 1).finish();
        assert_eq!((sums.weights, sums.alleles, sums.dosage), (vec![0; 10], vec![0; 5], vec![0; 5]));
        let none = Rows { bytes: &[], stride: 0, rows: 9, samples: 0 };
        let tables = Tables { weights: &[[1; 4]; 9], weight_lanes: 1, counts: &[], count_lanes: 0 };
        let mut sums = ForwardSums::new(level, 0, 1, 0);
        assert_eq!(sums.add(none, &tables), Ok(()));
        assert_eq!(sums.finish().weights, []);
    }
}

#[test]
fn malformed_calls_are_refused() {
    let bytes = [0; 10];
    let rows = Rows { bytes: &bytes, stride: 5, rows: 2, samples: 20 };
    let tables = Tables { weights: &[[0; 4]; 2], weight_lanes: 1, counts: &[], count_lanes: 0 };
    for level in levels() {
        let add = |rows, tables: &Tables<'_>| ForwardSums::new(level, 20, 1, 0).add(rows, tables);
        assert_eq!(add(rows, &tables), Ok(()));
        let refused = |rows| add(rows, &tables).expect_err("malformed");
        assert!(matches!(refused(Rows { samples: 19, ..rows }), KernelError::Samples { rows: 19, sums: 20 }));
        assert!(matches!(
            refused(Rows { stride: 4, ..rows }),
            KernelError::Stride { stride: 4, row_bytes: 5 }
        ));
        assert!(matches!(refused(Rows { stride: 6, ..rows }), KernelError::RowsTooShort { needed: 11, .. }));
        assert!(matches!(refused(Rows { stride: usize::MAX, ..rows }), KernelError::RowsTooShort { .. }));
        assert!(matches!(refused(Rows { rows: 1, ..rows }), KernelError::TableShape { kind: "weight", .. }));
        let large = [[0; 4], [0, LARGEST + 1, 0, 0]];
        let expected = KernelError::WeightRange { lane: 0, row: 1, value: LARGEST + 1 };
        assert_eq!(add(rows, &Tables { weights: &large, ..tables }), Err(expected));
        for value in [i64::MIN, i64::MAX, -LARGEST - 1] {
            let large = [[value; 4], [0; 4]];
            let expected = KernelError::WeightRange { lane: 0, row: 0, value };
            assert_eq!(add(rows, &Tables { weights: &large, ..tables }), Err(expected));
        }
        let three = [[CountEntry::default(); 4], [CountEntry { alleles: 3, dosage: 0 }; 4]];
        let counted = Tables { weights: &[], weight_lanes: 0, counts: &three, count_lanes: 1 };
        let expected = KernelError::CountRange { lane: 0, row: 1 };
        assert_eq!(ForwardSums::new(level, 20, 0, 1).add(rows, &counted), Err(expected));
    }
}

#[test]
fn levels_have_names() {
    for &level in Level::all() {
        assert_eq!(level.to_string().parse(), Ok(level));
    }
    assert!(matches!("AVX".parse::<Level>(), Err(KernelError::UnknownLevel { .. })));
    assert!(Level::best().is_available() && Level::Scalar.is_available());
}
