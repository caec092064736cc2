//! Some variants of a matrix as a matrix of their own: variants that take no part are not there for a method at all.

use std::ops::Range;

use steppe_kernels::Level;

use super::{CodeTable, GenotypeMatrix, GramSums, PackedColumns, Products, ResidualPrecision};
use crate::{
    error::{FitError, MatrixError},
    runs::RunTask,
};

/// Some variants of a matrix, in its order.
pub struct VariantSubset<'a> {
    matrix: &'a dyn GenotypeMatrix,
    variants: Vec<u32>,
    counts: Vec<[u64; 4]>,
    level: Level,
}

impl<'a> VariantSubset<'a> {
    /// The given variants of a matrix, which ascend.
    ///
    /// # Errors
    /// [`FitError::VariantSubset`] if they do not ascend, or are not of the matrix.
    pub fn new(matrix: &'a dyn GenotypeMatrix, variants: Vec<u32>, level: Level) -> Result<Self, FitError> {
        let of_matrix = variants.last().is_none_or(|last| (*last as usize) < matrix.variants());
        if !of_matrix || !variants.is_sorted_by(|one, next| one < next) {
            return Err(FitError::VariantSubset { variants: matrix.variants() });
        }
        let counts = variants.iter().map(|variant| matrix.counts()[*variant as usize]).collect();
        Ok(Self { matrix, variants, counts, level })
    }

    /// The place of each variant in the matrix.
    pub fn places(&self) -> &[u32] {
        &self.variants
    }

    /// The places of some of its variants in the matrix.
    fn inner(&self, variants: impl IntoIterator<Item = u32>) -> Vec<u32> {
        variants.into_iter().map(|variant| self.variants[variant as usize]).collect()
    }
}

impl GenotypeMatrix for VariantSubset<'_> {
    fn samples(&self) -> usize {
        self.matrix.samples()
    }

    fn variants(&self) -> usize {
        self.variants.len()
    }

    fn counts(&self) -> &[[u64; 4]] {
        &self.counts
    }

    fn mean(&self, variant: usize) -> f64 {
        self.matrix.mean(self.variants[variant] as usize)
    }

    fn adjoint(&self, residuals: &[&[f64]], precision: ResidualPrecision) -> Result<Products, MatrixError> {
        let all = self.matrix.adjoint(residuals, precision)?;
        let values = self.variants.iter().flat_map(|variant| all.of(*variant as usize)).copied().collect();
        Ok(Products { columns: all.columns, values })
    }

    fn forward_tables(&self, tables: &[Vec<(u32, CodeTable)>]) -> Result<Vec<Vec<f64>>, MatrixError> {
        let place = |(variant, values): &(u32, CodeTable)| (self.variants[*variant as usize], *values);
        let inner: Vec<Vec<_>> = tables.iter().map(|column| column.iter().map(place).collect()).collect();
        self.matrix.forward_tables(&inner)
    }

    fn select(&self, variants: &[u32]) -> Result<PackedColumns, MatrixError> {
        self.matrix.select(&self.inner(variants.iter().copied()))
    }

    fn gram(
        &self,
        variants: Range<u32>,
        groups: &[u32],
        group_count: usize,
    ) -> Result<Vec<GramSums>, MatrixError> {
        let inner = self.inner(variants);
        match (inner.first(), inner.last()) {
            (Some(first), Some(last)) if (last - first) as usize + 1 > inner.len() => {
                let failed = |error| MatrixError {
                    message: "a gram pass failed".to_owned(),
                    source: Some(Box::new(error)),
                };
                self.matrix.select(&inner)?.gram(groups, group_count, self.level).map_err(failed)
            }
            (Some(first), Some(last)) => self.matrix.gram(*first..last + 1, groups, group_count),
            _ => self.matrix.gram(0..0, groups, group_count),
        }
    }

    fn spreads_runs(&self) -> bool {
        self.matrix.spreads_runs()
    }

    fn each_run(
        &self,
        runs: &[Vec<u32>],
        task: &dyn RunTask,
        each: &mut dyn FnMut(usize, Vec<u8>) -> Result<(), FitError>,
    ) -> Result<(), FitError> {
        let inner: Vec<Vec<u32>> = runs.iter().map(|run| self.inner(run.iter().copied())).collect();
        self.matrix.each_run(&inner, task, each)
    }
}
