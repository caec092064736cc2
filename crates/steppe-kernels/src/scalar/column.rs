//! One lane, one table lookup per genotype.

use crate::passes::{ColumnBlock, ColumnSums};
use crate::rows::{CountEntry, CountTable, WeightTable};

/// A chunk's tables as they came.
#[derive(Debug, Default)]
pub(crate) struct Prepared {
    weights: Vec<WeightTable>,
    /// Alleles in the low half, dosage in the high half.
    counts: Vec<[u32; 4]>,
}

impl Prepared {
    pub(crate) fn fill(&mut self, weights: &[WeightTable], counts: &[CountTable]) {
        let pack = |entry: CountEntry| u32::from(entry.alleles) | u32::from(entry.dosage) << 16;
        self.weights.clear();
        self.weights.extend_from_slice(weights);
        self.counts.clear();
        self.counts.extend(counts.iter().map(|table| table.map(pack)));
    }
}

/// Adds a column of `COLUMN` bytes; slots are samples.
#[inline(always)]
pub(crate) fn add<const COLUMN: usize>(
    block: ColumnBlock<'_>,
    prepared: &Prepared,
    sums: &mut ColumnSums<'_>,
) {
    let row = |start: usize| &block.bytes[start + block.at..][..COLUMN];
    for (&start, table) in block.starts.iter().zip(&prepared.weights) {
        for (sums, &byte) in sums.weights.as_chunks_mut::<4>().0.iter_mut().zip(row(start)) {
            for (field, sum) in sums.iter_mut().enumerate() {
                *sum = sum.wrapping_add(table[usize::from(byte >> (2 * field) & 3)]);
            }
        }
    }
    for (&start, table) in block.starts.iter().zip(&prepared.counts) {
        let places = sums.alleles.as_chunks_mut::<4>().0.iter_mut().zip(sums.dosage.as_chunks_mut::<4>().0);
        for ((alleles, dosage), &byte) in places.zip(row(start)) {
            for field in 0..4 {
                let entry = table[usize::from(byte >> (2 * field) & 3)];
                alleles[field] = alleles[field].wrapping_add(entry & 0xffff);
                dosage[field] = dosage[field].wrapping_add(entry >> 16);
            }
        }
    }
}
