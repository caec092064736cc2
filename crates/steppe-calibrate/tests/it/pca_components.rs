//! Principal components against exact decompositions.

use std::collections::HashMap;

use nalgebra::DMatrix;
use steppe_calibrate::CalibrateError;
use steppe_calibrate::pca::{
    Pca, PcaOptions, PruneOptions, SelectionOptions, VariantScale, principal_components, prune, select,
};
use steppe_fit::{GenotypeMatrix, PackedColumns, VariantSubset};
use steppe_kernels::Level;
use steppe_stats::linear_algebra::{multiply, symmetric_eigen};

use super::genotypes::{Packed, cohort, correlation, data, table};

/// Standardised genotypes, dense.
fn dense(matrix: &Packed, scale: VariantScale) -> DMatrix<f64> {
    let columns = matrix.columns();
    let mut x = DMatrix::zeros(matrix.samples(), matrix.variants());
    for variant in 0..matrix.variants() {
        let codes: Vec<u8> = (0..matrix.samples()).map(|sample| columns.code(variant, sample)).collect();
        let called: Vec<f64> = codes.iter().filter(|code| **code < 3).map(|code| f64::from(*code)).collect();
        let mean = called.iter().sum::<f64>() / called.len() as f64;
        let observed =
            (called.iter().map(|code| (code - mean).powi(2)).sum::<f64>() / called.len() as f64).sqrt();
        let scale = match scale {
            VariantScale::Observed => observed,
            VariantScale::HardyWeinberg => (mean * (1.0 - mean / 2.0)).sqrt(),
        };
        if observed > 0.0 {
            for (sample, code) in codes.iter().enumerate().filter(|(_, code)| **code < 3) {
                x[(sample, variant)] = (f64::from(*code) - mean) / scale;
            }
        }
    }
    x
}

/// Eigenvalues of X·Xᵀ, largest first, and U·S.
fn exact(x: &DMatrix<f64>, components: usize) -> (Vec<f64>, Vec<Vec<f64>>) {
    let eigen = symmetric_eigen(&multiply(x, &x.transpose())).expect("eigenpairs");
    let n = x.nrows();
    let values: Vec<f64> = (0..components).map(|rank| eigen.values[n - 1 - rank]).collect();
    let vectors = (0..components)
        .map(|rank| (eigen.vectors.column(n - 1 - rank) * values[rank].sqrt()).as_slice().to_vec());
    (values.clone(), vectors.collect())
}

fn check(pca: &Pca, x: &DMatrix<f64>, components: usize, least: f64) {
    let (values, scores) = exact(x, components);
    for (component, scores) in scores.iter().enumerate() {
        let ours: Vec<f64> = pca.scores.column(component).iter().copied().collect();
        let found = correlation(&ours, scores).abs();
        assert!(found >= least, "component {component}: {found}");
        let squared = pca.model.singular_values[component].powi(2);
        assert!((squared / values[component] - 1.0).abs() < 1e-4, "{squared} {}", values[component]);
    }
}

/// The people of the reference split of `simulated`, variants selected and pruned.
fn reference() -> Option<Packed> {
    let data = data()?;
    let split: HashMap<String, String> = table(&data.join("simulated/samples.tsv"))
        .into_iter()
        .map(|row| (row[1].clone(), row[3].clone()))
        .collect();
    let cohort = cohort(&data.join("simulated/geno"), |id| split[id] == "ref");
    let selected =
        select(cohort.matrix.counts(), &cohort.places, &SelectionOptions::default()).expect("selected");
    let options = PruneOptions { most_r2: 0.2, ..PruneOptions::default() };
    let pruned = prune(&cohort.matrix, None, &selected.variants, &cohort.places, &options).expect("pruned");
    Some(Packed::new(cohort.matrix.select(&pruned.kept).expect("selected")))
}

#[test]
fn as_the_exact_decomposition() {
    let Some(matrix) = reference() else { return };
    for scale in [VariantScale::Observed, VariantScale::HardyWeinberg] {
        let options = PcaOptions { scale, kept: 10, ..PcaOptions::default() };
        let pca = principal_components(&matrix, None, &options).expect("components");
        eprintln!("{} x {}: {:?}", matrix.samples(), matrix.variants(), pca.passes);
        assert!(pca.components.iter().all(|component| component.converged));
        // Those in the noise as well.
        check(&pca, &dense(&matrix, scale), 10, 0.9999);
    }
}

/// With 4 times the components, as OADP wants them, and few vectors at a time.
#[test]
fn restarts_lose_nothing() {
    let Some(matrix) = reference() else { return };
    let pca = principal_components(&matrix, None, &PcaOptions::default()).expect("components");
    eprintln!("kept 40: {:?}", pca.passes);
    let x = dense(&matrix, VariantScale::Observed);
    check(&pca, &x, 10, 0.9999);
    let (values, _) = exact(&x, 40);
    for (value, exact) in pca.model.singular_values.iter().zip(&values) {
        assert!((value.powi(2) / exact - 1.0).abs() < 1e-3);
    }
}

/// Missing calls, a constant variant, one without calls, and sizes at which the whole matrix is taken at once.
#[test]
fn small_and_incomplete() {
    for (samples, variants) in [(60, 300), (300, 60), (230, 400)] {
        let mut columns = PackedColumns::new(samples);
        for variant in 0..variants {
            columns.push_codes((0..samples).map(|sample| {
                match (variant, (sample * 7 + variant * 13) % 29) {
                    (5, _) => 1,
                    (9, _) => 3,
                    (_, 0) => 3,
                    (_, place) => {
                        ((place + sample / (variant % 5 + 3) + sample % (variant % 7 + 2)) % 3) as u8
                    }
                }
            }));
        }
        let matrix = Packed::new(columns);
        let options = PcaOptions { components: 4, kept: 6, ..PcaOptions::default() };
        let pca = principal_components(&matrix, None, &options).expect("components");
        assert_eq!(pca.constant_variants, 2);
        assert!(pca.components[..4].iter().all(|component| component.converged), "{:?}", pca.components);
        check(&pca, &dense(&matrix, VariantScale::Observed), 4, 0.9999);
    }
}

/// A component as a plain score gives the component.
#[test]
fn allele_weights_are_the_projection() {
    let Some(matrix) = reference() else { return };
    let options = PcaOptions { components: 3, kept: 3, ..PcaOptions::default() };
    let pca = principal_components(&matrix, None, &options).expect("components");
    for component in 0..3 {
        let score = pca.model.allele_weights(component).expect("weights");
        let sums = matrix.forward(std::slice::from_ref(&score.weights)).expect("a pass");
        for (sum, expected) in sums[0].iter().zip(pca.scores.column(component).iter()) {
            assert!((sum + score.constant - expected).abs() < 1e-9);
        }
    }
    assert!(matches!(pca.model.allele_weights(3), Err(CalibrateError::Components { wanted: 4, there: 3 })));
    let eigenvalues = pca.model.eigenvalues();
    assert!((eigenvalues[0] - pca.components[0].eigenvalue).abs() < 1e-9 * eigenvalues[0]);
}

/// People that are no members change nothing, and are projected.
#[test]
fn members_alone_make_the_components() {
    let Some(matrix) = reference() else { return };
    let samples = matrix.samples();
    let members: Vec<bool> = (0..samples).map(|sample| sample % 3 > 0).collect();
    let mut alone = PackedColumns::new(members.iter().filter(|member| **member).count());
    for variant in 0..matrix.variants() {
        let kept = (0..samples).filter(|sample| members[*sample]);
        alone.push_codes(kept.map(|sample| matrix.columns().code(variant, sample)));
    }
    let alone = Packed::new(alone);
    let all = Packed::with_reference(matrix.columns().clone(), &members);
    let options = PcaOptions { components: 3, kept: 6, ..PcaOptions::default() };
    let one = principal_components(&alone, None, &options).expect("components");
    let other = principal_components(&all, Some(&members), &options).expect("components");
    let rows: Vec<usize> = (0..samples).filter(|sample| members[*sample]).collect();
    for component in 0..3 {
        let of_members: Vec<f64> = rows.iter().map(|row| other.scores[(*row, component)]).collect();
        let expected: Vec<f64> = one.scores.column(component).iter().copied().collect();
        assert!(correlation(&of_members, &expected) > 0.99999);
    }
}

#[test]
fn the_same_bits_on_any_number_of_threads() {
    let Some(matrix) = reference() else { return };
    let options = PcaOptions { components: 4, kept: 8, ..PcaOptions::default() };
    let on = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("a pool");
        pool.install(|| principal_components(&matrix, None, &options).expect("components"))
    };
    let (one, three) = (on(1), on(3));
    assert_eq!(one.model, three.model);
    assert_eq!(one.scores, three.scores);
    // And over a subset of a larger matrix.
    let subset =
        VariantSubset::new(&matrix, (0..matrix.variants() as u32).step_by(2).collect(), Level::best());
    let subset = subset.expect("ascending");
    let half = principal_components(&subset, None, &options).expect("components");
    assert_eq!(half.model.variants(), matrix.variants().div_ceil(2));
}

#[test]
fn what_can_not_be_computed_is_said() {
    let mut columns = PackedColumns::new(8);
    (0..20).for_each(|variant| columns.push_codes((0..8).map(|sample| ((sample + variant) % 3) as u8)));
    let matrix = Packed::new(columns);
    let with = |options: &PcaOptions| principal_components(&matrix, None, options).map(|_| ());
    let base = PcaOptions { components: 2, kept: 2, ..PcaOptions::default() };
    assert!(with(&base).is_ok());
    for components in [0, 8] {
        let options = PcaOptions { components, kept: 8, ..base };
        assert!(matches!(with(&options), Err(CalibrateError::Rank { people: 8, variants: 20, .. })));
    }
    assert!(matches!(with(&PcaOptions { kept: 1, ..base }), Err(CalibrateError::Components { .. })));
    assert!(matches!(with(&PcaOptions { angle: 0.0, ..base }), Err(CalibrateError::Range { .. })));
    assert!(matches!(with(&PcaOptions { most_applications: 0, ..base }), Err(CalibrateError::Range { .. })));
    let short = principal_components(&matrix, Some(&[true; 3]), &base);
    assert!(matches!(short, Err(CalibrateError::Length { .. })));
}
