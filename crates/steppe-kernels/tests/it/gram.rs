//! The gram pass.

use proptest::prelude::*;
use steppe_kernels::{GramPanel, GramSums, KernelError, Level, Rows, gram, gram_symmetric};

use super::runner::{Genotypes, SAMPLES, levels};

fn naive(left: &Genotypes, right: &Genotypes) -> GramSums {
    let any = |genotypes: &Genotypes| {
        (0..genotypes.rows).any(|row| (0..genotypes.samples).any(|sample| genotypes.code(row, sample) == 3))
    };
    const CODE: [u32; 4] = [0, 1, 2, 0];
    const MISSING: [u32; 4] = [0, 0, 0, 1];
    let sums = |first: [u32; 4], second: [u32; 4]| -> Vec<u32> {
        let sum = |i, j| (0..left.samples).map(|s| first[left.code(i, s)] * second[right.code(j, s)]).sum();
        (0..left.rows).flat_map(|i| (0..right.rows).map(move |j| (i, j))).map(|(i, j)| sum(i, j)).collect()
    };
    let missing = any(left) || any(right);
    let if_missing = |first, second| if missing { sums(first, second) } else { Vec::new() };
    GramSums {
        columns: right.rows,
        codes: sums(CODE, CODE),
        code_missing: if_missing(CODE, MISSING),
        missing_code: if_missing(MISSING, CODE),
        both_missing: if_missing(MISSING, MISSING),
    }
}

fn panel(level: Level, genotypes: &Genotypes) -> GramPanel<'_> {
    GramPanel::new(level, genotypes.rows()).expect("the rows are well formed")
}

fn check(left: &Genotypes, right: &Genotypes) {
    let (expected, symmetric) = (naive(left, right), naive(left, left));
    for level in levels() {
        let (left, right) = (panel(level, left), panel(level, right));
        assert!(gram(&left, &right) == Ok(expected.clone()), "level {level}, {} samples", left.samples());
        assert!(gram_symmetric(&left) == symmetric, "level {level}, {} samples", left.samples());
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 100, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_level_is_the_naive_sum(
        seed in any::<u64>(),
        samples in 0usize..1300,
        rows in [0usize..20, 0usize..20],
        padding in 0usize..70,
        missing in [0u64..9, 0u64..2],
    ) {
        let left = Genotypes::new(seed, samples, rows[0], padding, missing[0]);
        let right = Genotypes::new(seed ^ 1, samples, rows[1], padding / 2, missing[1]);
        check(&left, &right);
    }
}

#[test]
fn lengths_around_words_and_blocks() {
    for samples in SAMPLES {
        let left = Genotypes::new(samples as u64, samples, 5, 1, 1);
        let right = Genotypes::new(samples as u64 + 1, samples, 6, 0, 0);
        check(&left, &right);
    }
}

#[test]
fn rows_around_tiles_lanes_and_cached_runs() {
    for rows in (0..10).chain([63, 64, 65, 127, 129, 133]) {
        for missing in [0, 1] {
            let left = Genotypes::new(rows as u64, 130, rows, 0, missing);
            let right = Genotypes::new(5, 130, 3, 0, missing);
            check(&left, &right);
            check(&right, &left);
        }
    }
}

#[test]
fn all_missing_and_all_two() {
    let missing = Genotypes::new(1, 9000, 3, 0, 8);
    let mut two = Genotypes::new(2, 40_000, 3, 0, 0);
    two.bytes.fill(0b10_10_10_10);
    check(&missing, &missing);
    check(&two, &two);
    // More samples than codes are unpacked of at once.
    let long = Genotypes::new(3, 140_003, 4, 1, 1);
    check(&long, &Genotypes::new(4, 140_003, 2, 0, 1));
}

#[test]
fn counts_are_those_of_the_rows() {
    let genotypes = Genotypes::new(9, 77, 4, 3, 1);
    for level in levels() {
        let panel = panel(level, &genotypes);
        assert_eq!((panel.rows(), panel.samples()), (4, 77));
        for (row, counts) in panel.counts().iter().enumerate() {
            let mut expected = [0; 4];
            (0..77).for_each(|sample| expected[genotypes.code(row, sample)] += 1);
            assert_eq!(counts, &expected);
        }
    }
}

#[test]
fn malformed_calls_are_refused() {
    let (left, right) = (Genotypes::new(1, 8, 2, 0, 1), Genotypes::new(1, 9, 2, 0, 1));
    for level in levels() {
        let expected = KernelError::Samples { rows: 8, sums: 9 };
        assert_eq!(gram(&panel(level, &left), &panel(level, &right)), Err(expected));
        let short = Rows { rows: 3, ..left.rows() };
        assert!(matches!(GramPanel::new(level, short), Err(KernelError::RowsTooShort { needed: 6, .. })));
    }
}
