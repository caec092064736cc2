//! The adjoint pass, one byte at a time.

use crate::adjoint::{
    AdjointPasses, AdjointWays, BLOCK, CopiedRow, LIMBS, Lanes32, LimbBlock, Lookup, LookupPasses, Plane,
    ROOM, ResidualTable, Sums64, TABLES,
};
use crate::scalar::Scalar;

/// Bytes that are looked at before the next decision.
const RUN: usize = 256;

/// Whether a byte holds a missing call.
#[inline(always)]
pub(crate) fn any_missing(row: &[u8]) -> bool {
    row.chunks(RUN).any(|run| run.iter().fold(0, |any, &byte| any | byte & byte >> 1) & 0x55 != 0)
}

/// Σ field × residual; `fields` gives four 2-bit fields for a byte of the row.
#[inline(always)]
fn dot(row: &[u8], residuals: &[LimbBlock], fields: impl Fn(u8) -> u8) -> i64 {
    let mut sum = 0;
    for (row, LimbBlock([low, middle, high])) in row.chunks(BLOCK).zip(residuals) {
        for (field, ((low, middle), high)) in low.iter().zip(middle).zip(high).enumerate() {
            let mut sums = [0; LIMBS];
            for (((&byte, &low), &middle), &high) in row.iter().zip(low).zip(middle).zip(high) {
                let code = i32::from(fields(byte) >> (2 * field) & 3);
                sums[0] += code * i32::from(low);
                sums[1] += code * i32::from(middle);
                sums[2] += code * i32::from(high as i8);
            }
            let [low, middle, high] = sums.map(i64::from);
            sum += low + (middle << 8) + (high << 16);
        }
    }
    sum
}

/// Adds the entries one by one.
#[inline(always)]
fn lookup(tables: &[ResidualTable; TABLES], rows: &[CopiedRow], at: usize, sums: &mut [Sums64]) {
    for (row, sums) in rows.iter().zip(sums) {
        let mut part = Lanes32::ZERO;
        for (table, &byte) in tables.iter().zip(&row[at..]) {
            let entry = &table.entries[usize::from(byte)];
            part.0.iter_mut().zip(&entry.0).for_each(|(part, entry)| *part += entry);
        }
        sums.0.iter_mut().zip(&part.0).for_each(|(sum, part)| *sum += i64::from(*part));
    }
}

const LOW: u64 = 0x5555_5555_5555_5555;

/// Lists samples word by word; quick where most words have none.
#[inline(always)]
pub(crate) fn list(part: &[u8], swapped: bool, plane: Plane, numbers: &mut [u16; ROOM]) -> usize {
    // Padding counts no copy of the rare allele.
    let common = if swapped { 2 * LOW } else { 0 };
    let (words, rest) = part.as_chunks::<8>();
    let mut last = common.to_le_bytes();
    last[..rest.len()].copy_from_slice(rest);
    let words = words.iter().chain((!rest.is_empty()).then_some(&last));
    let mut length = 0;
    for (word, first) in words.zip((0_u16..).step_by(32)) {
        let mut word = u64::from_le_bytes(*word) ^ common;
        if swapped {
            // 3 for one copy and 1 for a missing call: the other way round.
            word ^= (word & LOW) << 1;
        }
        let mut bits = LOW
            & match plane {
                Plane::Low => word,
                Plane::High => word >> 1,
                Plane::Both => word & word >> 1,
            };
        while bits != 0 {
            numbers[length] = first + bits.trailing_zeros() as u16 / 2;
            length += 1;
            bits &= bits - 1;
        }
    }
    length
}

/// Residuals that a 32-bit sum can hold.
pub(crate) const NARROW: usize = 256;

/// Adds the residuals of the listed samples.
#[inline(always)]
pub(crate) fn add_listed(numbers: &[u16], samples: &[Lanes32], sums: &mut Sums64) {
    for numbers in numbers.chunks(NARROW) {
        let mut part = [0; 16];
        for number in numbers {
            if let Some(residuals) = samples.get(usize::from(*number)) {
                part.iter_mut().zip(&residuals.0).for_each(|(part, residual)| *part += residual);
            }
        }
        sums.0.iter_mut().zip(part).for_each(|(sum, part)| *sum += i64::from(part));
    }
}

/// Fills a table from the residuals of four samples.
#[inline(always)]
pub(crate) fn build(samples: &[Lanes32; 4], table: &mut ResidualTable) {
    let plus = |left: &Lanes32, right: &Lanes32| {
        let mut sum = *left;
        sum.0.iter_mut().zip(&right.0).for_each(|(sum, right)| *sum += right);
        sum
    };
    let copies = |sample: &Lanes32| [Lanes32::ZERO, *sample, plus(sample, sample), Lanes32::ZERO];
    let [first, second, third, fourth] = samples.each_ref().map(copies);
    let mut low = [Lanes32::ZERO; 16];
    for (at, low) in low.iter_mut().enumerate() {
        *low = plus(&first[at % 4], &second[at / 4]);
    }
    for (at, entries) in table.entries.as_chunks_mut::<16>().0.iter_mut().enumerate() {
        let high = plus(&third[at % 4], &fourth[at / 4]);
        entries.iter_mut().zip(&low).for_each(|(entry, low)| *entry = plus(&high, low));
    }
}

impl AdjointWays for Scalar {
    const GROUP_FROM: usize = 3;
    type Passes = Self;
    type Dense = Lookup;

    fn passes(self) -> Self {
        self
    }

    fn listed_of_1024(_columns: usize) -> Option<u64> {
        Some(64)
    }
}

impl AdjointPasses for Scalar {
    fn any_missing(self, row: &[u8]) -> bool {
        any_missing(row)
    }

    fn dot_codes<const ROWS: usize>(self, rows: [&[u8]; ROWS], residuals: &[LimbBlock]) -> [i64; ROWS] {
        rows.map(|row| dot(row, residuals, |byte| byte))
    }

    fn dot_missing<const ROWS: usize>(self, rows: [&[u8]; ROWS], residuals: &[LimbBlock]) -> [i64; ROWS] {
        rows.map(|row| dot(row, residuals, |byte| byte & byte >> 1 & 0x55))
    }

    fn list(self, part: &[u8], swapped: bool, plane: Plane, numbers: &mut [u16; ROOM]) -> usize {
        list(part, swapped, plane, numbers)
    }

    fn add_listed(self, numbers: &[u16], samples: &[Lanes32], sums: &mut Sums64) {
        add_listed(numbers, samples, sums);
    }
}

impl LookupPasses for Scalar {
    fn build_table(self, samples: &[Lanes32; 4], table: &mut ResidualTable) {
        build(samples, table);
    }

    fn lookup(self, tables: &[ResidualTable; TABLES], rows: &[CopiedRow], at: usize, sums: &mut [Sums64]) {
        lookup(tables, rows, at, sums);
    }
}
