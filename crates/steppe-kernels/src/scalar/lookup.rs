//! Many lanes: four rows make one table index per sample, and a table row holds eight lanes' sums of the
//! four rows ("four Russians"), so that one addition does the work of 32.

use crate::passes::{LANES, Lanes, LookupTable, RowOffset, TABLE_ROWS};

/// One table row per sample, row 0 in the lowest two bits of its number; slots are samples.
#[inline(always)]
pub(crate) fn merge_offsets(rows: [&[u8]; TABLE_ROWS], offsets: &mut [RowOffset]) {
    for (at, offsets) in offsets.as_chunks_mut::<4>().0.iter_mut().enumerate() {
        for (field, offset) in offsets.iter_mut().enumerate() {
            let code = |row: usize| rows[row][at] >> (2 * field) & 3;
            *offset = RowOffset::of(code(0) | code(1) << 2 | code(2) << 4 | code(3) << 6);
        }
    }
}

#[inline(always)]
fn plus(left: Lanes, right: Lanes) -> Lanes {
    let mut sum = left;
    for lane in 0..LANES {
        sum.0[lane] = left.0[lane].wrapping_add(right.0[lane]);
    }
    sum
}

/// Adds every table's row for each slot.
#[inline(always)]
pub(crate) fn add(tables: &[LookupTable], offsets: &[RowOffset], starts: &[usize], sums: &mut [Lanes]) {
    for (table, &start) in tables.iter().zip(starts) {
        for (sum, &offset) in sums.iter_mut().zip(&offsets[start..]) {
            *sum = plus(*sum, table.rows[offset.row()]);
        }
    }
}

/// All 256 sums of `entries[row][code]`.
#[inline(always)]
pub(crate) fn build(entries: &[[Lanes; 4]; TABLE_ROWS], table: &mut LookupTable) {
    let [first, second, third, fourth] = entries;
    let mut low = [Lanes::ZERO; 16];
    for (at, low) in low.iter_mut().enumerate() {
        *low = plus(first[at & 3], second[at >> 2]);
    }
    for (at, rows) in table.rows.as_chunks_mut::<16>().0.iter_mut().enumerate() {
        let high = plus(third[at & 3], fourth[at >> 2]);
        for (row, &low) in rows.iter_mut().zip(&low) {
            *row = plus(high, low);
        }
    }
}
