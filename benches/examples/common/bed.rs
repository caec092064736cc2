//! A .bed file as the matrix of a fit: passes stream it from the page cache, as the engine's passes stream a cohort.

use std::{error::Error, fs::File, io, ops::Range, os::unix::fs::FileExt, path::Path};

use rayon::prelude::*;
use steppe_fit::{GenotypeMatrix, GramSums, MatrixError, PackedColumns, Products, ResidualPrecision};
use steppe_kernels::{AdjointResiduals, AdjointSum, Level, Rows, adjoint, count_codes, recode_bed};

/// Bytes before the first row: the magic number and the mode.
const HEADER: u64 = 3;

/// Rows that one task of a pass reads.
const ROWS: usize = 2048;

/// Bits of a residual's magnitude.
const BITS: i32 = 23;

/// All samples and variants of a variant-major .bed file.
pub(crate) struct BedMatrix {
    file: File,
    level: Level,
    samples: usize,
    counts: Vec<[u64; 4]>,
}

impl BedMatrix {
    /// Opens a file, of which the first `variants` count, and counts their codes.
    pub(crate) fn open(path: &Path, samples: usize, variants: usize, level: Level) -> io::Result<Self> {
        let mut matrix = Self { file: File::open(path)?, level, samples, counts: vec![[0; 4]; variants] };
        let least = HEADER + (variants * matrix.stride()) as u64;
        if matrix.file.metadata()?.len() < least {
            return Err(io::Error::other("the .bed file's size does not fit its .bim and .fam files"));
        }
        let count = |run| {
            matrix.rows(run).map(|bytes| {
                let rows = bytes.chunks(matrix.stride());
                rows.map(|row| count_codes(level, row, samples)).collect::<Vec<_>>()
            })
        };
        let counts = matrix.runs().into_par_iter().map(count).collect::<io::Result<Vec<_>>>()?;
        matrix.counts = counts.concat();
        Ok(matrix)
    }

    fn stride(&self) -> usize {
        self.samples.div_ceil(4)
    }

    fn runs(&self) -> Vec<Range<usize>> {
        let variants = self.counts.len();
        (0..variants).step_by(ROWS).map(|first| first..variants.min(first + ROWS)).collect()
    }

    /// The codes of a run of variants.
    fn rows(&self, run: Range<usize>) -> io::Result<Vec<u8>> {
        let stride = self.stride();
        let mut raw = vec![0; run.len() * stride];
        self.file.read_exact_at(&mut raw, HEADER + (run.start * stride) as u64)?;
        let mut codes = vec![0; raw.len()];
        for (raw, codes) in raw.chunks(stride).zip(codes.chunks_mut(stride)) {
            recode_bed(self.level, raw, codes, self.samples);
        }
        Ok(codes)
    }

    fn products(
        &self,
        run: Range<usize>,
        residuals: &AdjointResiduals,
        scales: &[f64],
    ) -> Result<Vec<f64>, MatrixError> {
        let bytes = self.rows(run.clone()).map_err(failed("reading genotypes"))?;
        let columns = scales.len();
        let mut sums = vec![AdjointSum::default(); run.len() * columns];
        let rows = Rows { bytes: &bytes, stride: self.stride(), rows: run.len(), samples: self.samples };
        adjoint(rows, residuals, &mut sums).map_err(failed("multiplying genotypes"))?;
        let value = |(at, sum): (usize, &AdjointSum)| {
            let mean = self.mean(run.start + at / columns);
            (sum.codes as f64 + mean * sum.missing as f64) / scales[at % columns]
        };
        Ok(sums.iter().enumerate().map(value).collect())
    }
}

fn failed<E: Into<Box<dyn Error + Send + Sync>>>(doing: &str) -> impl Fn(E) -> MatrixError {
    move |error| MatrixError { message: doing.to_owned(), source: Some(error.into()) }
}

fn absent(pass: &str) -> MatrixError {
    MatrixError { message: format!("a bench needs no {pass} pass"), source: None }
}

/// The power of two that brings a residual's largest value just below 2^23.
fn scale(residual: &[f64]) -> f64 {
    let largest = residual.iter().fold(0f64, |most, value| most.max(value.abs()));
    if largest > 0.0 { 2f64.powi(BITS - 1 - largest.log2().floor() as i32) } else { 1.0 }
}

impl GenotypeMatrix for BedMatrix {
    fn samples(&self) -> usize {
        self.samples
    }

    fn variants(&self) -> usize {
        self.counts.len()
    }

    fn counts(&self) -> &[[u64; 4]] {
        &self.counts
    }

    fn adjoint(&self, residuals: &[&[f64]], _: ResidualPrecision) -> Result<Products, MatrixError> {
        let scales: Vec<f64> = residuals.iter().map(|residual| scale(residual)).collect();
        let most = f64::from((1 << BITS) - 1);
        let quantise = |(residual, scale): (&&[f64], &f64)| -> Vec<i32> {
            residual.iter().map(|value| (value * scale).round_ties_even().clamp(-most, most) as i32).collect()
        };
        let columns: Vec<Vec<i32>> = residuals.iter().zip(&scales).map(quantise).collect();
        let columns: Vec<&[i32]> = columns.iter().map(Vec::as_slice).collect();
        let prepared = AdjointResiduals::new(self.level, self.samples, &columns)
            .map_err(failed("preparing residuals"))?;
        let runs = self.runs().into_par_iter().map(|run| self.products(run, &prepared, &scales));
        let values = runs.collect::<Result<Vec<_>, _>>()?.concat();
        Ok(Products { columns: residuals.len(), values })
    }

    fn forward_tables(&self, _: &[Vec<(u32, [f64; 4])>]) -> Result<Vec<Vec<f64>>, MatrixError> {
        Err(absent("forward"))
    }

    fn select(&self, variants: &[u32]) -> Result<PackedColumns, MatrixError> {
        let mut selected = PackedColumns::new(self.samples);
        for &variant in variants {
            let variant = variant as usize;
            let row = self.rows(variant..variant + 1).map_err(failed("reading genotypes"))?;
            selected.push_zeroed().copy_from_slice(&row);
        }
        Ok(selected)
    }

    fn gram(
        &self,
        variants: Range<u32>,
        groups: &[u32],
        group_count: usize,
    ) -> Result<Vec<GramSums>, MatrixError> {
        let selected = self.select(&variants.collect::<Vec<_>>())?;
        selected.gram(groups, group_count, self.level).map_err(failed("multiplying variants"))
    }
}
