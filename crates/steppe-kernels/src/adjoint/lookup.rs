//! Dense rows by table lookup: a byte of a row is four samples' codes, and the table of those four samples holds all 256
//! sums for 16 columns.

use super::dense::{Ahead, Call, DensePass, Operand};
use super::residuals::Group;
use super::{AdjointPasses, AdjointSum};

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

/// Tables that are held at once. Their entries, at most 4 * 2 * (2^23 − 1) in size, add up in 32 bits.
pub(crate) const TABLES: usize = 8;

/// Sixteen columns' sums of one row.
#[repr(C, align(64))]
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sums64(pub(crate) [i64; 16]);

impl Sums64 {
    pub(crate) const ZERO: Self = Self([0; 16]);
}

/// Bytes of a row that are copied at once: rows are a page or so apart, and each visit to one costs the translation of
/// its address.
const COPIED: usize = 256;

/// A part of a row, zero past the row's end, in an odd number of cache lines, so that rows spread over all sets of the
/// caches.
pub(crate) type CopiedRow = [u8; COPIED + 64];

/// What an instruction set provides for table lookups.
pub(crate) trait LookupPasses: AdjointPasses {
    /// The table of four samples.
    fn build_table(self, samples: &[Lanes32; 4], table: &mut ResidualTable);
    /// Adds to each row's sums the entries of the tables for as many bytes of the row, from `at` on.
    fn lookup(self, tables: &[ResidualTable; TABLES], rows: &[CopiedRow], at: usize, sums: &mut [Sums64]);
}

/// Buffers of the lookups.
pub(crate) struct Lookup {
    tables: Box<[ResidualTable; TABLES]>,
    copied: Vec<CopiedRow>,
    sums: Vec<Sums64>,
}

impl Default for Lookup {
    fn default() -> Self {
        Self { tables: Box::new([ResidualTable::ZERO; TABLES]), copied: Vec::new(), sums: Vec::new() }
    }
}

impl<P: LookupPasses> DensePass<P> for Lookup {
    /// Rows that share the making of the tables. Their sums, the tables and what is copied fit the second-level cache.
    const ROWS: usize = 2048;
    const OPERAND: Operand = Operand::Lanes;

    fn add(
        &mut self,
        passes: P,
        call: &Call<'_>,
        dense: &[usize],
        _: &mut Ahead<'_>,
        out: &mut [AdjointSum],
    ) {
        let columns = call.residuals.columns();
        for group in call.residuals.groups() {
            self.sum(passes, call, dense, &group);
            for (row, sums) in dense.iter().zip(&self.sums) {
                let out = &mut out[row * columns + group.first..][..group.columns];
                for (out, sum) in out.iter_mut().zip(&sums.0) {
                    out.codes = out.codes.wrapping_add(*sum);
                }
            }
        }
    }
}

impl Lookup {
    /// Sums a group for some rows.
    fn sum<P: LookupPasses>(&mut self, passes: P, call: &Call<'_>, dense: &[usize], group: &Group<'_>) {
        self.sums.clear();
        self.sums.resize(dense.len(), Sums64::ZERO);
        for (at, samples) in (0..).step_by(COPIED).zip(group.samples.chunks(COPIED)) {
            self.copy(call, dense, at);
            for (at, samples) in (0..).step_by(TABLES).zip(samples.chunks(TABLES)) {
                // Where a row ends, its padding looks up entry 0, which is zero in every table.
                for (table, samples) in self.tables.iter_mut().zip(samples) {
                    passes.build_table(samples, table);
                }
                passes.lookup(&self.tables, &self.copied, at, &mut self.sums);
            }
        }
    }

    /// Copies the rows' bytes from `at` on.
    fn copy(&mut self, call: &Call<'_>, dense: &[usize], at: usize) {
        self.copied.resize(dense.len(), [0; COPIED + 64]);
        for (&row, copied) in dense.iter().zip(&mut self.copied) {
            let bytes = &call.row(row)[at..];
            match bytes.first_chunk::<COPIED>() {
                Some(bytes) => copied[..COPIED].copy_from_slice(bytes),
                None => {
                    copied[..bytes.len()].copy_from_slice(bytes);
                    copied[bytes.len()..].fill(0);
                }
            }
        }
    }
}
