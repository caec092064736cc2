//! Sixteen columns at a time, by table lookup on whole bytes of the rows.

use std::ops::Range;

use super::{AdjointPasses, AdjointResiduals, AdjointSum};
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

/// Buffers of one call.
struct Scratch {
    tables: Vec<ResidualTable>,
    copied: Vec<CopiedRow>,
    codes: Vec<Sums64>,
    missing: Vec<Sums64>,
}

/// Adds the columns that are looked up.
pub(super) fn add<P: AdjointPasses>(
    passes: P,
    rows: &Rows<'_>,
    residuals: &AdjointResiduals,
    out: &mut [AdjointSum],
) {
    let columns = residuals.columns();
    let tables = vec![ResidualTable::ZERO; P::TABLES];
    let mut scratch = Scratch { tables, copied: Vec::new(), codes: Vec::new(), missing: Vec::new() };
    for (first_column, lanes, samples) in residuals.groups() {
        for first in (0..rows.rows).step_by(BATCH_ROWS) {
            let batch = first..rows.rows.min(first + BATCH_ROWS);
            for sums in [&mut scratch.codes, &mut scratch.missing] {
                sums.clear();
                sums.resize(batch.len(), Sums64([0; 16]));
            }
            for (at, samples) in (0..).step_by(COPIED).zip(samples.chunks(COPIED)) {
                scratch.copy(rows, batch.clone(), at);
                scratch.add(passes, samples);
            }
            for ((row, codes), missing) in batch.zip(&scratch.codes).zip(&scratch.missing) {
                let out = &mut out[row * columns + first_column..][..lanes];
                for ((out, codes), missing) in out.iter_mut().zip(&codes.0).zip(&missing.0) {
                    out.codes = out.codes.wrapping_add(*codes);
                    out.missing = out.missing.wrapping_add(*missing);
                }
            }
        }
    }
}

impl Scratch {
    /// Copies the rows' bytes from `at` on.
    fn copy(&mut self, rows: &Rows<'_>, batch: Range<usize>, at: usize) {
        self.copied.resize(batch.len(), [0; COPIED + 64]);
        let rest = rows.row_bytes() - at;
        for (row, copied) in batch.zip(&mut self.copied) {
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
    fn add<P: AdjointPasses>(&mut self, passes: P, samples: &[[Lanes32; 4]]) {
        for (at, samples) in (0..).step_by(P::TABLES).zip(samples.chunks(P::TABLES)) {
            // Where a row ends, its padding looks up entry 0, which is zero in every table.
            for (table, samples) in self.tables.iter_mut().zip(samples) {
                passes.build_table(samples, table);
            }
            passes.lookup(&self.tables, &self.copied, at, &mut self.codes);
        }
        for (row, sums) in self.copied.iter().zip(&mut self.missing) {
            passes.add_missing(row, samples.as_flattened(), sums);
        }
    }
}
