//! The passes: traits in batches, variants in chunks in order, results handed on and forgotten.

use std::{
    borrow::Cow,
    ops::{ControlFlow, Range},
};

use super::{
    batch::{AssocRuns, Batch, RunGiven},
    checkpoint::{AssocCheckpoint, load, save},
    input::{AssocOptions, AssocTrait, Covariate, TraitSummary},
    linear::LinearWork,
    plan::Plan,
    result::AssocResult,
};
use crate::{
    error::FitError,
    matrix::{GenotypeMatrix, Products},
    runs::from_bytes,
};

/// Tests whose results come back at once from where the genotypes lie: some 100 MB.
const AT_ONCE: usize = 1 << 20;

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
                    let (design, outcomes) = (Cow::Borrowed(&group.design), Cow::Borrowed(outcomes));
                    batch.linear.push(LinearWork { design, outcomes });
                }
                room = room.saturating_sub(covariates + take);
                rest = later;
            }
        }
        let mut binary = self.plan.logistic.chunks(self.options.binary_traits.max(1));
        if let (Some(batch), Some(logistic)) = (batches.last_mut(), binary.next()) {
            batch.logistic = Cow::Borrowed(logistic);
        }
        batches
            .extend(binary.map(|logistic| Batch { logistic: Cow::Borrowed(logistic), ..Batch::default() }));
        batches.retain(|batch| !batch.traits().is_empty());
        batches.iter_mut().enumerate().for_each(|(number, batch)| batch.number = number);
        batches
    }

    fn sweep<M: GenotypeMatrix + ?Sized>(
        &self,
        matrix: &M,
        batch: &Batch<'_>,
        checkpoint: Option<&dyn AssocCheckpoint>,
        progress: &mut (u64, u64),
        sink: &mut dyn FnMut(AssocChunk<'_>) -> ControlFlow<()>,
    ) -> Result<ControlFlow<()>, FitError> {
        let traits = batch.traits();
        let (variants, chunk) = (matrix.variants(), self.options.chunk.max(1));
        let at_once = if matrix.spreads_runs() { AT_ONCE / (chunk * traits.len()).max(1) } else { 1 }.max(1);
        let mut sweep = Sweep {
            options: &self.options,
            matrix,
            batch,
            traits,
            checkpoint,
            products: None,
            progress,
            sink,
        };
        let mut missing = Vec::new();
        for first in (0..variants).step_by(chunk) {
            let run = first..(first + chunk).min(variants);
            let kept = load(checkpoint, batch.number, &run, sweep.traits.len())?;
            let is_kept = kept.is_some();
            if !is_kept {
                missing.push(run.clone());
            }
            if (is_kept || missing.len() == at_once || run.end == variants)
                && sweep.test(&std::mem::take(&mut missing))?.is_break()
            {
                return Ok(ControlFlow::Break(()));
            }
            if let Some(rows) = kept
                && sweep.hand_on(first, &rows).is_break()
            {
                return Ok(ControlFlow::Break(()));
            }
        }
        Ok(ControlFlow::Continue(()))
    }
}

/// A batch on its way over the variants.
struct Sweep<'a, M: ?Sized> {
    options: &'a AssocOptions,
    matrix: &'a M,
    batch: &'a Batch<'a>,
    traits: Vec<usize>,
    checkpoint: Option<&'a dyn AssocCheckpoint>,
    products: Option<Products>,
    progress: &'a mut (u64, u64),
    sink: &'a mut dyn FnMut(AssocChunk<'_>) -> ControlFlow<()>,
}

impl<M: GenotypeMatrix + ?Sized> Sweep<'_, M> {
    /// Tests some runs of variants, keeps their rows and hands them on.
    fn test(&mut self, runs: &[Range<usize>]) -> Result<ControlFlow<()>, FitError> {
        if runs.is_empty() {
            return Ok(ControlFlow::Continue(()));
        }
        let matrix = self.matrix;
        let products = match self.products.take() {
            Some(products) => products,
            None => self.batch.products(matrix)?,
        };
        let given = |run: &Range<usize>| RunGiven::new(matrix, self.options, &products, run);
        let task = AssocRuns {
            batch: Cow::Borrowed(self.batch),
            options: *self.options,
            runs: runs.iter().map(given).collect(),
        };
        self.products = Some(products);
        let lists: Vec<Vec<u32>> =
            runs.iter().map(|run| run.clone().map(|variant| variant as u32).collect()).collect();
        if !matrix.spreads_runs() {
            for (number, (run, variants)) in runs.iter().zip(&lists).enumerate() {
                let rows = task.rows(number, &matrix.select(variants)?)?;
                save(self.checkpoint, self.batch.number, run, &rows)?;
                if self.hand_on(run.start, &rows).is_break() {
                    return Ok(ControlFlow::Break(()));
                }
            }
            return Ok(ControlFlow::Continue(()));
        }
        let mut flow = ControlFlow::Continue(());
        matrix.each_run(&lists, &task, &mut |number, bytes| {
            if flow.is_continue() {
                let (rows, run): (Vec<Vec<AssocResult>>, _) = (from_bytes(&bytes)?, &runs[number]);
                save(self.checkpoint, self.batch.number, run, &rows)?;
                flow = self.hand_on(run.start, &rows);
            }
            Ok(())
        })?;
        Ok(flow)
    }

    /// Hands rows from a variant on to the caller, one trait after the other.
    fn hand_on(&mut self, first_variant: usize, rows: &[Vec<AssocResult>]) -> ControlFlow<()> {
        for (place, &trait_index) in self.traits.iter().enumerate() {
            let results: Vec<AssocResult> = rows.iter().map(|row| row[place]).collect();
            let (done, total) = &mut *self.progress;
            *done += rows.len() as u64;
            let chunk =
                AssocChunk { trait_index, first_variant, results: &results, done: *done, total: *total };
            (self.sink)(chunk)?;
        }
        ControlFlow::Continue(())
    }
}
