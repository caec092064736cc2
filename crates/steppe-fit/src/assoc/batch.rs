//! Traits that are tested together, and their tests of a run of variants as work for whoever has its genotypes.

use std::{borrow::Cow, ops::Range};

use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use steppe_kernels::Level;

use super::{
    input::{AssocOptions, TestedAllele},
    linear::{LinearScratch, LinearWork, Variant},
    logistic::{LogisticScratch, LogisticTrait},
    result::AssocResult,
};
use crate::{
    error::FitError,
    matrix::{GenotypeMatrix, PackedColumns, Products, ResidualPrecision},
    runs::{RunTask, Written, of_run, to_bytes},
};

/// What is tested in one sweep over the variants.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct Batch<'a> {
    pub(super) number: usize,
    pub(super) linear: Vec<LinearWork<'a>>,
    pub(super) logistic: Cow<'a, [LogisticTrait]>,
}

/// What is known of a run of variants before its genotypes are read.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct RunGiven {
    /// Of each variant what stands for a missing call in its products, and whether the counted allele is tested.
    variants: Vec<(f64, bool)>,
    /// Products with the batch's columns, variant by variant.
    products: Vec<f64>,
}

/// The tests of a batch on some runs.
#[derive(Deserialize)]
pub(crate) struct AssocRuns<'a> {
    pub(super) batch: Cow<'a, Batch<'a>>,
    pub(super) options: AssocOptions,
    pub(super) runs: Vec<RunGiven>,
}

/// The same on some of the runs.
#[derive(Serialize)]
pub(crate) struct AssocWritten<'a> {
    batch: &'a Batch<'a>,
    options: AssocOptions,
    runs: &'a [RunGiven],
}

#[derive(Debug, Default)]
struct Scratch {
    linear: LinearScratch,
    logistic: LogisticScratch,
}

impl Batch<'_> {
    /// The traits' places among all traits, in the order of results.
    pub(super) fn traits(&self) -> Vec<usize> {
        let linear = self.linear.iter().flat_map(|work| work.outcomes.iter()).map(|outcome| outcome.index);
        linear.chain(self.logistic.iter().map(|one| one.index)).collect()
    }

    /// The products of all variants with the batch's columns.
    pub(super) fn products<M: GenotypeMatrix + ?Sized>(&self, matrix: &M) -> Result<Products, FitError> {
        let columns: Vec<Vec<f64>> =
            self.linear.iter().flat_map(|work| work.columns(matrix.samples())).collect();
        if columns.is_empty() {
            return Ok(Products::default());
        }
        let columns: Vec<&[f64]> = columns.iter().map(Vec::as_slice).collect();
        Ok(matrix.adjoint(&columns, ResidualPrecision::Full)?)
    }

    fn test(
        &self,
        variant: Variant<'_>,
        mut products: &[f64],
        options: &AssocOptions,
        scratch: &mut Scratch,
    ) -> Vec<AssocResult> {
        let mut results = Vec::new();
        for work in &self.linear {
            let (mine, others) = products.split_at(work.column_count());
            work.test(variant, mine, options.limits, &mut scratch.linear, &mut results);
            products = others;
        }
        results.extend(self.logistic.iter().map(|one| one.test(variant, options, &mut scratch.logistic)));
        results
    }
}

impl RunGiven {
    pub(super) fn new<M: GenotypeMatrix + ?Sized>(
        matrix: &M,
        options: &AssocOptions,
        products: &Products,
        run: &Range<usize>,
    ) -> Self {
        let variant = |index: usize| {
            let tests_counted = options.tested == TestedAllele::Counted || !is_major(matrix.counts()[index]);
            (matrix.mean(index), tests_counted)
        };
        let columns = products.columns;
        Self {
            variants: run.clone().map(variant).collect(),
            products: products.values[run.start * columns..run.end * columns].to_vec(),
        }
    }
}

impl AssocRuns<'_> {
    /// Results of a run of variants: a row for each, of the batch's traits.
    pub(super) fn rows(&self, run: usize, packed: &PackedColumns) -> Result<Vec<Vec<AssocResult>>, FitError> {
        let given = of_run(&self.runs, run)?;
        let variants = given.variants.len();
        let columns = given.products.len() / variants.max(1);
        if packed.len() != variants {
            return Err(FitError::Length { what: "variants", expected: variants, found: packed.len() });
        }
        let row = |scratch: &mut Scratch, place: usize| {
            let (mean, tests_counted) = given.variants[place];
            let variant = Variant { column: packed.column(place), mean, tests_counted };
            let products = &given.products[place * columns..(place + 1) * columns];
            self.batch.test(variant, products, &self.options, scratch)
        };
        Ok((0..variants).into_par_iter().map_init(Scratch::default, row).collect())
    }
}

impl RunTask for AssocRuns<'_> {
    fn encode(&self, runs: Range<usize>) -> Result<Vec<u8>, FitError> {
        let runs = &self.runs[runs];
        to_bytes(&Written::Assoc(AssocWritten { batch: &self.batch, options: self.options, runs }))
    }

    fn run(&self, run: usize, codes: &PackedColumns, _level: Level) -> Result<Vec<u8>, FitError> {
        to_bytes(&self.rows(run, codes)?)
    }
}

/// Whether the counted allele is the more frequent one. Of two that are as frequent it is the one that plink2 takes,
/// which compares a rounded frequency with one half: not always the same one.
fn is_major([other, both, counted, _]: [u64; 4]) -> bool {
    let total = 2 * (other + both + counted);
    (both + 2 * other) as f64 * (1.0 / total as f64) < 0.5
}
