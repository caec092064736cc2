//! Filters of variants, and tests of Hardy-Weinberg proportions.

use std::collections::HashMap;

use steppe_calibrate::CalibrateError;
use steppe_calibrate::pca::{
    HardyWeinbergTest, LongRangeLd, SelectionOptions, VariantPlace, hardy_weinberg_chi_square,
    hardy_weinberg_exact, select,
};

use super::genotypes::{expected, table};

/// P of plink2's exact test, printed to six digits, for every tenth variant of `simulated`, from the counts beside it.
#[test]
fn exact_test_is_plink2s() {
    let mut rows = 0;
    for row in table(&expected("hardy.tsv")) {
        let count = |at: usize| row[at].parse::<u64>().expect("a count");
        let p: f64 = row[4].parse().expect("a P");
        let ours = hardy_weinberg_exact([count(1), count(3)], count(2));
        assert!((ours - p).abs() <= 6e-6 * p, "{} {ours} {p}", row[0]);
        rows += 1;
    }
    assert!(rows > 800);
}

#[test]
fn without_variation_there_is_nothing_to_test() {
    assert_eq!(hardy_weinberg_exact([0, 0], 0), 1.0);
    assert_eq!(hardy_weinberg_exact([50, 0], 0), 1.0);
    // One copy can only be one heterozygote.
    assert_eq!(hardy_weinberg_exact([0, 9], 1), 1.0);
}

#[test]
fn chi_square_by_hand() {
    // 30, 40, 30: expected 25, 50, 25; Σ (o − e)² / e = 1 + 2 + 1 = 4.
    assert!((hardy_weinberg_chi_square([30, 30], 40) - 0.045_500_263_896).abs() < 1e-9);
    assert_eq!(hardy_weinberg_chi_square([9, 0], 0), 1.0);
}

#[test]
fn every_variant_is_counted_under_its_first_reason() {
    let place = |chromosome, position, plain_snp| VariantPlace { chromosome, position, plain_snp };
    let fine = [36, 48, 16, 0];
    let cases = [
        (fine, place(1, 100, true)),
        (fine, place(0, 100, true)),
        (fine, place(23, 100, true)),
        (fine, place(1, 100, false)),
        (fine, place(6, 30_000_000, true)),
        ([36, 48, 16, 20], place(1, 100, true)),
        ([0, 0, 0, 100], place(1, 100, true)),
        ([95, 5, 0, 0], place(1, 100, true)),
        ([100, 0, 0, 0], place(1, 100, true)),
        ([50, 0, 50, 0], place(1, 100, true)),
    ];
    let (counts, places): (Vec<_>, Vec<_>) = cases.into_iter().unzip();
    let options = SelectionOptions { long_range_ld: LongRangeLd::Grch38, ..SelectionOptions::default() };
    for hardy_weinberg in [HardyWeinbergTest::Exact, HardyWeinbergTest::ChiSquare] {
        let found =
            select(&counts, &places, &SelectionOptions { hardy_weinberg, ..options }).expect("judged");
        let n = found.counts;
        assert_eq!(found.variants, [0]);
        assert_eq!(
            [
                n.judged,
                n.not_autosomal,
                n.not_plain_snp,
                n.long_range_ld,
                n.missing,
                n.rare,
                n.hardy_weinberg,
                n.kept
            ],
            [10, 2, 1, 1, 2, 2, 1, 1]
        );
    }
    let lenient = SelectionOptions {
        least_maf: 0.0,
        most_missing: 1.0,
        least_hardy_weinberg_p: 0.0,
        long_range_ld: LongRangeLd::None,
        ..options
    };
    assert_eq!(select(&counts, &places, &lenient).expect("judged").variants, [0, 4, 5, 7, 9]);
    assert!(matches!(select(&counts, &places[1..], &options), Err(CalibrateError::Length { .. })));
    let wild = SelectionOptions { least_maf: 0.6, ..options };
    assert!(matches!(select(&counts, &places, &wild), Err(CalibrateError::Range { .. })));
}

/// The regions lie on autosomes and none is empty; both builds have the major histocompatibility complex.
#[test]
fn regions_are_regions() {
    for table in [LongRangeLd::Grch37, LongRangeLd::Grch38] {
        let mut by_chromosome: HashMap<u32, u64> = HashMap::new();
        for region in table.regions() {
            assert!((1..=22).contains(&region.chromosome) && region.start < region.end, "{region:?}");
            *by_chromosome.entry(region.chromosome).or_default() += u64::from(region.end - region.start);
        }
        let all: u64 = by_chromosome.values().sum();
        assert!((70_000_000..110_000_000).contains(&all), "{all}");
        assert!(table.regions().any(|r| r.chromosome == 6 && r.start < 29_000_000 && r.end > 33_000_000));
    }
    assert_eq!(LongRangeLd::None.regions().count(), 0);
}
