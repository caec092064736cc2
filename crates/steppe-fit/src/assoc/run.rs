//! The passes: traits in batches, variants in chunks in order, results handed on and forgotten.

use std::ops::{ControlFlow, Range};

use rayon::prelude::*;

use super::{
    checkpoint::{AssocCheckpoint, load, save},
    input::{AssocOptions, AssocTrait, Covariate, TestedAllele, TraitSummary},
    linear::{LinearScratch, LinearWork, Variant},
    logistic::{LogisticScratch, LogisticTrait},
    plan::Plan,
    result::AssocResult,
};
use crate::{
    error::FitError,
    matrix::{GenotypeMatrix, Products, ResidualPrecision},
};

/// Results of one trait for a run of variants.
#[derive(Clone, Copy, Debug)]
pub struct AssocChunk<'a> {
    /// The trait's place among the traits of the plan.
    pub trait_index: usize,
    /// The first variant.
    pub first_variant: usize,
    /// A row for each variant of the run, in order.
    pub results: &'a [AssocResult],
    /// Tests done, with these; a test is one variant of one trait.
    pub done: u64,
    /// Tests in all.
    pub total: u64,
}

/// Associations that were planned.
#[derive(Debug)]
pub struct Association {
    samples: usize,
    options: AssocOptions,
    plan: Plan,
}

/// What is tested in one sweep over the variants.
#[derive(Debug, Default)]
struct Batch<'a> {
    number: usize,
    linear: Vec<LinearWork<'a>>,
    logistic: &'a [LogisticTrait],
}

#[derive(Debug, Default)]
struct Scratch {
    linear: LinearScratch,
    logistic: LogisticScratch,
}

impl Association {
    /// Looks at traits and covariates: which samples and covariates each trait has, and whether it can be tested.
    /// A trait that can not says why in its summary and stops no other.
    ///
    /// # Errors
    /// [`FitError::ValueCount`] if a trait or covariate has not one value for each of the `samples` of the matrix.
    pub fn plan(
        samples: usize,
        traits: &[AssocTrait<'_>],
        covariates: &[Covariate<'_>],
        options: AssocOptions,
    ) -> Result<Self, FitError> {
        let columns = traits.iter().map(|one| (one.name, one.values));
        for (name, values) in columns.chain(covariates.iter().map(|one| (one.name, one.values))) {
            if values.len() != samples {
                let name = name.to_owned();
                return Err(FitError::ValueCount { name, found: values.len(), expected: samples });
            }
        }
        let plan = Plan::new(samples, traits, covariates, &options);
        Ok(Self { samples, options, plan })
    }

    /// What is known of each trait before any pass, in the order they were given.
    pub fn summaries(&self) -> &[TraitSummary] {
        &self.plan.summaries
    }

    /// Tests every variant, and hands results to `sink` in chunks: for each trait its variants come in order and once.
    /// Traits come in turns. Results have the same bits on any number of threads.
    ///
    /// `sink` stops the run with [`ControlFlow::Break`], which is then what the run returns.
    ///
    /// # Errors
    /// [`FitError::ValueCount`] if the matrix has other samples than were planned for; errors of the passes.
    pub fn run<M: GenotypeMatrix + ?Sized>(
        &self,
        matrix: &M,
        sink: &mut dyn FnMut(AssocChunk<'_>) -> ControlFlow<()>,
    ) -> Result<ControlFlow<()>, FitError> {
        self.resume(matrix, None, sink)
    }

    /// The same, which keeps finished runs of variants and does not test again what it finds kept. A pass over the
    /// genotypes whose products nobody needs any more is not done.
    ///
    /// # Errors
    /// As [`Self::run`]; [`FitError::Checkpoint`] of the caller's storage.
    pub fn resume<M: GenotypeMatrix + ?Sized>(
        &self,
        matrix: &M,
        checkpoint: Option<&dyn AssocCheckpoint>,
        sink: &mut dyn FnMut(AssocChunk<'_>) -> ControlFlow<()>,
    ) -> Result<ControlFlow<()>, FitError> {
        if matrix.samples() != self.samples {
            let (found, expected) = (self.samples, matrix.samples());
            return Err(FitError::ValueCount { name: "the association's plan".to_owned(), found, expected });
        }
        let mut progress = (0, self.tests(matrix));
        for batch in self.batches() {
            if self.sweep(matrix, &batch, checkpoint, &mut progress, sink)?.is_break() {
                return Ok(ControlFlow::Break(()));
            }
        }
        Ok(ControlFlow::Continue(()))
    }

    fn tests<M: GenotypeMatrix + ?Sized>(&self, matrix: &M) -> u64 {
        let linear: usize = self.plan.linear.iter().map(|group| group.outcomes.len()).sum();
        (linear + self.plan.logistic.len()) as u64 * matrix.variants() as u64
    }

    /// Puts traits together so that a pass has no more columns, and a sweep no more binary traits, than the options allow;
    /// the first binary traits go with the last pass.
    fn batches(&self) -> Vec<Batch<'_>> {
        let mut batches = vec![Batch::default()];
        let mut room = self.options.columns;
        for group in &self.plan.linear {
            let covariates = group.design.width() - 1;
            let mut rest = group.outcomes.as_slice();
            while !rest.is_empty() {
                if room <= covariates && room < self.options.columns {
                    batches.push(Batch::default());
                    room = self.options.columns;
                }
                let take = room.saturating_sub(covariates).clamp(1, rest.len());
                let (outcomes, later) = rest.split_at(take);
                if let Some(batch) = batches.last_mut() {
                    batch.linear.push(LinearWork { group, outcomes });
                }
                room = room.saturating_sub(covariates + take);
                rest = later;
            }
        }
        let mut binary = self.plan.logistic.chunks(self.options.binary_traits.max(1));
        if let (Some(batch), Some(logistic)) = (batches.last_mut(), binary.next()) {
            batch.logistic = logistic;
        }
        batches.extend(binary.map(|logistic| Batch { logistic, ..Batch::default() }));
        batches.retain(|batch| !batch.traits().is_empty());
        batches.iter_mut().enumerate().for_each(|(number, batch)| batch.number = number);
        batches
    }

    fn sweep<M: GenotypeMatrix + ?Sized>(
        &self,
        matrix: &M,
        batch: &Batch<'_>,
        checkpoint: Option<&dyn AssocCheckpoint>,
        (done, total): &mut (u64, u64),
        sink: &mut dyn FnMut(AssocChunk<'_>) -> ControlFlow<()>,
    ) -> Result<ControlFlow<()>, FitError> {
        let mut products = None;
        let traits = batch.traits();
        let variants = matrix.variants();
        let mut results = Vec::new();
        for first_variant in (0..variants).step_by(self.options.chunk.max(1)) {
            let run = first_variant..(first_variant + self.options.chunk.max(1)).min(variants);
            let rows = match load(checkpoint, batch.number, &run, traits.len())? {
                Some(rows) => rows,
                None => {
                    let products = match &mut products {
                        Some(products) => products,
                        missing => missing.insert(batch.products(matrix)?),
                    };
                    let rows = self.rows(matrix, batch, products, &run)?;
                    save(checkpoint, batch.number, &run, &rows)?;
                    rows
                }
            };
            for (place, &trait_index) in traits.iter().enumerate() {
                results.clear();
                results.extend(rows.iter().map(|row| row[place]));
                *done += rows.len() as u64;
                let chunk =
                    AssocChunk { trait_index, first_variant, results: &results, done: *done, total: *total };
                if sink(chunk).is_break() {
                    return Ok(ControlFlow::Break(()));
                }
            }
        }
        Ok(ControlFlow::Continue(()))
    }

    /// Results of a run of variants: a row for each, of the batch's traits.
    fn rows<M: GenotypeMatrix + ?Sized>(
        &self,
        matrix: &M,
        batch: &Batch<'_>,
        products: &Products,
        run: &Range<usize>,
    ) -> Result<Vec<Vec<AssocResult>>, FitError> {
        let variants: Vec<u32> = run.clone().map(|variant| variant as u32).collect();
        let packed = matrix.select(&variants)?;
        let row = |scratch: &mut Scratch, place: usize| {
            let index = run.start + place;
            let counts = matrix.counts()[index];
            let variant = Variant {
                column: packed.column(place),
                mean: matrix.mean(index),
                tests_counted: self.options.tested == TestedAllele::Counted || !is_major(counts),
            };
            let products = if products.columns == 0 { &[] } else { products.of(index) };
            batch.test(variant, products, &self.options, scratch)
        };
        Ok((0..run.len()).into_par_iter().map_init(Scratch::default, row).collect())
    }
}

/// Whether the counted allele is the more frequent one. Of two that are as frequent it is the one that plink2 takes,
/// which compares a rounded frequency with one half: not always the same one.
fn is_major([other, both, counted, _]: [u64; 4]) -> bool {
    let total = 2 * (other + both + counted);
    (both + 2 * other) as f64 * (1.0 / total as f64) < 0.5
}

impl Batch<'_> {
    /// The traits' places among all traits, in the order of results.
    fn traits(&self) -> Vec<usize> {
        let linear = self.linear.iter().flat_map(|work| work.outcomes).map(|outcome| outcome.index);
        linear.chain(self.logistic.iter().map(|one| one.index)).collect()
    }

    fn products<M: GenotypeMatrix + ?Sized>(&self, matrix: &M) -> Result<Products, FitError> {
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
