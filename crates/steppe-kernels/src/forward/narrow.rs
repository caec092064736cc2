//! One lane at a time: a weighted sum, a count, or both in one pass over the rows that are not all zero.

use std::ops::Range;

use super::sums::{Sums, slots};
use crate::passes::{ColumnBlock, ColumnSums, Passes, ROW_GROUP};
use crate::rows::{CountEntry, CountTable, Rows, Tables, WeightTable};

/// Buffers of one call, kept for the next.
pub(super) struct NarrowScratch<P: Passes> {
    /// Rows with a table that is not all zero.
    active: Vec<usize>,
    starts: Vec<usize>,
    weights: Vec<WeightTable>,
    counts: Vec<CountTable>,
    prepared: P::Prepared,
    /// The last column's bytes, padded with zeros to a whole column.
    tail: Vec<u8>,
    tail_starts: Vec<usize>,
}

impl<P: Passes> Default for NarrowScratch<P> {
    fn default() -> Self {
        Self {
            active: Vec::new(),
            starts: Vec::new(),
            weights: Vec::new(),
            counts: Vec::new(),
            prepared: P::Prepared::default(),
            tail: Vec::new(),
            tail_starts: Vec::new(),
        }
    }
}

impl<P: Passes> NarrowScratch<P> {
    fn find_active(&mut self, rows: Range<usize>, weights: &[WeightTable], counts: &[CountTable]) {
        let no_weights = |row: usize| weights.get(row).is_none_or(|table| *table == [0; 4]);
        let no_counts = |row: usize| counts.get(row).is_none_or(|table| *table == [CountEntry::default(); 4]);
        self.active.clear();
        self.active.extend(rows.filter(|&row| !(no_weights(row) && no_counts(row))));
    }

    /// Gathers a chunk's tables and row starts, padded to a multiple of [`ROW_GROUP`] rows.
    fn gather(&mut self, chunk: Range<usize>, stride: usize, weights: &[WeightTable], counts: &[CountTable]) {
        let active = &self.active[chunk];
        let padded = active.len().next_multiple_of(ROW_GROUP);
        self.starts.clear();
        self.starts.extend(active.iter().map(|&row| row * stride));
        self.starts.resize(padded, self.starts.first().copied().unwrap_or(0));
        self.weights.clear();
        if !weights.is_empty() {
            self.weights.extend(active.iter().map(|&row| weights[row]));
            self.weights.resize(padded, [0; 4]);
        }
        self.counts.clear();
        if !counts.is_empty() {
            self.counts.extend(active.iter().map(|&row| counts[row]));
            self.counts.resize(padded, [CountEntry::default(); 4]);
        }
    }

    /// Copies the rows' bytes past the last whole column.
    fn copy_tail(&mut self, rows: &Rows<'_>, from: usize) {
        let length = rows.row_bytes() - from;
        self.tail.clear();
        self.tail.resize(self.starts.len() * P::COLUMN, 0);
        for (column, &start) in self.tail.chunks_mut(P::COLUMN).zip(&self.starts) {
            column[..length].copy_from_slice(&rows.bytes[start + from..][..length]);
        }
        self.tail_starts.clear();
        self.tail_starts.extend((0..self.starts.len()).map(|row| row * P::COLUMN));
    }
}

/// A weight lane that is summed by itself: its place among those, and among all lanes of the tables.
#[derive(Clone, Copy)]
pub(super) struct WeightLane {
    pub(super) sums: usize,
    pub(super) tables: usize,
}

fn lane<T>(tables: &[T], lane: Option<usize>, rows: usize) -> &[T] {
    lane.map_or(&[], |lane| &tables[lane * rows..][..rows])
}

impl<P: Passes> Sums<P> {
    /// Adds a run of rows to one weight lane, one count lane, or one of each.
    pub(super) fn add_lane(
        &mut self,
        rows: &Rows<'_>,
        tables: &Tables<'_>,
        weight_lane: Option<WeightLane>,
        count_lane: Option<usize>,
        run: Range<usize>,
    ) {
        let weight_tables = lane(tables.weights, weight_lane.map(|lane| lane.tables), rows.rows);
        let count_tables = lane(tables.counts, count_lane, rows.rows);
        let slots = slots::<P>(rows.samples);
        let weights = match weight_lane {
            Some(lane) => &mut self.weights[lane.sums * slots..][..slots],
            None => &mut [],
        };
        let (alleles, dosage) = match count_lane {
            Some(lane) => {
                (&mut self.alleles[lane * slots..][..slots], &mut self.dosage[lane * slots..][..slots])
            }
            None => (&mut [][..], &mut [][..]),
        };
        let mut sums = ColumnSums { weights, alleles, dosage };
        self.narrow.find_active(run, weight_tables, count_tables);
        let active = self.narrow.active.len();
        for first in (0..active).step_by(P::CHUNK_ROWS) {
            let chunk = first..active.min(first + P::CHUNK_ROWS);
            self.narrow.gather(chunk, rows.stride, weight_tables, count_tables);
            self.passes.prepare(&self.narrow.weights, &self.narrow.counts, &mut self.narrow.prepared);
            add_chunk(self.passes, rows, &mut self.narrow, &mut sums);
        }
    }
}

/// Adds the chunk that `scratch` holds, column by column.
fn add_chunk<P: Passes>(
    passes: P,
    rows: &Rows<'_>,
    scratch: &mut NarrowScratch<P>,
    sums: &mut ColumnSums<'_>,
) {
    let whole = rows.row_bytes() / P::COLUMN;
    let rows_here = scratch.starts.len();
    for column in 0..whole {
        let at = column * P::COLUMN;
        // Column by column, the rows that follow this chunk are fetched from memory one after another.
        let later = scratch.starts[column * rows_here / whole] + rows_here * rows.stride;
        let block =
            ColumnBlock { bytes: rows.bytes, starts: &scratch.starts, at, next: at + P::COLUMN, later };
        passes.column(block, &mut scratch.prepared, &mut at_column::<P>(sums, column));
    }
    let at = whole * P::COLUMN;
    if at < rows.row_bytes() {
        scratch.copy_tail(rows, at);
        let block =
            ColumnBlock { bytes: &scratch.tail, starts: &scratch.tail_starts, at: 0, next: 0, later: 0 };
        passes.column(block, &mut scratch.prepared, &mut at_column::<P>(sums, whole));
    }
}

/// A column's part of the sums.
fn at_column<'a, P: Passes>(sums: &'a mut ColumnSums<'_>, column: usize) -> ColumnSums<'a> {
    fn part<T>(sums: &mut [T], first: usize, length: usize) -> &mut [T] {
        if sums.is_empty() { sums } else { &mut sums[first..][..length] }
    }
    let (first, length) = (column * 4 * P::COLUMN, 4 * P::COLUMN);
    ColumnSums {
        weights: part(sums.weights, first, length),
        alleles: part(sums.alleles, first, length),
        dosage: part(sums.dosage, first, length),
    }
}
