//! Many weight lanes: eight at a time by table lookup on four rows.

use std::ops::Range;

use super::sums::{Sums, slots};
use crate::passes::{LANES, Lanes, LookupTable, Passes, RowOffset, TABLE_ROWS};
use crate::rows::{Rows, Tables, WeightTable};

/// Quads of rows whose tables are held at once, 17 KiB each. A sample's sums are loaded and stored once for all of them,
/// and most lookups hit the few rows of common genotypes, which the first-level cache holds of eight tables, but not
/// of 16.
const CHUNK_QUADS: usize = 8;

/// Quads whose offsets are held at once where there are several groups of lanes. A group goes through all of them
/// before the next, so that its sums (64 bytes a sample) stay in the second-level cache; the offsets (two bytes a sample
/// and quad) come from further out. A single group takes chunk by chunk, and the offsets stay near as well.
const BATCH_QUADS: usize = 512;

/// Buffers of one call, kept for the next.
#[derive(Default)]
pub(super) struct LookupScratch {
    /// Per quad of the batch, one offset per slot.
    offsets: Vec<RowOffset>,
    tables: Vec<LookupTable>,
    /// Rows of a quad, padded with zeros to a whole column.
    tail: Vec<u8>,
    /// The chunk's quads with an entry that is not zero in this group of lanes; a table each.
    active: Vec<usize>,
}

impl<P: Passes> Sums<P> {
    /// Adds all rows to the first `lanes` weight lanes.
    pub(super) fn add_groups(&mut self, rows: &Rows<'_>, tables: &Tables<'_>, lanes: usize) {
        let slots = slots::<P>(rows.samples);
        let scratch = &mut self.lookup;
        let batch_rows = TABLE_ROWS * if lanes <= LANES { CHUNK_QUADS } else { BATCH_QUADS };
        for first in (0..rows.rows).step_by(batch_rows) {
            let batch = first..rows.rows.min(first + batch_rows);
            scratch.merge(self.passes, rows, batch.clone());
            for (group, sums) in self.groups.chunks_mut(slots).enumerate() {
                let lanes = (group * LANES)..lanes.min((group + 1) * LANES);
                for (number, first) in batch.clone().step_by(TABLE_ROWS * CHUNK_QUADS).enumerate() {
                    let chunk = first..batch.end.min(first + TABLE_ROWS * CHUNK_QUADS);
                    scratch.build(self.passes, tables, lanes.clone(), chunk);
                    scratch.add(self.passes, slots, number * CHUNK_QUADS * slots, sums);
                }
            }
        }
    }
}

impl LookupScratch {
    /// Merges the rows of each quad into offsets.
    fn merge<P: Passes>(&mut self, passes: P, rows: &Rows<'_>, batch: Range<usize>) {
        let slots = slots::<P>(rows.samples);
        let row_bytes = rows.row_bytes();
        let whole = row_bytes / P::COLUMN * P::COLUMN;
        self.offsets.resize(batch.len().div_ceil(TABLE_ROWS) * slots, RowOffset::FIRST);
        self.tail.resize(TABLE_ROWS * P::COLUMN, 0);
        for (quad, index) in self.offsets.chunks_mut(slots).enumerate() {
            // Past the last row any row will do: its table entries are zero.
            let row = |member: usize| {
                let row = (batch.start + TABLE_ROWS * quad + member).min(rows.rows - 1);
                &rows.bytes[row * rows.stride..][..row_bytes]
            };
            let members = [row(0), row(1), row(2), row(3)];
            let mut columns = index.chunks_mut(4 * P::COLUMN);
            for (at, index) in (0..whole).step_by(P::COLUMN).zip(&mut columns) {
                passes.merge_offsets(members.map(|row| &row[at..][..P::COLUMN]), index);
            }
            if let Some(index) = columns.next() {
                for (tail, row) in self.tail.chunks_mut(P::COLUMN).zip(members) {
                    tail.fill(0);
                    tail[..row_bytes - whole].copy_from_slice(&row[whole..]);
                }
                let tail = |member: usize| &self.tail[member * P::COLUMN..][..P::COLUMN];
                passes.merge_offsets([tail(0), tail(1), tail(2), tail(3)], index);
            }
        }
    }

    /// Builds the tables of a group of lanes, without the quads that are zero in all of them.
    fn build<P: Passes>(&mut self, passes: P, tables: &Tables<'_>, lanes: Range<usize>, chunk: Range<usize>) {
        let rows = tables.weights.len() / tables.weight_lanes;
        self.active.clear();
        for (quad, first) in chunk.step_by(TABLE_ROWS).enumerate() {
            let members = first..rows.min(first + TABLE_ROWS);
            let mut entries = [[Lanes::ZERO; 4]; TABLE_ROWS];
            let mut any = 0;
            for (place, lane) in lanes.clone().enumerate() {
                let lane_tables: &[WeightTable] = &tables.weights[lane * rows..][..rows];
                for (entries, table) in entries.iter_mut().zip(&lane_tables[members.clone()]) {
                    for (entry, &value) in entries.iter_mut().zip(table) {
                        entry.0[place] = value;
                        any |= value;
                    }
                }
            }
            if any == 0 {
                continue;
            }
            let place = self.active.len();
            if self.tables.len() <= place {
                self.tables.push(LookupTable::ZERO);
            }
            passes.build_lookup(&entries, &mut self.tables[place]);
            self.active.push(quad);
        }
    }

    /// Adds the tables to the sums; the offsets of the chunk's first quad start at `first`, and each quad has
    /// `slots` of them.
    fn add<P: Passes>(&self, passes: P, slots: usize, first: usize, sums: &mut [Lanes]) {
        let tables = &self.tables[..self.active.len()];
        let starts: Vec<usize> = self.active.iter().map(|quad| quad * slots).collect();
        passes.lookup(tables, &self.offsets[first..], &starts, sums);
    }
}
