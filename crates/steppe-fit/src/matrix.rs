//! The genotype matrix as methods see it: four passes, each with the same bits on every number of threads and workers.
//!
//! A matrix has *samples* in a fixed order (all samples of the fit: training, validation, test) and *variants* in cohort
//! order. A genotype code is the copies of the counted allele, 3 where the call is missing. A missing call counts as the
//! variant's mean over the *reference* samples (those that train the model), which the matrix knows; centring and scaling
//! are algebra on top of the passes, done by the caller.

mod memory;
mod packed;
mod subset;
mod tables;

use std::ops::Range;

pub use memory::MemoryMatrix;
pub use packed::PackedColumns;
pub use subset::VariantSubset;
pub use tables::CodeTable;

use crate::{
    error::{FitError, MatrixError},
    runs::{RunTask, each_here},
};

/// How finely residuals are rounded to fixed point before they are summed as integers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub enum ResidualPrecision {
    /// 24 bits relative to the largest absolute residual of the column: enough for KKT checks.
    #[default]
    Screening,
    /// 47 bits, at twice the cost: for values that are printed, as in association.
    Full,
}

/// Products of the genotypes with columns of residuals: one value for each variant and column.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Products {
    /// Columns.
    pub columns: usize,
    /// `values[variant * columns + column]` = Σ over samples of genotype × residual, with the genotype as it is coded (0,
    /// 1, 2; the reference mean where missing), neither centred nor scaled.
    pub values: Vec<f64>,
}

impl Products {
    /// The products of one variant.
    pub fn of(&self, variant: usize) -> &[f64] {
        &self.values[variant * self.columns..(variant + 1) * self.columns]
    }
}

/// Exact integer sums over pairs of variants of a run, over one group of samples. All are `n x n`, row-major, symmetric
/// where the sum is; missing calls count 0 in `codes`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct GramSums {
    /// Variants of the run.
    pub variants: usize,
    /// Samples of the group.
    pub samples: u64,
    /// Σ code_i × code_j.
    pub codes: Vec<u32>,
    /// Σ code_i × missing_j, at `[i * variants + j]`. Empty when nothing is missing.
    pub code_missing: Vec<u32>,
    /// Σ missing_i × missing_j. Empty when nothing is missing.
    pub both_missing: Vec<u32>,
    /// Counts of codes 0, 1, 2, missing of each variant in the group.
    pub counts: Vec<[u64; 4]>,
}

/// The four passes over genotypes, samples x variants.
pub trait GenotypeMatrix: Sync {
    /// Samples, in the order of every vector that goes in or comes out.
    fn samples(&self) -> usize;

    /// Variants.
    fn variants(&self) -> usize;

    /// Counts of codes 0, 1, 2, missing over the reference samples, a row per variant.
    fn counts(&self) -> &[[u64; 4]];

    /// Mean of a variant's code over the reference samples that have a call; 0 if none has.
    fn mean(&self, variant: usize) -> f64 {
        let [n0, n1, n2, _] = self.counts()[variant];
        let called = n0 + n1 + n2;
        if called == 0 { 0.0 } else { (n1 + 2 * n2) as f64 / called as f64 }
    }

    /// Adjoint pass, Xᵀ·R, over all variants. `residuals` are columns, each as long as there are samples; a sample that
    /// should not count has residual 0.
    fn adjoint(&self, residuals: &[&[f64]], precision: ResidualPrecision) -> Result<Products, MatrixError>;

    /// Forward pass, X·B: for each column of `weights` (pairs of variant and weight, ascending) a value per sample,
    /// Σ weight × genotype, missing as the reference mean, not centred.
    fn forward(&self, weights: &[Vec<(u32, f64)>]) -> Result<Vec<Vec<f64>>, MatrixError> {
        let entries = |&(variant, weight): &(u32, f64)| {
            (variant, [0.0, weight, 2.0 * weight, weight * self.mean(variant as usize)])
        };
        let tables: Vec<_> = weights.iter().map(|column| column.iter().map(entries).collect()).collect();
        self.forward_tables(&tables)
    }

    /// Forward pass of any function of the genotype: for each column of tables (pairs of variant and table, ascending) a
    /// value per sample, Σ table[code]. What a missing call counts is the table's to say, so this is also how samples are
    /// scored by means that are not this matrix's own.
    ///
    /// Done by select passes over runs of variants, unless the matrix knows a shorter way.
    fn forward_tables(&self, tables: &[Vec<(u32, CodeTable)>]) -> Result<Vec<Vec<f64>>, MatrixError> {
        tables::by_select(self, tables)
    }

    /// Select pass: the packed codes of some variants (ascending), for all samples.
    fn select(&self, variants: &[u32]) -> Result<PackedColumns, MatrixError>;

    /// Gram pass over a run of variants, for each group of samples. `groups[sample]` is the sample's group, below
    /// `group_count`; a sample with `u32::MAX` is in none.
    fn gram(
        &self,
        variants: Range<u32>,
        groups: &[u32],
        group_count: usize,
    ) -> Result<Vec<GramSums>, MatrixError>;

    /// Whether the genotypes are better worked on where they lie, by [`Self::each_run`], than selected to here.
    fn spreads_runs(&self) -> bool {
        false
    }

    /// Does a task on runs of variants (each ascending, one after the other), and gives each run's result to `each`, in
    /// their order.
    fn each_run(
        &self,
        runs: &[Vec<u32>],
        task: &dyn RunTask,
        each: &mut dyn FnMut(usize, Vec<u8>) -> Result<(), FitError>,
    ) -> Result<(), FitError> {
        each_here(self, runs, task, each)
    }
}
