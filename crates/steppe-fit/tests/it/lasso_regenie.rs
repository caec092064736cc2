//! The gaussian lasso path of regenie's example data (500 x 1,000), as glmnet fits it at a threshold of 1e-12.

use std::path::{Path, PathBuf};

use steppe_fit::{
    MemoryMatrix, PackedColumns,
    lasso::{Coefficient, LambdaPath, LassoOptions, LassoProblem, PathPoint, Response, Role, Trait},
};

use super::lasso_support::{Dense, dense, fit};

fn folder() -> Option<PathBuf> {
    let root = std::env::var_os("STEPPE_DATA").map_or_else(
        || PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/data")),
        PathBuf::from,
    );
    let folder = root.join("regenie_example");
    if folder.is_dir() {
        return Some(folder);
    }
    assert!(std::env::var("CI").as_deref() != Ok("true"), "{} is missing", folder.display());
    eprintln!("skipped: {} is missing", folder.display());
    None
}

fn table(path: &Path, separator: &str) -> Vec<Vec<f64>> {
    let text = std::fs::read_to_string(path).unwrap();
    let number = |field: &str| field.parse().unwrap_or(f64::NAN);
    text.lines().skip(1).map(|line| line.split(separator).map(number).collect()).collect()
}

/// All variants of a small .bed file: copies of its first allele.
fn bed(path: &Path, samples: usize) -> PackedColumns {
    let bytes = std::fs::read(path).unwrap();
    let mut columns = PackedColumns::new(samples);
    for row in bytes[3..].chunks_exact(samples.div_ceil(4)) {
        // 00 is two copies of the first allele, 01 missing, 10 one, 11 none.
        let code = |sample: usize| [2, 3, 1, 0][usize::from((row[sample / 4] >> (2 * (sample % 4))) & 3)];
        columns.push_codes((0..samples).map(code).collect::<Vec<_>>());
    }
    columns
}

#[test]
fn equals_glmnet() {
    let Some(folder) = folder() else { return };
    let y: Vec<f64> = table(&folder.join("phenotype.txt"), " ").iter().map(|row| row[2]).collect();
    let path = table(&folder.join("expected/glmnet/path_alpha1.tsv"), "\t");
    let effects = table(&folder.join("expected/glmnet/beta_alpha1.tsv"), "\t");
    let columns = bed(&folder.join("example.bed"), y.len());
    assert_eq!((columns.len(), effects.len(), path.len()), (1000, 1000, 50));
    let matrix = MemoryMatrix::new(columns.clone(), &vec![true; y.len()]);
    let x = dense(&columns, &matrix);
    let input = Trait {
        name: "Y1".into(),
        roles: vec![Role::Train; y.len()],
        weights: Vec::new(),
        covariates: nalgebra::DMatrix::zeros(y.len(), 0),
        lambdas: None,
        response: Response::Gaussian(y),
    };
    let options = LassoOptions {
        lambdas: LambdaPath::Given(path.iter().map(|row| row[0]).collect()),
        strong_size: 100,
        tolerance: 1e-9,
        // As glmnet does unless told otherwise.
        standardize: true,
        ..LassoOptions::default()
    };
    let fitted = fit(&LassoProblem::new(&matrix), std::slice::from_ref(&input), &options).remove(0);
    let oracle = Dense::new(&x, &input, &options, &[1.0; 1000]);
    assert_eq!(fitted.points.len(), 50);
    for (k, ours) in fitted.points.iter().enumerate() {
        let coefficient = |(j, row): (usize, &Vec<f64>)| Coefficient {
            variant: j as u32,
            population: None,
            effect: row[k + 1],
        };
        let theirs = PathPoint {
            coefficients: effects.iter().enumerate().map(coefficient).collect(),
            intercept: path[k][1],
            ..ours.clone()
        };
        let (a, b) = (oracle.objective(ours), oracle.objective(&theirs));
        assert!((a - b).abs() <= 1e-6 * b, "lambda {k}: objective {a} {b}");
        // In the flat end of the path (R² above 0.9) effects differ by more than 1e-4: ours is the better optimum.
        let near = if k < 25 { 1e-4 } else { 3e-3 };
        assert!(a <= b + 1e-12, "lambda {k}: objective {a} {b}");
        assert!((ours.deviance_explained - path[k][3]).abs() <= 1e-4, "lambda {k}");
        assert!((ours.intercept - path[k][1]).abs() <= 1e-2, "lambda {k}");
        let mut own = vec![0.0; 1000];
        ours.coefficients.iter().for_each(|b| own[b.variant as usize] = b.effect);
        for (j, (x, row)) in own.iter().zip(&effects).enumerate() {
            assert!((x - row[k + 1]).abs() <= near, "lambda {k} variant {j}: {x} {}", row[k + 1]);
        }
    }
    // Its own path begins where glmnet's does.
    let auto = LassoOptions { lambdas: LambdaPath::Auto { count: 50, ratio: None }, ..options };
    let own = fit(&LassoProblem::new(&matrix), &[input], &auto).remove(0);
    for (x, row) in own.lambdas.iter().zip(&path) {
        assert!((x - row[0]).abs() <= 1e-9 * row[0], "{x} {}", row[0]);
    }
}
