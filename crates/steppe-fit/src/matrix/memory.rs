//! A matrix in memory: for tests, small data, and as the plain statement of what the passes mean.

use std::ops::Range;

use super::{CodeTable, GenotypeMatrix, GramSums, PackedColumns, Products, ResidualPrecision};
use crate::error::MatrixError;

/// All variants in memory, packed.
#[derive(Clone, Debug)]
pub struct MemoryMatrix {
    columns: PackedColumns,
    counts: Vec<[u64; 4]>,
}

impl MemoryMatrix {
    /// A matrix of packed columns; `reference[sample]` says whose genotypes give counts and means.
    pub fn new(columns: PackedColumns, reference: &[bool]) -> Self {
        let counts = (0..columns.len())
            .map(|column| {
                let mut counts = [0; 4];
                for (sample, _) in reference.iter().enumerate().filter(|(_, counted)| **counted) {
                    counts[usize::from(columns.code(column, sample))] += 1;
                }
                counts
            })
            .collect();
        Self { columns, counts }
    }

    fn value(&self, variant: usize, sample: usize) -> f64 {
        match self.columns.code(variant, sample) {
            3 => self.mean(variant),
            code => f64::from(code),
        }
    }
}

impl GenotypeMatrix for MemoryMatrix {
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
        let values = (0..self.variants())
            .flat_map(|variant| {
                residuals.iter().map(move |residual| {
                    residual
                        .iter()
                        .enumerate()
                        .map(|(sample, r)| self.value(variant, sample) * r)
                        .sum::<f64>()
                })
            })
            .collect();
        Ok(Products { columns: residuals.len(), values })
    }

    fn forward_tables(&self, tables: &[Vec<(u32, CodeTable)>]) -> Result<Vec<Vec<f64>>, MatrixError> {
        let one = |table: &Vec<(u32, CodeTable)>| {
            let mut sums = vec![0.0; self.samples()];
            for (variant, values) in table {
                for (sample, sum) in sums.iter_mut().enumerate() {
                    *sum += values[usize::from(self.columns.code(*variant as usize, sample))];
                }
            }
            sums
        };
        Ok(tables.iter().map(one).collect())
    }

    fn select(&self, variants: &[u32]) -> Result<PackedColumns, MatrixError> {
        let mut selected = PackedColumns::new(self.samples());
        for variant in variants {
            selected.push_zeroed().copy_from_slice(self.columns.column(*variant as usize));
        }
        Ok(selected)
    }

    fn gram(
        &self,
        variants: Range<u32>,
        groups: &[u32],
        group_count: usize,
    ) -> Result<Vec<GramSums>, MatrixError> {
        let columns: Vec<usize> = variants.map(|variant| variant as usize).collect();
        let n = columns.len();
        let mut sums: Vec<GramSums> = (0..group_count)
            .map(|_| GramSums {
                variants: n,
                samples: 0,
                codes: vec![0; n * n],
                code_missing: vec![0; n * n],
                both_missing: vec![0; n * n],
                counts: vec![[0; 4]; n],
            })
            .collect();
        for (sample, group) in groups.iter().enumerate().filter(|(_, group)| **group != u32::MAX) {
            let Some(sums) = sums.get_mut(*group as usize) else { continue };
            sums.samples += 1;
            let codes: Vec<u8> = columns.iter().map(|column| self.columns.code(*column, sample)).collect();
            let parts = |code: u8| if code == 3 { (0, 1) } else { (u32::from(code), 0) };
            for (i, code) in codes.iter().enumerate() {
                sums.counts[i][usize::from(*code)] += 1;
                let (code_i, missing_i) = parts(*code);
                for (j, other) in codes.iter().enumerate() {
                    let (code_j, missing_j) = parts(*other);
                    sums.codes[i * n + j] += code_i * code_j;
                    sums.code_missing[i * n + j] += code_i * missing_j;
                    sums.both_missing[i * n + j] += missing_i * missing_j;
                }
            }
        }
        for sums in &mut sums {
            if sums.both_missing.iter().all(|count| *count == 0) {
                sums.code_missing.clear();
                sums.both_missing.clear();
            }
        }
        Ok(sums)
    }
}
