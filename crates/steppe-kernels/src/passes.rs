//! What an instruction set provides, so that everything above it is written once.

use crate::rows::{CountTable, WeightTable};

/// Rows that `Passes::column` may handle at once.
pub(crate) const ROW_GROUP: usize = 8;

/// Weight lanes of the row lookup: one cache line of i64.
pub(crate) const LANES: usize = 8;

/// Eight lanes of one sample, or of one table row.
#[repr(C, align(64))]
#[derive(Clone, Copy, Debug)]
pub(crate) struct Lanes(pub(crate) [i64; LANES]);

impl Lanes {
    pub(crate) const ZERO: Self = Self([0; LANES]);
}

/// The sum of four rows' entries for each combination of their codes, row 0 in the lowest bits.
///
/// The padding keeps the same row of neighbouring tables (row 0 above all: most genotypes are 0) out of
/// one set of the first-level cache.
#[repr(C)]
#[derive(Clone, Debug)]
pub(crate) struct LookupTable {
    pub(crate) rows: [Lanes; 256],
    padding: [Lanes; 21],
}

impl LookupTable {
    pub(crate) const ZERO: Self = Self { rows: [Lanes::ZERO; 256], padding: [Lanes::ZERO; 21] };
}

/// Rows that make one table index.
pub(crate) const TABLE_ROWS: usize = 4;

/// The place of a row in a [`LookupTable`], in bytes: 64 times the row's number, so that an address is one addition.
#[repr(transparent)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct RowOffset(u16);

impl RowOffset {
    pub(crate) const FIRST: Self = Self(0);

    /// The binary logarithm of a row's bytes.
    pub(crate) const SHIFT: u32 = size_of::<Lanes>().trailing_zeros();

    pub(crate) fn of(row: u8) -> Self {
        Self(u16::from(row) << Self::SHIFT)
    }

    pub(crate) fn row(self) -> usize {
        usize::from(self.0 >> Self::SHIFT)
    }
}

/// One column of some rows: `COLUMN` bytes at `bytes[starts[i] + at ..]` for each row `i`.
#[derive(Clone, Copy)]
// Only the x86-64 passes prefetch.
#[cfg_attr(not(target_arch = "x86_64"), allow(dead_code))]
pub(crate) struct ColumnBlock<'a> {
    pub(crate) bytes: &'a [u8],
    /// Where each row starts; a multiple of [`ROW_GROUP`] (the tables of the rows added for it are zero).
    pub(crate) starts: &'a [usize],
    pub(crate) at: usize,
    /// What is read next, for the caches: the column after this one, relative to `starts`.
    pub(crate) next: usize,
    /// What is read later, likewise: one cache line for each row of this block, from here on in `bytes`
    /// (or past its end).
    pub(crate) later: usize,
}

/// Where a column's sums go, one place per slot of the column. An absent kind is an empty slice.
pub(crate) struct ColumnSums<'a> {
    pub(crate) weights: &'a mut [i64],
    pub(crate) alleles: &'a mut [u32],
    pub(crate) dosage: &'a mut [u32],
}

/// The passes of one instruction set. A value of the type is the proof that the CPU has it.
///
/// Columns are handled whole, so the code above pads the last one. A column's `4 * COLUMN` samples are
/// summed in *slots* whose order suits the instructions; `column_sample` and `offset_sample` say which
/// sample a slot holds.
pub(crate) trait Passes: Copy {
    /// Bytes of a column.
    const COLUMN: usize;
    /// Rows that one call of `column` takes at most; a multiple of [`ROW_GROUP`]. It bounds the narrow
    /// accumulators, so each implementation proves that its own cannot overflow.
    const CHUNK_ROWS: usize;
    /// From how many lanes on (at most [`LANES`]) a row lookup is faster than lane after lane.
    const LOOKUP_FROM: usize;
    /// One chunk's tables for one lane, in the form that `column` wants, and its scratch memory.
    type Prepared: Default;

    /// Samples of the bytes of `row` by code, of those whose `mask` field is 0b11.
    fn count(self, row: &[u8], mask: Option<&[u8]>) -> [u64; 4];
    /// Recodes whole bytes of a .bed row; the slices are equally long.
    fn recode(self, bed: &[u8], tile: &mut [u8]);
    /// `dst = row & mask`; the slices are equally long.
    fn and_mask(self, row: &[u8], mask: &[u8], dst: &mut [u8]);

    /// Prepares the tables of at most `CHUNK_ROWS` rows (a multiple of [`ROW_GROUP`]); an absent kind is empty.
    fn prepare(self, weights: &[WeightTable], counts: &[CountTable], into: &mut Self::Prepared);
    /// Adds one column of a chunk.
    fn column(self, block: ColumnBlock<'_>, prepared: &mut Self::Prepared, sums: &mut ColumnSums<'_>);
    /// The sample of a column that a slot of `column` holds.
    fn column_sample(slot: usize) -> usize;

    /// Merges a column of rows into one place in a table per sample; `offsets` has `4 * COLUMN` of them.
    fn merge_offsets(self, rows: [&[u8]; TABLE_ROWS], offsets: &mut [RowOffset]);
    /// Adds the row of `tables[t]` at `offsets[starts[t] + slot]` over all tables to each slot of `sums`; the slots
    /// are a multiple of 16.
    fn lookup(self, tables: &[LookupTable], offsets: &[RowOffset], starts: &[usize], sums: &mut [Lanes]);
    /// Fills a table from `entries[row][code]`.
    fn build_lookup(self, entries: &[[Lanes; 4]; TABLE_ROWS], table: &mut LookupTable);
    /// The sample of a column that a slot of `merge_offsets` holds.
    fn offset_sample(slot: usize) -> usize;
}
