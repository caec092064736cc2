//! The adjoint pass.

use proptest::prelude::*;
use steppe_kernels::{AdjointResiduals, AdjointSum, KernelError, Level, adjoint};

use super::runner::{Genotypes, Random, SAMPLES, levels};

const LARGEST: i32 = (1 << 23) - 1;

#[derive(Clone, Copy, Debug)]
enum Residuals {
    Random,
    Largest,
    Smallest,
    Extremes,
}

fn residuals(seed: u64, samples: usize, columns: usize, kind: Residuals) -> Vec<Vec<i32>> {
    let mut random = Random(seed);
    let mut residual = || match kind {
        Residuals::Random => (random.below(1 << 24) as i32 - (1 << 23)).max(-LARGEST) >> random.below(24),
        Residuals::Largest => LARGEST,
        Residuals::Smallest => -LARGEST,
        Residuals::Extremes => [-LARGEST, 0, LARGEST][random.below(3) as usize],
    };
    (0..columns).map(|_| (0..samples).map(|_| residual()).collect()).collect()
}

fn naive(genotypes: &Genotypes, columns: &[Vec<i32>], times: i64) -> Vec<AdjointSum> {
    let sum = |row: usize, column: &[i32], value: [i64; 4]| -> i64 {
        (0..genotypes.samples).map(|s| value[genotypes.code(row, s)] * i64::from(column[s])).sum()
    };
    let both = |row: usize, column: &[i32]| AdjointSum {
        codes: times * sum(row, column, [0, 1, 2, 0]),
        missing: times * sum(row, column, [0, 0, 0, 1]),
    };
    (0..genotypes.rows).flat_map(|row| columns.iter().map(move |column| both(row, column))).collect()
}

fn check(genotypes: &Genotypes, columns: &[Vec<i32>], times: usize) {
    let expected = naive(genotypes, columns, times as i64);
    let columns: Vec<&[i32]> = columns.iter().map(Vec::as_slice).collect();
    for level in levels() {
        let residuals = AdjointResiduals::new(level, genotypes.samples, &columns).expect("in range");
        let mut sums = vec![AdjointSum::default(); expected.len()];
        for _ in 0..times {
            adjoint(genotypes.rows(), &residuals, &mut sums).expect("the case is well formed");
        }
        assert!(
            sums == expected,
            "level {level}, {} samples, {} columns",
            genotypes.samples,
            residuals.columns()
        );
    }
}

fn kind() -> impl Strategy<Value = Residuals> {
    prop_oneof![
        4 => Just(Residuals::Random),
        1 => Just(Residuals::Largest),
        1 => Just(Residuals::Smallest),
        2 => Just(Residuals::Extremes),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_level_is_the_naive_sum(
        seed in any::<u64>(),
        samples in 0usize..1500,
        rows in 0usize..40,
        columns in 0usize..36,
        padding in 0usize..70,
        missing in 0u64..9,
        kind in kind(),
    ) {
        let genotypes = Genotypes::new(seed, samples, rows, padding, missing);
        check(&genotypes, &residuals(seed ^ 1, samples, columns, kind), 1);
    }
}

#[test]
fn lengths_and_rows_around_vectors_and_groups() {
    for samples in SAMPLES {
        for rows in 0..10 {
            let genotypes = Genotypes::new(samples as u64, samples, rows, rows % 3, u64::from(rows % 2 == 0));
            for columns in [1, 2, 16] {
                check(&genotypes, &residuals(7, samples, columns, Residuals::Random), 2);
            }
        }
    }
}

#[test]
fn every_column_count() {
    let genotypes = Genotypes::new(3, 321, 9, 1, 1);
    for columns in 0..=40 {
        check(&genotypes, &residuals(5, 321, columns, Residuals::Extremes), 1);
    }
}

#[test]
fn long_rows_do_not_overflow_the_narrow_sums() {
    for (kind, missing) in [(Residuals::Largest, 0), (Residuals::Smallest, 0), (Residuals::Largest, 8)] {
        let mut genotypes = Genotypes::new(11, 40_001, 5, 3, missing);
        if missing == 0 {
            genotypes.bytes.fill(0b10_10_10_10);
        }
        check(&genotypes, &residuals(1, 40_001, 1, kind), 1);
        check(&genotypes, &residuals(1, 40_001, 16, kind), 1);
        // Rows of nearly the largest sums that are not listed.
        if missing == 0 {
            genotypes.bytes.fill(0b10_01_10_10);
            check(&genotypes, &residuals(1, 40_001, 16, kind), 1);
        }
    }
}

#[test]
fn more_columns_than_are_multiplied_together() {
    let genotypes = Genotypes::new(29, 4099, 75, 1, 1);
    check(&genotypes, &residuals(8, 4099, 66, Residuals::Random), 1);
}

#[test]
fn listed_rows_with_a_part_of_anything() {
    let samples = 60_000;
    let mut genotypes = Genotypes::new(31, samples, 24, 0, 1);
    for row in 0..genotypes.rows {
        let part = 4096 * (row % 3);
        for sample in (0..samples).filter(|sample| !(part..part + 4096).contains(sample)) {
            genotypes.bytes[row * genotypes.stride + sample / 4] &= !(3 << (2 * (sample % 4)));
        }
    }
    check(&genotypes, &residuals(6, samples, 17, Residuals::Random), 1);
    // Whole vectors of one genotype, and of missing calls.
    for row in 0..genotypes.rows {
        let start = row * genotypes.stride + 64 * row;
        genotypes.bytes[start..start + 640].fill([0b01_01_01_01, 0b10_10_10_10, 0xFF][row % 3]);
    }
    check(&genotypes, &residuals(6, samples, 9, Residuals::Random), 1);
}

#[test]
fn more_rows_than_a_batch() {
    let genotypes = Genotypes::new(13, 70, 4200, 0, 1);
    check(&genotypes, &residuals(2, 70, 17, Residuals::Random), 1);
}

#[test]
fn more_samples_than_are_multiplied_in_one_go() {
    for columns in [2, 9] {
        let mut genotypes = Genotypes::new(37, 33_000, 70, 1, 0);
        check(&genotypes, &residuals(10, 33_000, columns, Residuals::Largest), 1);
        // A missing call in the first and in the last part, of rows that are and are not summed together.
        for (row, sample) in [(3, 5), (40, 32_999), (69, 16_384)] {
            genotypes.bytes[row * genotypes.stride + sample / 4] |= 3 << (2 * (sample % 4));
        }
        check(&genotypes, &residuals(10, 33_000, columns, Residuals::Random), 2);
    }
}

#[test]
fn block_lengths_of_the_store() {
    for samples in [16_128, 16_127] {
        let genotypes = Genotypes::new(17, samples, 6, 0, 1);
        check(&genotypes, &residuals(4, samples, 17, Residuals::Random), 1);
    }
}

/// Makes all but about `others` of 64 genotypes of each row the same: no copy in even rows, two in odd ones.
fn make_rare(genotypes: &mut Genotypes, seed: u64, others: u64) {
    let mut random = Random(seed);
    for row in 0..genotypes.rows {
        let common = if row % 2 == 0 { 0 } else { 0b10 };
        for sample in 0..genotypes.samples {
            if random.below(64) >= others {
                let byte = &mut genotypes.bytes[row * genotypes.stride + sample / 4];
                *byte = *byte & !(3 << (2 * (sample % 4))) | common << (2 * (sample % 4));
            }
        }
    }
}

#[test]
fn rows_of_mostly_one_genotype() {
    for samples in SAMPLES.into_iter().chain([9_000, 16_128]) {
        for others in [0, 1, 3, 6, 10] {
            for missing in [0, 1, 8] {
                let mut genotypes = Genotypes::new(samples as u64, samples, 4, 1, missing);
                make_rare(&mut genotypes, others, others);
                check(&genotypes, &residuals(9, samples, 17, Residuals::Random), 1);
                check(&genotypes, &residuals(9, samples, 16, Residuals::Largest), 2);
            }
        }
    }
}

#[test]
fn rare_and_common_rows_side_by_side() {
    let mut genotypes = Genotypes::new(19, 1031, 300, 2, 1);
    make_rare(&mut genotypes, 1, 2);
    let common = Genotypes::new(23, 1031, 300, 2, 1);
    for row in (0..300).step_by(3) {
        let place = row * common.stride..row * common.stride + common.samples.div_ceil(4);
        genotypes.bytes[place.clone()].copy_from_slice(&common.bytes[place]);
    }
    check(&genotypes, &residuals(3, 1031, 40, Residuals::Extremes), 1);
}

#[test]
fn malformed_calls_are_refused() {
    let genotypes = Genotypes::new(1, 20, 2, 0, 1);
    for level in levels() {
        let column = [1; 20];
        let new = |samples, column: &[i32]| AdjointResiduals::new(level, samples, &[&[0; 20], column]);
        let expected = KernelError::Length { what: "residuals", length: 19, expected: 20 };
        assert_eq!(new(20, &column[..19]).map(|_| ()), Err(expected));
        for value in [LARGEST + 1, -LARGEST - 1, i32::MIN, i32::MAX] {
            let mut column = column;
            column[13] = value;
            let expected = KernelError::ResidualRange { column: 1 };
            assert_eq!(new(20, &column).map(|_| ()), Err(expected));
        }
        let residuals = new(20, &column).expect("well formed");
        let mut sums = [AdjointSum::default(); 4];
        let mut refused =
            |rows, length: usize| adjoint(rows, &residuals, &mut sums[..length]).expect_err("malformed");
        let rows = genotypes.rows();
        let expected = KernelError::Length { what: "sums", length: 3, expected: 4 };
        assert_eq!(refused(rows, 3), expected);
        let other = steppe_kernels::Rows { samples: 19, ..rows };
        assert_eq!(refused(other, 4), KernelError::Samples { rows: 19, sums: 20 });
        let short = steppe_kernels::Rows { stride: 4, ..rows };
        assert_eq!(refused(short, 4), KernelError::Stride { stride: 4, row_bytes: 5 });
        assert_eq!(sums, [AdjointSum::default(); 4]);
    }
    assert!(Level::Scalar.is_available());
}
