//! Genotypes for tests: PLINK 1 files read in the plainest way, as a matrix whose passes are fast enough for real data.

use std::{
    ops::Range,
    path::{Path, PathBuf},
    sync::Mutex,
};

use rayon::prelude::*;
use steppe_calibrate::pca::VariantPlace;
use steppe_fit::{GenotypeMatrix, GramSums, MatrixError, PackedColumns, Products, ResidualPrecision};
use steppe_kernels::{Level, column_dot};

/// Packed columns; all samples are the reference.
pub(super) struct Packed {
    columns: PackedColumns,
    counts: Vec<[u64; 4]>,
    /// Forward, adjoint and select passes made.
    pub(super) passes: Mutex<[u32; 3]>,
}

impl Packed {
    pub(super) fn new(columns: PackedColumns) -> Self {
        let reference = vec![true; columns.samples()];
        Self::with_reference(columns, &reference)
    }

    pub(super) fn with_reference(columns: PackedColumns, reference: &[bool]) -> Self {
        let count = |column: usize| {
            let mut counts = [0; 4];
            for (sample, _) in reference.iter().enumerate().filter(|(_, counted)| **counted) {
                counts[usize::from(columns.code(column, sample))] += 1;
            }
            counts
        };
        let counts = (0..columns.len()).into_par_iter().map(count).collect();
        Self { columns, counts, passes: Mutex::new([0; 3]) }
    }

    pub(super) fn columns(&self) -> &PackedColumns {
        &self.columns
    }

    fn count(&self, pass: usize) {
        self.passes.lock().expect("no test panics while it counts")[pass] += 1;
    }
}

impl GenotypeMatrix for Packed {
    fn samples(&self) -> usize {
        self.columns.samples()
    }

    fn variants(&self) -> usize {
        self.columns.len()
    }

    fn counts(&self) -> &[[u64; 4]] {
        &self.counts
    }

    fn adjoint(&self, residuals: &[&[f64]], _precision: ResidualPrecision) -> Result<Products, MatrixError> {
        self.count(1);
        let level = Level::best();
        let of_variant = |variant: usize| {
            let column = self.columns.column(variant);
            let mean = self.mean(variant);
            residuals
                .iter()
                .map(|residual| {
                    let sums = column_dot(level, column, self.samples(), residual);
                    sums.codes + mean * sums.missing
                })
                .collect::<Vec<f64>>()
        };
        let values: Vec<Vec<f64>> = (0..self.variants()).into_par_iter().map(of_variant).collect();
        Ok(Products { columns: residuals.len(), values: values.concat() })
    }

    fn forward(&self, weights: &[Vec<(u32, f64)>]) -> Result<Vec<Vec<f64>>, MatrixError> {
        self.count(0);
        let table = |(variant, weight): &(u32, f64)| {
            (*variant, [0.0, *weight, 2.0 * weight, weight * self.mean(*variant as usize)])
        };
        let tables: Vec<Vec<_>> = weights.iter().map(|column| column.iter().map(table).collect()).collect();
        self.forward_tables(&tables)
    }

    fn select(&self, variants: &[u32]) -> Result<PackedColumns, MatrixError> {
        self.count(2);
        let mut selected = PackedColumns::new(self.samples());
        for variant in variants {
            selected.push_zeroed().copy_from_slice(self.columns.column(*variant as usize));
        }
        Ok(selected)
    }

    fn gram(&self, variants: Range<u32>, groups: &[u32], count: usize) -> Result<Vec<GramSums>, MatrixError> {
        let columns = self.select(&variants.collect::<Vec<_>>())?;
        columns.gram(groups, count, Level::best()).map_err(|error| MatrixError {
            message: "a gram pass failed".to_owned(),
            source: Some(Box::new(error)),
        })
    }
}

/// A cohort of files.
pub(super) struct Cohort {
    pub(super) matrix: Packed,
    pub(super) samples: Vec<String>,
    pub(super) places: Vec<VariantPlace>,
}

/// The folder of public test data; `None`, said aloud, where it is absent outside CI.
pub(super) fn data() -> Option<PathBuf> {
    let default = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/data");
    let folder = PathBuf::from(std::env::var_os("STEPPE_DATA").unwrap_or_else(|| default.into()));
    if folder.is_dir() {
        return Some(folder);
    }
    assert!(std::env::var("CI").as_deref() != Ok("true"), "CI needs the test data: {}", folder.display());
    eprintln!("skipped: no test data in {}", folder.display());
    None
}

/// A file of this package's expected values.
pub(super) fn expected(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/expected").join(name)
}

/// Lines of white-space separated cells.
pub(super) fn table(path: &Path) -> Vec<Vec<String>> {
    let text = std::fs::read_to_string(path).expect("a table");
    text.lines().map(|line| line.split_whitespace().map(str::to_owned).collect()).collect()
}

/// Reads a .bed file and its companions, for the samples that `keep` says, in the file's order.
pub(super) fn cohort(prefix: &Path, keep: impl Fn(&str) -> bool) -> Cohort {
    let fam = table(&prefix.with_extension("fam"));
    let kept: Vec<usize> = (0..fam.len()).filter(|&i| keep(&fam[i][1])).collect();
    let bytes = std::fs::read(prefix.with_extension("bed")).expect("a .bed file");
    let mut columns = PackedColumns::new(kept.len());
    for row in bytes[3..].chunks_exact(fam.len().div_ceil(4)) {
        let code = |i: usize| [2, 3, 1, 0][usize::from((row[i / 4] >> (2 * (i % 4))) & 3)];
        columns.push_codes(kept.iter().map(|&i| code(i)));
    }
    let bim = table(&prefix.with_extension("bim"));
    let place = |row: &Vec<String>| VariantPlace {
        chromosome: row[0].parse().unwrap_or(0),
        // One of the files writes 1e+05.
        position: row[3].parse::<f64>().expect("a position") as u32,
        plain_snp: !matches!(
            (row[4].as_str(), row[5].as_str()),
            ("A", "T") | ("T", "A") | ("C", "G") | ("G", "C")
        ),
    };
    Cohort {
        matrix: Packed::new(columns),
        samples: kept.iter().map(|&i| fam[i][1].clone()).collect(),
        places: bim.iter().map(place).collect(),
    }
}

/// The Pearson correlation.
pub(super) fn correlation(a: &[f64], b: &[f64]) -> f64 {
    let n = a.len() as f64;
    let (mean_a, mean_b) = (a.iter().sum::<f64>() / n, b.iter().sum::<f64>() / n);
    let sum = |x: &[f64], mx: f64, y: &[f64], my: f64| {
        x.iter().zip(y).map(|(x, y)| (x - mx) * (y - my)).sum::<f64>()
    };
    sum(a, mean_a, b, mean_b) / (sum(a, mean_a, a, mean_a) * sum(b, mean_b, b, mean_b)).sqrt()
}

/// The standard deviation.
pub(super) fn deviation(values: &[f64]) -> f64 {
    let mean = values.iter().sum::<f64>() / values.len() as f64;
    (values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / values.len() as f64).sqrt()
}
