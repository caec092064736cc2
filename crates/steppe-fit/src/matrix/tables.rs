//! Sums of tables over packed columns: the forward pass of any function of the genotype.

use rayon::prelude::*;
use steppe_kernels::{Level, column_add};

use super::{GenotypeMatrix, PackedColumns};
use crate::error::MatrixError;

/// What a genotype counts: the values of 0, 1, 2 copies and of a missing call.
pub type CodeTable = [f64; 4];

/// Variants that are selected at once.
const RUN: usize = 512;

/// Samples whose sums stay in the cache while the variants of a run are added: whole words of the kernels.
const SAMPLES: usize = 8192;

/// Σ table[code] for each column of tables, with one select pass over all variants that a column names. A sample's sum is
/// made in the order of the variants, however the work is shared.
pub(super) fn by_select<M: GenotypeMatrix + ?Sized>(
    matrix: &M,
    tables: &[Vec<(u32, CodeTable)>],
) -> Result<Vec<Vec<f64>>, MatrixError> {
    let mut variants: Vec<u32> = tables.iter().flatten().map(|(variant, _)| *variant).collect();
    variants.sort_unstable();
    variants.dedup();
    let mut sums = vec![vec![0.0; matrix.samples()]; tables.len()];
    for run in variants.chunks(RUN) {
        let columns = matrix.select(run)?;
        for (sums, column) in sums.iter_mut().zip(tables) {
            add_run(&columns, run, column, sums);
        }
    }
    Ok(sums)
}

/// Adds the tables of those variants that are in the run.
fn add_run(columns: &PackedColumns, run: &[u32], tables: &[(u32, CodeTable)], sums: &mut [f64]) {
    let (Some(first), Some(last)) = (run.first(), run.last()) else { return };
    let from = tables.partition_point(|(variant, _)| variant < first);
    let to = tables.partition_point(|(variant, _)| variant <= last);
    let level = Level::best();
    sums.par_chunks_mut(SAMPLES).enumerate().for_each(|(chunk, sums)| {
        for (variant, table) in &tables[from..to] {
            if let Ok(row) = run.binary_search(variant) {
                let codes = &columns.column(row)[chunk * SAMPLES / 4..];
                column_add(level, codes, sums.len(), *table, sums);
            }
        }
    });
}
