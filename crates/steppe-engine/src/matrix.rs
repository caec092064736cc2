//! A cohort as the matrix that fits see: its passes run on an [`Engine`], in this process or on a cluster.

mod residuals;
mod selection;

use std::{ops::Range, sync::Arc};

use steppe_fit::{
    CodeTable, FitError, GenotypeMatrix, GramSums, MatrixError, PackedColumns, Products, ResidualPrecision,
    RunTask,
};
use steppe_kernels::Level;
use steppe_store::{Cohort, RowGroup};

use crate::{
    Engine, EngineError, PassProgress,
    pass::{
        AdjointOperand, CountsOperand, ForwardOperand, PartialSums, PassContext, PassOperand, RunsOperand,
        Sparse, WeightLane, result_of,
    },
    score::FixedPoint,
};
use residuals::Quantised;
pub(crate) use selection::Selection;

/// Some samples of a cohort and all of its variants.
///
/// Adjoint, counting and forward passes are plans of the engine, and so is work on runs of variants where the engine's
/// passes run in other processes. Select and gram read the rows of few variants, in the process that fits: moving them is
/// most of what such a pass would do.
pub struct EngineMatrix<'a> {
    engine: &'a dyn Engine,
    cohort: Cohort,
    level: Level,
    progress: Arc<dyn PassProgress>,
    selection: Selection,
    variants: usize,
    counts: Vec<[u64; 4]>,
}

impl<'a> EngineMatrix<'a> {
    /// The matrix of some samples, given by their ascending indices in the cohort. `reference` says of each of them
    /// whether its calls make counts and means; one pass counts them.
    ///
    /// # Errors
    /// Samples that the cohort does not have, or a pass that fails.
    pub fn new(
        engine: &'a dyn Engine,
        cohort: &Cohort,
        samples: &[u32],
        reference: &[bool],
        level: Level,
        progress: Arc<dyn PassProgress>,
    ) -> Result<Self, EngineError> {
        let selection = Selection::new(cohort, samples, level)?;
        let variants = cohort.manifest().variants as usize;
        let (cohort, counts) = (cohort.clone(), Vec::new());
        let mut matrix = Self { engine, cohort, level, progress, selection, variants, counts };
        let counted =
            samples.iter().zip(reference).filter(|(_, counted)| **counted).map(|(sample, _)| *sample);
        matrix.counts = matrix.counts_of(&counted.collect::<Vec<_>>())?;
        Ok(matrix)
    }

    /// Counts of codes 0, 1, 2, missing over some samples of the cohort, per variant.
    fn counts_of(&self, samples: &[u32]) -> Result<Vec<[u64; 4]>, EngineError> {
        let all = self.selection.cohort_samples();
        let mut group = vec![false; all];
        for &sample in samples {
            let slot = group.get_mut(sample as usize);
            *slot.ok_or(EngineError::Internal("a sample that the cohort does not have"))? = true;
        }
        let wanted = group.clone();
        let operand =
            CountsOperand::new(all, vec![group]).ok_or(EngineError::Internal("a group's length"))?;
        let blocks = self.cohort.blocks();
        let needed = |block: u32| {
            let block = &blocks[block as usize];
            let first = block.first_sample as usize;
            wanted[first..first + block.samples as usize].contains(&true)
        };
        let sums = self.run("counting genotypes", PassOperand::Counts(operand), &needed)?;
        let mut counts = vec![[0u64; 4]; self.variants];
        for run in sums {
            let slots = counts.iter_mut().skip(run.key as usize);
            for (slot, counted) in slots.zip(run.sums.as_chunks::<4>().0) {
                slot.iter_mut().zip(counted).for_each(|(sum, more)| *sum += *more as u64);
            }
        }
        Ok(counts)
    }

    fn run(
        &self,
        stage: &str,
        operand: PassOperand,
        wanted: &dyn Fn(u32) -> bool,
    ) -> Result<Vec<PartialSums>, EngineError> {
        let context = PassContext {
            cohort: self.cohort.clone(),
            operand,
            masks: Vec::new(),
            level: self.level,
            progress: Arc::clone(&self.progress),
        };
        let needed = |group: &&RowGroup| {
            wanted(group.block)
                && context.operand.needs(group.first_variant, group.first_variant + group.rows)
        };
        let groups = self.cohort.row_groups().iter().filter(needed);
        self.progress.stage(stage, groups.map(|group| context.genotypes(group)).sum());
        self.engine.run(Arc::new(context), wanted)
    }

    fn adjoint_pass(
        &self,
        residuals: &[&[f64]],
        precision: ResidualPrecision,
    ) -> Result<Products, EngineError> {
        let quantised = Quantised::new(residuals, precision);
        let columns = quantised.columns.iter().map(|column| self.selection.scatter(column)).collect();
        let operand = AdjointOperand::new(self.selection.cohort_samples(), columns)
            .ok_or(EngineError::Internal("residuals that do not fit into fixed point"))?;
        let blocks = self.cohort.blocks();
        // Computed once: who asks again for every row group would read all residuals each time.
        let zero: Vec<bool> = blocks
            .iter()
            .map(|block| operand.is_zero(block.first_sample as usize, block.samples as usize))
            .collect();
        let sums = self.run("gradients", PassOperand::Adjoint(operand), &|block| !zero[block as usize])?;
        let mut values = vec![0.0; self.variants * residuals.len()];
        for run in sums {
            let first = run.key as usize;
            let per_variant = run.sums.chunks_exact((2 * quantised.columns.len()).max(1));
            for (variant, sums) in (first..).zip(per_variant) {
                let products = &mut values[variant * residuals.len()..(variant + 1) * residuals.len()];
                quantised.products(sums, self.mean(variant), products);
            }
        }
        Ok(Products { columns: residuals.len(), values })
    }

    fn forward_pass(&self, tables: &[Vec<(u32, CodeTable)>]) -> Result<Vec<Vec<f64>>, EngineError> {
        let mut lanes = Vec::with_capacity(tables.len());
        let mut scales = Vec::with_capacity(tables.len());
        for column in tables {
            let largest = |table: &[f64; 4]| table.iter().fold(0f64, |most, entry| most.max(entry.abs()));
            let scale = FixedPoint::for_entries(column.iter().map(|(_, entries)| largest(entries)));
            let variants: Arc<[u32]> = column.iter().map(|(variant, _)| *variant).collect();
            let entries = column.iter().map(|(_, entries)| entries.map(|entry| scale.quantise(entry)));
            lanes.push(WeightLane {
                plain: Sparse::new(variants, entries.collect()),
                by_sex: Sparse::default(),
            });
            scales.push(scale);
        }
        let operand = PassOperand::Forward(ForwardOperand::new(lanes, Vec::new()));
        let has_samples = |block: u32| self.selection.of_block(block as usize) > 0;
        let sums = self.run("predictions", operand, &has_samples)?;
        let mut values = vec![vec![0.0; self.selection.samples()]; tables.len()];
        for block in sums {
            for ((lane, scale), values) in scales.iter().enumerate().zip(&mut values) {
                self.selection.take(&block, lane, |at, sum| values[at] = scale.value(sum));
            }
        }
        Ok(values)
    }

    /// The results of work on runs of variants, one for each.
    fn runs_pass(&self, runs: &[Vec<u32>], work: Vec<u8>) -> Result<Vec<PartialSums>, EngineError> {
        let operand = PassOperand::Runs(RunsOperand::new(self.selection.indices(), runs, work)?);
        let has_samples = |block: u32| self.selection.of_block(block as usize) > 0;
        let results = self.run("variants", operand, &has_samples)?;
        if results.len() == runs.len() {
            Ok(results)
        } else {
            Err(EngineError::Internal("runs of variants without a result"))
        }
    }

    fn gram_pass(
        &self,
        variants: Range<u32>,
        groups: &[u32],
        count: usize,
    ) -> Result<Vec<GramSums>, EngineError> {
        let columns = self.selection.read(&self.cohort, &variants.collect::<Vec<_>>())?;
        Ok(columns.gram(groups, count, self.level)?)
    }
}

impl GenotypeMatrix for EngineMatrix<'_> {
    fn samples(&self) -> usize {
        self.selection.samples()
    }

    fn variants(&self) -> usize {
        self.variants
    }

    fn counts(&self) -> &[[u64; 4]] {
        &self.counts
    }

    fn adjoint(&self, residuals: &[&[f64]], precision: ResidualPrecision) -> Result<Products, MatrixError> {
        self.adjoint_pass(residuals, precision).map_err(failed("an adjoint pass"))
    }

    fn forward_tables(&self, tables: &[Vec<(u32, CodeTable)>]) -> Result<Vec<Vec<f64>>, MatrixError> {
        self.forward_pass(tables).map_err(failed("a forward pass"))
    }

    fn select(&self, variants: &[u32]) -> Result<PackedColumns, MatrixError> {
        self.selection.read(&self.cohort, variants).map_err(failed("reading variants"))
    }

    fn gram(
        &self,
        variants: Range<u32>,
        groups: &[u32],
        group_count: usize,
    ) -> Result<Vec<GramSums>, MatrixError> {
        self.gram_pass(variants, groups, group_count).map_err(failed("a gram pass"))
    }

    fn spreads_runs(&self) -> bool {
        self.engine.is_elsewhere()
    }

    fn each_run(
        &self,
        runs: &[Vec<u32>],
        task: &dyn RunTask,
        each: &mut dyn FnMut(usize, Vec<u8>) -> Result<(), FitError>,
    ) -> Result<(), FitError> {
        let results =
            self.runs_pass(runs, task.encode(0..runs.len())?).map_err(failed("work on variants"))?;
        for (number, (variants, sums)) in runs.iter().zip(results).enumerate() {
            let lost = || EngineError::Internal("the result of another run of variants");
            let result = result_of(&sums).filter(|_| variants.first() == Some(&sums.key));
            let result = result.ok_or_else(lost).map_err(failed("work on variants"))?;
            each(number, result)?;
        }
        Ok(())
    }
}

/// An engine's error as a matrix's.
fn failed(doing: &'static str) -> impl FnOnce(EngineError) -> MatrixError {
    move |error| MatrixError { message: format!("{doing} failed"), source: Some(Box::new(error)) }
}

#[cfg(test)]
mod tests;
