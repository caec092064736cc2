//! Components and projections against FRAPOSA 1.0.2 on the 1000 Genomes Project.

use std::path::Path;

use nalgebra::DMatrix;
use steppe_calibrate::CalibrateError;
use steppe_calibrate::pca::{Pca, PcaOptions, principal_components};
use steppe_calibrate::projection::{Projection, ProjectionMethod, SharedVariant, project};
use steppe_fit::{GenotypeMatrix, MemoryMatrix, PackedColumns, VariantSubset};
use steppe_kernels::Level;

use super::genotypes::{Packed, cohort, correlation, data, deviation, table};

/// The scores of a `.pcs` file.
fn scores(path: &Path, components: usize) -> DMatrix<f64> {
    let rows = &table(path)[1..];
    DMatrix::from_fn(rows.len(), components, |row, column| rows[row][column + 2].parse().expect("a score"))
}

/// Every component: correlation, and the largest difference after sign in units of the component's deviation.
fn compare(what: &str, ours: &DMatrix<f64>, theirs: &DMatrix<f64>, signs: &[f64]) {
    assert_eq!(ours.nrows(), theirs.nrows());
    for (component, sign) in signs.iter().enumerate() {
        let a: Vec<f64> = ours.column(component).iter().map(|value| sign * value).collect();
        let b: Vec<f64> = theirs.column(component).iter().copied().collect();
        let unit = deviation(&b);
        let most = a.iter().zip(&b).map(|(a, b)| (a - b).abs() / unit).fold(0.0, f64::max);
        let found = correlation(&a, &b);
        eprintln!("{what} {component}: correlation {found:.8}, largest difference {most:.2e} deviations");
        assert!(found >= 0.9999, "{what} {component}: {found}");
        assert!(most <= 1e-3, "{what} {component}: {most}");
    }
}

fn signs(pca: &Pca, theirs: &DMatrix<f64>) -> Vec<f64> {
    let sign = |component: usize| pca.scores.column(component).dot(&theirs.column(component)).signum();
    (0..theirs.ncols()).map(sign).collect()
}

/// All variants, in the same places.
fn same(variants: usize) -> Vec<SharedVariant> {
    (0..variants as u32).map(|at| SharedVariant { model: at, matrix: at, flipped: false }).collect()
}

#[test]
fn as_fraposa() {
    let Some(data) = data() else { return };
    let folder = data.join("ancestry_bp1000g");
    let reference = cohort(&folder.join("data/ref"), |_| true).matrix;
    let target = cohort(&folder.join("data/tgt"), |_| true).matrix;
    let expected = folder.join("expected");
    // FRAPOSA updates within the exact top 40.
    let options = PcaOptions { components: 40, kept: 40, ..PcaOptions::default() };
    let pca = principal_components(&reference, None, &options).expect("components");
    eprintln!("passes {:?}", pca.passes);
    assert!(pca.components.iter().all(|component| component.converged));
    let values = table(&expected.join("fraposa_dim10/ref_s.dat"));
    for (ours, theirs) in pca.model.singular_values.iter().zip(&values) {
        let theirs: f64 = theirs[0].parse().expect("a value");
        // FRAPOSA computes in single precision.
        assert!((ours / theirs - 1.0).abs() < 1e-4, "{ours} {theirs}");
    }
    let theirs = scores(&expected.join("fraposa_dim10/ref.pcs"), 10);
    let signs = signs(&pca, &theirs);
    compare("reference", &pca.scores.columns(0, 10).into_owned(), &theirs, &signs);
    let shared = same(reference.variants());
    for (method, components, name) in [
        (ProjectionMethod::Simple, 4, "fraposa_sp4"),
        (ProjectionMethod::Oadp, 4, "fraposa_dim4"),
        (ProjectionMethod::Oadp, 10, "fraposa_dim10"),
    ] {
        let start = std::time::Instant::now();
        let found = project(&pca.model, &target, &shared, method, Some(components)).expect("projected");
        eprintln!("{name}: {:?} a person, passes and all", start.elapsed() / target.samples() as u32);
        assert_eq!((found.shared, found.of, found.few_shared), (19_734, 19_734, false));
        assert!(found.coverage.iter().all(|share| (share - 1.0).abs() < 1e-9));
        compare(
            name,
            &found.scores,
            &scores(&expected.join(name).join("tgt.pcs"), components),
            &signs[..components],
        );
    }
    one_person(&pca, &target);
    flipped(&pca, &target);
}

/// A cohort of one gives what the person gives among others.
fn one_person(pca: &Pca, target: &Packed) {
    let mut alone = PackedColumns::new(1);
    (0..target.variants()).for_each(|variant| alone.push_codes([target.columns().code(variant, 7)]));
    let shared = same(target.variants());
    let both: Vec<Projection> = [&Packed::new(alone), target]
        .map(|matrix| {
            project(&pca.model, matrix, &shared, ProjectionMethod::Oadp, Some(10)).expect("projected")
        })
        .into();
    assert_eq!(both[0].scores.row(0), both[1].scores.row(7));
    assert_eq!(both[0].unexplained[0], both[1].unexplained[7]);
}

/// A target that counts the other allele, and one that has some of the variants.
fn flipped(pca: &Pca, target: &Packed) {
    let mut other = PackedColumns::new(target.samples());
    for variant in 0..target.variants() {
        let code = |sample: usize| [2, 1, 0, 3][usize::from(target.columns().code(variant, sample))];
        other.push_codes((0..target.samples()).map(code));
    }
    let other = Packed::new(other);
    let straight = same(target.variants());
    let turned: Vec<_> = straight.iter().map(|shared| SharedVariant { flipped: true, ..*shared }).collect();
    let simple = ProjectionMethod::Simple;
    let a = project(&pca.model, target, &straight, simple, Some(4)).expect("projected");
    let b = project(&pca.model, &other, &turned, simple, Some(4)).expect("projected");
    assert_eq!(a.scores, b.scores);
    let part = project(&pca.model, target, &straight[..900], simple, Some(4)).expect("projected");
    assert!(part.few_shared && part.shared == 900 && part.coverage.iter().all(|share| *share < 0.2));
    let few = project(&pca.model, target, &straight[..199], simple, Some(4));
    assert!(matches!(few, Err(CalibrateError::SharedVariants { shared: 199, of: 19_734, needed: 200 })));
    let twice = [straight[0]; 300];
    assert!(matches!(
        project(&pca.model, target, &twice, simple, Some(4)),
        Err(CalibrateError::SharedOrder { .. })
    ));
    let many = project(&pca.model, target, &straight, simple, Some(41));
    assert!(matches!(many, Err(CalibrateError::Components { wanted: 41, there: 40 })));
}

/// Sums of tables, over more samples and variants than one step takes, against the plain sums.
#[test]
fn tables_add_up() {
    let (samples, variants) = (9_001, 600);
    let mut columns = PackedColumns::new(samples);
    let code = |variant: usize, sample: usize| ((sample * 31 + variant * 17 + sample * variant) % 4) as u8;
    (0..variants).for_each(|variant| columns.push_codes((0..samples).map(|sample| code(variant, sample))));
    let matrix = MemoryMatrix::new(columns, &vec![true; samples]);
    let table = |variant: usize| [0.5, variant as f64, -1.25, 100.0 - variant as f64];
    let every =
        |step: usize| (0..variants).step_by(step).map(|at| (at as u32, table(at))).collect::<Vec<_>>();
    let lanes = [every(1), every(7), Vec::new()];
    let subset =
        VariantSubset::new(&matrix, (3..variants as u32).collect(), Level::best()).expect("ascending");
    let found = matrix.forward_tables(&lanes).expect("a pass");
    for sample in [0, 1, 8_191, 8_192, 9_000] {
        for (lane, sums) in lanes.iter().zip(&found) {
            let plain: f64 =
                lane.iter().map(|(at, table)| table[usize::from(code(*at as usize, sample))]).sum();
            assert!((sums[sample] - plain).abs() < 1e-9);
        }
    }
    let moved: Vec<_> = every(7).into_iter().skip(1).map(|(at, table)| (at - 3, table)).collect();
    let of_subset = subset.forward_tables(&[moved]).expect("a pass");
    let direct = matrix.forward_tables(&[every(7)[1..].to_vec()]).expect("a pass");
    assert_eq!(of_subset, direct);
}
