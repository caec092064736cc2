//! Pruning against plink2's `--indep-pairwise`.

use std::collections::HashSet;

use steppe_calibrate::CalibrateError;
use steppe_calibrate::pca::{LdWindow, PruneOptions, Pruning, prune};
use steppe_fit::GenotypeMatrix;

use super::genotypes::{Cohort, cohort, data, expected, table};

fn window(row: &[String]) -> PruneOptions {
    let step = row[2].parse().expect("a step");
    let window = match row[1].strip_suffix("kb") {
        Some(size) => LdWindow::BasePairs(1000 * size.parse::<u32>().expect("a size")),
        None => LdWindow::Variants { size: row[1].parse().expect("a size"), step },
    };
    PruneOptions { window, most_r2: row[3].parse().expect("r²") }
}

fn bits(kept: &[u32], variants: usize) -> String {
    let mut digits = vec![0u8; variants.div_ceil(4)];
    for variant in kept {
        digits[*variant as usize / 4] |= 8 >> (variant % 4);
    }
    digits.iter().map(|digit| char::from_digit(u32::from(*digit), 16).expect("a digit")).collect()
}

fn run(cohort: &Cohort, options: &PruneOptions) -> Pruning {
    let variants: Vec<u32> = (0..cohort.matrix.variants() as u32).collect();
    prune(&cohort.matrix, None, &variants, &cohort.places, options).expect("pruned")
}

#[test]
fn the_same_variants_as_plink2() {
    let Some(data) = data() else { return };
    let reference: HashSet<String> =
        table(&data.join("simulated/keep.ALL.ref.txt")).into_iter().map(|row| row[1].clone()).collect();
    let cohorts = [
        ("simulated", cohort(&data.join("simulated/geno"), |id| reference.contains(id))),
        ("ancestry_bp1000g", cohort(&data.join("ancestry_bp1000g/data/ref"), |_| true)),
        ("bigsnpr_missing", cohort(&data.join("bigsnpr_missing/example-missing"), |_| true)),
    ];
    let mut compared = 0;
    for row in &table(&expected("prune.tsv"))[1..] {
        let (_, cohort) = cohorts.iter().find(|(name, _)| *name == row[0]).expect("a known data set");
        let pruning = run(cohort, &window(row));
        let variants = cohort.matrix.variants();
        assert_eq!(pruning.kept.len().to_string(), row[4], "{:?}", &row[..4]);
        assert_eq!(bits(&pruning.kept, variants), row[5], "{:?}", &row[..4]);
        assert_eq!(pruning.kept.len() as u64 + pruning.correlated + pruning.constant, variants as u64);
        compared += 1;
    }
    assert_eq!(compared, 8);
}

#[test]
fn genotypes_are_selected_once() {
    let Some(data) = data() else { return };
    let cohort = cohort(&data.join("bigsnpr_missing/example-missing"), |_| true);
    run(&cohort, &PruneOptions::default());
    let chromosomes: HashSet<u32> = cohort.places.iter().map(|place| place.chromosome).collect();
    let selects = cohort.matrix.passes.lock().expect("counted")[2];
    assert_eq!(selects as usize, chromosomes.len(), "500 variants are one run on each chromosome");
}

#[test]
fn what_can_not_be_pruned_is_said() {
    let Some(data) = data() else { return };
    let mut cohort = cohort(&data.join("bigsnpr_missing/example-missing"), |_| true);
    let variants: Vec<u32> = (0..cohort.matrix.variants() as u32).collect();
    let with = |cohort: &Cohort, options: &PruneOptions| {
        prune(&cohort.matrix, None, &variants, &cohort.places, options)
    };
    let narrow = PruneOptions { window: LdWindow::Variants { size: 1, step: 1 }, most_r2: 0.1 };
    assert!(matches!(with(&cohort, &narrow), Err(CalibrateError::Range { .. })));
    let high = PruneOptions { most_r2: 1.0, ..PruneOptions::default() };
    assert!(matches!(with(&cohort, &high), Err(CalibrateError::Range { .. })));
    cohort.places.swap(3, 9);
    assert!(matches!(
        with(&cohort, &PruneOptions::default()),
        Err(CalibrateError::VariantOrder { index: 4 })
    ));
    cohort.places.pop();
    assert!(matches!(with(&cohort, &PruneOptions::default()), Err(CalibrateError::Length { .. })));
}
