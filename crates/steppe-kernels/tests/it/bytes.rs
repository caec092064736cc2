//! Counts, recoding, masks and reordering.

use proptest::prelude::*;
use steppe_kernels::{and_mask, count_codes, count_codes_masked, recode_bed, reorder_samples};

use super::runner::{Random, code, levels, pack};

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn counts_are_the_naive_counts(seed in any::<u64>(), samples in 0usize..6000, padding in 0usize..20) {
        let mut random = Random(seed);
        let row = random.bytes(samples.div_ceil(4) + padding);
        let mask = random.bytes(samples.div_ceil(4) + padding / 2);
        let (mut expected, mut members) = ([0; 4], [0; 4]);
        (0..samples).for_each(|sample| expected[code(&row, sample)] += 1);
        (0..4 * mask.len()).filter(|&s| code(&mask, s) == 3).for_each(|sample| members[code(&row, sample)] += 1);
        for level in levels() {
            prop_assert_eq!(count_codes(level, &row, samples), expected, "{}", level);
            prop_assert_eq!(count_codes_masked(level, &row, &mask), members, "masked, {}", level);
        }
    }

    #[test]
    fn recoding_follows_the_bed_codes(seed in any::<u64>(), samples in 0usize..2000, padding in 0usize..20) {
        let bed = Random(seed).bytes(samples.div_ceil(4));
        let mut expected = pack((0..samples).map(|sample| [2, 3, 1, 0][code(&bed, sample)]));
        expected.resize(bed.len() + padding, 0);
        for level in levels() {
            let mut tile = vec![0xff; bed.len() + padding];
            recode_bed(level, &bed, &mut tile, samples);
            prop_assert_eq!(&tile, &expected, "{}", level);
        }
    }

    #[test]
    fn masking_is_bytewise(seed in any::<u64>(), bytes in 0usize..2000) {
        let mut random = Random(seed);
        let (row, mask) = (random.bytes(bytes), random.bytes(bytes));
        let expected: Vec<u8> = row.iter().zip(&mask).map(|(row, mask)| row & mask).collect();
        for level in levels() {
            let mut masked = vec![0xff; bytes];
            and_mask(level, &row, &mask, &mut masked);
            prop_assert_eq!(&masked, &expected, "{}", level);
        }
    }

    #[test]
    fn reordering_gathers(seed in any::<u64>(), samples in 1usize..500, taken in 0usize..500, padding in 0usize..5) {
        let mut random = Random(seed);
        let row = random.bytes(samples.div_ceil(4));
        let order: Vec<u32> = (0..taken).map(|_| random.below(samples as u64) as u32).collect();
        let mut expected = pack(order.iter().map(|&sample| code(&row, sample as usize)));
        expected.resize(expected.len() + padding, 0);
        let mut gathered = vec![0xff; expected.len()];
        reorder_samples(&row, &order, &mut gathered);
        prop_assert_eq!(gathered, expected);
    }
}

#[test]
fn a_sample_past_the_source_is_missing() {
    let mut gathered = [0];
    reorder_samples(&[0b01], &[0, 4], &mut gathered);
    assert_eq!(gathered, [0b1101]);
}

#[test]
fn short_buffers_limit_the_pass() {
    for level in levels() {
        assert_eq!(count_codes(level, &[0b11_10_01_00], 100), [1; 4]);
        let mut tile = [0xff];
        recode_bed(level, &[0b11_10_01_00, 0], &mut tile, 8);
        assert_eq!(tile, [0b00_01_11_10]);
    }
}
