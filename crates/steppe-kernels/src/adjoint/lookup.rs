//! Sixteen columns at a time: by table lookup on whole bytes of the rows, unless a row is better listed.

use super::listed::{self, Kind};
use super::residuals::Group;
use super::{AdjointPasses, AdjointResiduals, AdjointSum, List};
use crate::passes::Passes;
use crate::rows::Rows;

/// Sixteen columns' residuals of one sample, or one table entry.
#[repr(C, align(64))]
#[derive(Clone, Copy, Debug)]
pub(crate) struct Lanes32(pub(crate) [i32; 16]);

impl Lanes32 {
    pub(crate) const ZERO: Self = Self([0; 16]);
}

/// The sums of code times residual of four samples for each byte that a row can hold; a missing call adds nothing.
///
/// The padding keeps the same entry of neighbouring tables (entry 0 above all: most genotypes are 0) out of one set of
/// the first-level cache.
#[repr(C)]
#[derive(Clone, Debug)]
pub(crate) struct ResidualTable {
    pub(crate) entries: [Lanes32; 256],
    padding: [Lanes32; 21],
}

impl ResidualTable {
    pub(crate) const ZERO: Self = Self { entries: [Lanes32::ZERO; 256], padding: [Lanes32::ZERO; 21] };
}

/// Tables whose entries a 32-bit sum can hold: an entry is at most 4 * 2 * (2^23 − 1) in size.
pub(crate) const MAX_TABLES: usize = 31;

/// Sixteen columns' sums of one row.
#[repr(C, align(64))]
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sums64(pub(crate) [i64; 16]);

/// Rows that share the making of the tables. Their sums, the tables and what is copied fit the second-level cache.
const BATCH_ROWS: usize = 2048;

/// Bytes of a row that are copied at once: rows are a page or so apart, and each visit to one costs the translation of
/// its address.
pub(crate) const COPIED: usize = 256;

/// A part of a row, zero past the row's end, in an odd number of cache lines, so that rows spread over all sets of the
/// caches.
pub(crate) type CopiedRow = [u8; COPIED + 64];

/// Rows that are listed for one group after the other, while the caches hold them.
const LISTED_ROWS: usize = 64;

/// Buffers of one call.
struct Scratch {
    tables: Vec<ResidualTable>,
    copied: Vec<CopiedRow>,
    codes: Vec<Sums64>,
    missing: Vec<Sums64>,
}

/// A row by its number.
type Row = (usize, Kind);

/// Adds the columns that are summed in groups.
pub(super) fn add<P: AdjointPasses + Passes>(
    passes: P,
    rows: &Rows<'_>,
    residuals: &AdjointResiduals,
    out: &mut [AdjointSum],
) {
    if residuals.groups().next().is_none() {
        return;
    }
    let columns = residuals.columns();
    let mut place = |row: usize, group: &Group<'_>, [codes, missing]: [&Sums64; 2]| {
        let out = &mut out[row * columns + group.first..][..group.columns];
        for ((out, codes), missing) in out.iter_mut().zip(&codes.0).zip(&missing.0) {
            out.codes = out.codes.wrapping_add(*codes);
            out.missing = out.missing.wrapping_add(*missing);
        }
    };
    let bytes = |row: usize| &rows.bytes[row * rows.stride..][..rows.row_bytes()];
    let (mut listed, mut others) = (Vec::with_capacity(LISTED_ROWS), Vec::new());
    let mut list = List::EMPTY;
    for first in (0..rows.rows).step_by(LISTED_ROWS) {
        listed.clear();
        for row in first..rows.rows.min(first + LISTED_ROWS) {
            let kind = Kind::of(passes, bytes(row));
            if kind.listed { listed.push((row, kind)) } else { others.push((row, kind)) }
        }
        for group in residuals.groups() {
            for &(row, kind) in &listed {
                let sums = listed::sums(passes, bytes(row), kind, group.samples, group.total, &mut list);
                place(row, &group, [&sums[0], &sums[1]]);
            }
        }
    }
    let tables = vec![ResidualTable::ZERO; P::TABLES];
    let mut scratch = Scratch { tables, copied: Vec::new(), codes: Vec::new(), missing: Vec::new() };
    for group in residuals.groups() {
        for batch in others.chunks(BATCH_ROWS) {
            scratch.sum(passes, rows, batch, &group);
            for ((row, _), sums) in batch.iter().zip(scratch.codes.iter().zip(&scratch.missing)) {
                place(*row, &group, [sums.0, sums.1]);
            }
        }
    }
}

impl Scratch {
    /// Sums a batch of rows.
    fn sum<P: AdjointPasses>(&mut self, passes: P, rows: &Rows<'_>, batch: &[Row], group: &Group<'_>) {
        for sums in [&mut self.codes, &mut self.missing] {
            sums.clear();
            sums.resize(batch.len(), Sums64([0; 16]));
        }
        for (at, samples) in (0..).step_by(COPIED).zip(group.samples.chunks(COPIED)) {
            self.copy(rows, batch, at);
            self.add(passes, batch, samples);
        }
    }

    /// Copies the rows' bytes from `at` on.
    fn copy(&mut self, rows: &Rows<'_>, batch: &[Row], at: usize) {
        self.copied.resize(batch.len(), [0; COPIED + 64]);
        let rest = rows.row_bytes() - at;
        for ((row, _), copied) in batch.iter().zip(&mut self.copied) {
            let bytes = &rows.bytes[row * rows.stride + at..][..rest];
            match bytes.first_chunk::<COPIED>() {
                Some(bytes) => copied[..COPIED].copy_from_slice(bytes),
                None => {
                    copied[..rest].copy_from_slice(bytes);
                    copied[rest..].fill(0);
                }
            }
        }
    }

    /// Adds what was copied; `samples` are the residuals of the samples in it.
    fn add<P: AdjointPasses>(&mut self, passes: P, batch: &[Row], samples: &[[Lanes32; 4]]) {
        for (at, samples) in (0..).step_by(P::TABLES).zip(samples.chunks(P::TABLES)) {
            // Where a row ends, its padding looks up entry 0, which is zero in every table.
            for (table, samples) in self.tables.iter_mut().zip(samples) {
                passes.build_table(samples, table);
            }
            passes.lookup(&self.tables, &self.copied, at, &mut self.codes);
        }
        let rows = batch.iter().zip(self.copied.iter().zip(&mut self.missing));
        for (_, (row, sums)) in rows.filter(|((_, kind), _)| kind.missing) {
            passes.add_missing(row, samples.as_flattened(), sums);
        }
    }
}
