//! Selections of samples.

use proptest::prelude::*;
use steppe_kernels::{KernelError, Rows, SampleGather};

use super::runner::{Genotypes, Random, SAMPLES, levels, pack};

fn check(genotypes: &Genotypes, indices: &[u32], padding: usize) {
    let stride = indices.len().div_ceil(4) + padding;
    let row = |row: usize| {
        let mut packed = pack(indices.iter().map(|&sample| genotypes.code(row, sample as usize)));
        packed.resize(stride, 0);
        packed
    };
    let expected: Vec<u8> = (0..genotypes.rows).flat_map(row).collect();
    for level in levels() {
        let gather = SampleGather::new(level, genotypes.samples, indices).expect("indices are in range");
        assert_eq!((gather.samples(), gather.selected()), (genotypes.samples, indices.len()));
        let mut gathered = vec![0xff; expected.len()];
        gather.gather(genotypes.rows(), &mut gathered, stride).expect("the rows are well formed");
        assert!(gathered == expected, "level {level}, {} of {}", indices.len(), genotypes.samples);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn ascending_selections(
        seed in any::<u64>(),
        samples in 0usize..3000,
        rows in 0usize..4,
        padding in 0usize..20,
        of_16 in 0u64..17,
    ) {
        let mut random = Random(seed);
        let indices: Vec<u32> = (0..samples as u32).filter(|_| random.below(16) < of_16).collect();
        check(&Genotypes::new(seed, samples, rows, padding, 1), &indices, padding % 3);
    }

    #[test]
    fn selections_in_any_order(seed in any::<u64>(), samples in 1usize..600, taken in 0usize..900) {
        let mut random = Random(seed);
        let indices: Vec<u32> = (0..taken).map(|_| random.below(samples as u64) as u32).collect();
        check(&Genotypes::new(seed, samples, 2, 1, 2), &indices, 0);
    }
}

#[test]
fn all_none_and_one() {
    for samples in SAMPLES {
        let genotypes = Genotypes::new(samples as u64, samples, 3, 1, 1);
        let all: Vec<u32> = (0..samples as u32).collect();
        check(&genotypes, &all, 0);
        check(&genotypes, &[], 0);
        for sample in [0, samples / 2, samples.saturating_sub(1)] {
            check(&genotypes, &all[sample.min(samples)..(sample + 1).min(samples)], 2);
            // Runs that start and end inside a word.
            check(&genotypes, &all[sample.min(samples)..], 0);
            check(&genotypes, &all[..sample], 0);
        }
    }
}

#[test]
fn malformed_calls_are_refused() {
    let genotypes = Genotypes::new(1, 9, 2, 0, 1);
    for level in levels() {
        let expected = KernelError::SelectedSample { place: 1, samples: 9 };
        assert_eq!(SampleGather::new(level, 9, &[3, 9]).map(|_| ()), Err(expected));
        let gather = SampleGather::new(level, 9, &[0, 1, 2, 7, 8]).expect("in range");
        let mut out = [0xff; 4];
        let rows = genotypes.rows();
        let mut refused = |rows, length: usize, stride| gather.gather(rows, &mut out[..length], stride);
        let expected = Err(KernelError::Length { what: "bytes of gathered rows", length: 3, expected: 4 });
        assert_eq!(refused(rows, 3, 2), expected);
        assert_eq!(refused(rows, 2, 1), Err(KernelError::Stride { stride: 1, row_bytes: 2 }));
        let other = Rows { samples: 8, ..rows };
        assert_eq!(refused(other, 4, 2), Err(KernelError::Samples { rows: 8, sums: 9 }));
        let short = Rows { stride: 4, ..rows };
        assert!(matches!(refused(short, 4, 2), Err(KernelError::RowsTooShort { .. })));
        assert_eq!(out, [0xff; 4]);
    }
}
