//! The stacked block ridge on the simulated cohort against `tests/oracles/ridge_numpy.py`, with its output beside it.

use std::path::{Path, PathBuf};

use steppe_fit::ridge::{
    CrossValidation, FittedBlock, RidgeControl, RidgeData, RidgeFamily, RidgeOptions, RidgeTrait, fit_ridge,
};
use steppe_fit::{MemoryMatrix, PackedColumns};

use super::ridge_support::Kept;

const EXPECTED: &str = include_str!("../oracles/ridge_numpy.tsv");

/// The folder of the simulated cohort; `None`, said aloud, where it is absent outside CI.
fn simulated() -> Option<PathBuf> {
    let default = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/data");
    let root = PathBuf::from(std::env::var_os("STEPPE_DATA").unwrap_or_else(|| default.into()));
    let folder = root.join("simulated");
    if folder.is_dir() {
        return Some(folder);
    }
    assert!(std::env::var("CI").as_deref() != Ok("true"), "CI needs the test data: {}", folder.display());
    eprintln!("skipped: no test data in {}", folder.display());
    None
}

fn column(folder: &Path, file: &str, header: &str) -> Vec<String> {
    let text = std::fs::read_to_string(folder.join(file)).expect("a table");
    let mut lines = text.lines().map(|line| line.split('\t').collect::<Vec<_>>());
    let names = lines.next().expect("a header");
    let at = names.iter().position(|name| *name == header).expect("the column");
    lines.map(|line| line[at].to_owned()).collect()
}

fn numbers(folder: &Path, file: &str, header: &str, people: &[usize]) -> Vec<f64> {
    let all = column(folder, file, header);
    people.iter().map(|person| all[*person].parse().expect("a number")).collect()
}

/// Every fifth variant of some people, copies of the .bim file's first allele, with the chromosomes.
fn genotypes(folder: &Path, people: &[usize]) -> (MemoryMatrix, Vec<u32>) {
    let bim = std::fs::read_to_string(folder.join("geno.bim")).expect("variants");
    let chromosomes: Vec<u32> = bim
        .lines()
        .step_by(5)
        .map(|line| line.split_whitespace().next().expect("a field").parse().expect("a chromosome"))
        .collect();
    let total = std::fs::read_to_string(folder.join("geno.fam")).expect("people").lines().count();
    let bed = std::fs::read(folder.join("geno.bed")).expect("genotypes");
    let mut packed = PackedColumns::new(people.len());
    for row in bed[3..].chunks(total.div_ceil(4)).step_by(5) {
        packed.push_codes(
            people.iter().map(|person| [2, 3, 1, 0][usize::from(row[person / 4] >> (2 * (person % 4)) & 3)]),
        );
    }
    (MemoryMatrix::new(packed, &vec![true; people.len()]), chromosomes)
}

/// The numbers of the lines that start with some fields.
fn expected(start: &str) -> Vec<f64> {
    let line = EXPECTED.lines().find(|line| line.starts_with(start)).expect("expected values");
    line[start.len()..].split('\t').map(|value| value.parse().expect("a number")).collect()
}

fn squared_correlation(left: &[f64], right: &[f64]) -> f64 {
    let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len() as f64;
    let (a, b) = (mean(left), mean(right));
    let sum = |value: &dyn Fn(f64, f64) -> f64| -> f64 {
        left.iter().zip(right).map(|(l, r)| value(l - a, r - b)).sum()
    };
    sum(&|l, r| l * r).powi(2) / (sum(&|l, _| l * l) * sum(&|_, r| r * r))
}

/// The trait less its least squares fit on the covariates, by the normal equations.
fn residual(values: &[f64], covariates: &[Vec<f64>]) -> Vec<f64> {
    let y = nalgebra::DVector::from_column_slice(values);
    let z = nalgebra::DMatrix::from_fn(y.len(), 3, |i, j| if j == 0 { 1.0 } else { covariates[j - 1][i] });
    let along = (z.transpose() * &z).lu().solve(&(z.transpose() * &y)).expect("regular");
    (y - z * along).as_slice().to_vec()
}

#[test]
fn out_of_fold_r_squared_is_numpys() {
    let Some(folder) = simulated() else { return };
    let splits = column(&folder, "samples.tsv", "split");
    let training = splits.iter().enumerate().filter(|(_, split)| *split == "train");
    let people: Vec<usize> = training.map(|(person, _)| person).step_by(2).collect();
    let (matrix, chromosomes) = genotypes(&folder, &people);
    let covariates: Vec<Vec<f64>> =
        ["SEX", "AGE"].iter().map(|name| numbers(&folder, "covar.tsv", name, &people)).collect();
    let values = numbers(&folder, "pheno.tsv", "QT", &people);
    let residual = residual(&values, &covariates);
    let traits = [RidgeTrait { values, family: RidgeFamily::Gaussian }];
    let fold_of_sample: Vec<u32> = (0..people.len() as u32).map(|sample| sample % 5).collect();
    let validation = CrossValidation::Folds { fold_of_sample, folds: 5 };
    let data = RidgeData {
        chromosomes: &chromosomes,
        covariates: &covariates,
        traits: &traits,
        validation: &validation,
    };
    let options = RidgeOptions { block_size: 150, ..RidgeOptions::default() };
    let kept = Kept::default();
    let control = RidgeControl { checkpoint: Some(&kept), ..RidgeControl::default() };
    let fitted = fit_ridge(&matrix, &data, &options, &control).expect("fitted");
    assert_eq!(fitted.blocks, 12);
    let by_fold: Vec<f64> = (0..5).flat_map(|fold| residual.iter().skip(fold).step_by(5)).copied().collect();
    for block in 0..fitted.blocks {
        let FittedBlock { predictions, .. } = kept.block(block);
        for ridge in 0..5 {
            let found = squared_correlation(predictions.column(ridge).into_owned().as_slice(), &by_fold);
            let wanted = expected(&format!("level0\t{block}\t{ridge}\t"))[0];
            assert!((found - wanted).abs() < 1e-6, "block {block}, ridge {ridge}: {found}, numpy {wanted}");
        }
    }
    let own = fitted.traits[0].as_ref().expect("fitted");
    for (penalty, score) in own.scores.iter().enumerate() {
        let wanted = expected(&format!("level1\t{penalty}\t"));
        assert!((score.r_squared - wanted[0]).abs() < 1e-6, "penalty {penalty}: {score:?}, numpy {wanted:?}");
        assert!(
            (score.mean_squared_error - wanted[1]).abs() < 1e-6,
            "penalty {penalty}: {score:?}, numpy {wanted:?}"
        );
    }
    for (chromosome, loco) in fitted.chromosomes.iter().zip(&own.loco) {
        let wanted = expected(&format!("loco\t{}\t{chromosome}\t", own.chosen));
        assert!(wanted.iter().zip(loco).all(|(wanted, found)| (wanted - found).abs() < 1e-6), "{chromosome}");
    }
}
