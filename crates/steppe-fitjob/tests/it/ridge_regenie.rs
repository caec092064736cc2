//! regenie's own example, whose second step's table is in its repository. All of its variants are on chromosome 1, so that
//! regenie's predictions without that chromosome are 0: its step 2 must come out of our `.loco` file too. This says that
//! the same samples and traits take part and that our file means to step 2 what regenie's does; the values of predictions
//! are tested against dense arithmetic.

use std::{collections::BTreeMap, path::PathBuf};

use nalgebra::{DMatrix, DVector};
use steppe_fitjob::{CovariateOptions, InputOptions, RidgeJobOptions};
use steppe_formats::{phenotype::BinaryCoding, plink1::FilesetPaths};

use super::{ridge_support::loco, stored::Stored};

/// Largest distance of z; regenie prints six digits of its square.
const TOLERANCE: f64 = 1e-5;

/// The chi-square of P = 0.01, from which on regenie's command has Firth's test.
const FIRTH_FROM: f64 = 6.6349;

fn data() -> Option<PathBuf> {
    let folder = super::support::simulated()?.with_file_name("regenie_example");
    if folder.is_dir() {
        return Some(folder);
    }
    assert!(std::env::var("CI").as_deref() != Ok("true"), "{} is missing", folder.display());
    eprintln!("skipped: {} is missing", folder.display());
    None
}

/// Rows of cells by the sample's id.
fn by_id(path: &std::path::Path) -> BTreeMap<String, Vec<f64>> {
    let text = std::fs::read_to_string(path).expect("a table");
    let row = |line: &str| {
        let cells: Vec<&str> = line.split_whitespace().collect();
        let numbers = cells[2..].iter().map(|cell| cell.parse().unwrap_or(f64::NAN)).collect();
        (format!("{}_{}", cells[0], cells[1]), numbers)
    };
    text.lines().skip(1).map(row).collect()
}

/// The score test of one variant with predictions as offset: null model by Newton's method, genotypes without the part
/// that the weighted covariates explain.
struct Null {
    z: DMatrix<f64>,
    residual: DVector<f64>,
    weights: DVector<f64>,
}

impl Null {
    fn new(z: DMatrix<f64>, y: &DVector<f64>, offset: &DVector<f64>) -> Self {
        let mut beta = DVector::zeros(z.ncols());
        for _ in 0..30 {
            let p = (offset + &z * &beta).map(|eta| 1.0 / (1.0 + (-eta).exp()));
            let mut weighted = z.clone();
            (0..z.nrows()).for_each(|i| weighted.row_mut(i).scale_mut(p[i] * (1.0 - p[i])));
            let step = (z.transpose() * weighted).lu().solve(&(z.transpose() * (y - p))).expect("regular");
            beta += step;
        }
        let p = (offset + &z * &beta).map(|eta| 1.0 / (1.0 + (-eta).exp()));
        Self { residual: y - &p, weights: p.map(|p| p * (1.0 - p)), z }
    }

    fn chi_square(&self, g: &DVector<f64>) -> f64 {
        let mut weighted = self.z.clone();
        (0..g.len()).for_each(|i| weighted.row_mut(i).scale_mut(self.weights[i]));
        let along =
            (self.z.transpose() * &weighted).lu().solve(&(weighted.transpose() * g)).expect("regular");
        let left = g - &self.z * along;
        let variance = left.iter().zip(&self.weights).map(|(g, w)| g * g * w).sum::<f64>();
        left.dot(&self.residual).powi(2) / variance
    }
}

#[test]
fn step_two_with_our_predictions_is_regenies() {
    let Some(data) = data() else { return };
    let folder = tempfile::tempdir().expect("a folder");
    let stored =
        Stored::import(FilesetPaths::from_prefix(&data.join("example")), &folder.path().join("cohort"));
    let mut input = InputOptions::new(data.join("phenotype_bin.txt"));
    input.phenotypes.coding = BinaryCoding::ZeroOne;
    input.remove = Some(data.join("fid_iid_to_remove.txt"));
    input.exclude = Some(data.join("snplist_rm.txt"));
    input.covariates = Some(CovariateOptions {
        file: data.join("covariates.txt"),
        names: Vec::new(),
        categorical: Vec::new(),
    });
    // regenie's documented command for this example has blocks of 100.
    let options = RidgeJobOptions { block_size: 100, ..RidgeJobOptions::new(input) };
    let out = folder.path().join("step1");
    let record = stored.ridge(&options, &out, &mut ()).expect("the job runs").record;
    assert_eq!(record.variants.left_out["excluded"], 6);
    let (ids, rows) = loco(&out.join("Y1_1.loco"));
    assert_eq!(ids.len(), 494);
    let without = |chromosome: u32| {
        let (_, row) = rows.iter().find(|(of, _)| *of == chromosome).expect("a row");
        DVector::from_iterator(ids.len(), row.iter().map(|value| value.expect("a prediction")))
    };
    assert_eq!(without(1), DVector::zeros(494));
    assert!(without(2).norm() > 1.0, "other chromosomes leave nothing out");
    let (traits, covariates) = (by_id(&data.join("phenotype_bin.txt")), by_id(&data.join("covariates.txt")));
    let z = DMatrix::from_fn(494, 4, |i, j| if j == 0 { 1.0 } else { covariates[&ids[i]][j - 1] });
    let null = Null::new(z, &DVector::from_fn(494, |i, _| traits[&ids[i]][0]), &without(1));
    let bytes = std::fs::read(data.join("example.bed")).expect("genotypes");
    let fam = std::fs::read_to_string(data.join("example.fam")).expect("samples");
    let id = |line: &str| line.split_whitespace().take(2).collect::<Vec<_>>().join("_");
    let places: BTreeMap<String, usize> = fam.lines().enumerate().map(|(at, line)| (id(line), at)).collect();
    let samples: Vec<usize> = ids.iter().map(|id| places[id]).collect();
    let text = std::fs::read_to_string(data.join("test_bin_out_firth_Y1.regenie")).expect("regenie's table");
    let (mut tests, mut worst) = (0, 0_f64);
    for (line, row) in text.lines().skip(1).zip(bytes[3..].chunks_exact(places.len().div_ceil(4))) {
        let cells: Vec<&str> = line.split_whitespace().collect();
        let number = |at: usize| cells[at].parse::<f64>().expect("a number");
        assert_eq!(cells[7], "494");
        let codes = samples.iter().map(|s| [2, 3, 1, 0][usize::from((row[s / 4] >> (2 * (s % 4))) & 3)]);
        let codes: Vec<u8> = codes.collect();
        let called: Vec<f64> = codes.iter().filter(|c| **c < 3).map(|c| f64::from(*c)).collect();
        let mean = called.iter().sum::<f64>() / called.len() as f64;
        let g = DVector::from_iterator(494, codes.iter().map(|c| if *c == 3 { mean } else { f64::from(*c) }));
        let found = null.chi_square(&g);
        if found < FIRTH_FROM {
            tests += 1;
            worst = worst.max((found.sqrt() - number(11).sqrt()).abs());
        }
    }
    println!("{tests} tests, z at most {worst:.1e} from regenie's");
    assert!(tests > 950 && worst < TOLERANCE, "{tests} {worst}");
}
