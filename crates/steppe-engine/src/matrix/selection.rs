//! The samples of a fit within the cohort: from its blocks to their own order and back.

use steppe_fit::PackedColumns;
use steppe_kernels::{Level, Rows, SampleGather};
use steppe_store::{Cohort, RowGroup, Scratch};

use crate::{EngineError, pass::PartialSums};

/// The samples of one block that take part.
struct Part {
    gather: SampleGather,
    /// Their places within the block, ascending.
    local: Vec<u32>,
    /// The place of the first of them among all that take part.
    first: usize,
}

/// Samples by ascending index in the cohort.
pub(crate) struct Selection {
    indices: Vec<u32>,
    parts: Vec<Part>,
    cohort_samples: usize,
}

impl Selection {
    pub(crate) fn new(cohort: &Cohort, indices: &[u32], level: Level) -> Result<Self, EngineError> {
        let cohort_samples = cohort.blocks().iter().map(|block| block.samples as usize).sum();
        let inside = indices.last().is_none_or(|&last| (last as usize) < cohort_samples);
        if !inside || !indices.is_sorted_by(|one, next| one < next) {
            return Err(EngineError::Internal("samples that do not ascend, or are not in the cohort"));
        }
        let mut parts = Vec::with_capacity(cohort.blocks().len());
        let mut first = 0;
        for block in cohort.blocks() {
            let end = block.first_sample + block.samples;
            let upto = first + indices[first..].partition_point(|&sample| sample < end);
            let local: Vec<u32> =
                indices[first..upto].iter().map(|sample| sample - block.first_sample).collect();
            let gather = SampleGather::new(level, block.samples as usize, &local)?;
            parts.push(Part { gather, local, first });
            first = upto;
        }
        Ok(Self { indices: indices.to_vec(), parts, cohort_samples })
    }

    /// The samples' indices in the cohort, ascending.
    pub(super) fn indices(&self) -> &[u32] {
        &self.indices
    }

    pub(super) fn samples(&self) -> usize {
        self.indices.len()
    }

    pub(super) fn cohort_samples(&self) -> usize {
        self.cohort_samples
    }

    /// How many samples of a block take part.
    pub(super) fn of_block(&self, block: usize) -> usize {
        self.parts.get(block).map_or(0, |part| part.local.len())
    }

    /// Values of the samples that take part, in cohort order; 0 for all others.
    pub(super) fn scatter(&self, values: &[i32]) -> Vec<i32> {
        let mut all = vec![0; self.cohort_samples];
        for (&sample, value) in self.indices.iter().zip(values) {
            all[sample as usize] = *value;
        }
        all
    }

    /// Hands out a block's sums of one lane: the place of each sample that takes part, and its sum.
    pub(super) fn take(&self, block: &PartialSums, lane: usize, mut each: impl FnMut(usize, i64)) {
        let Some(part) = self.parts.get(block.key as usize) else { return };
        let sums = &block.sums[lane * part.gather.samples()..];
        for (at, &local) in part.local.iter().enumerate() {
            each(part.first + at, sums[local as usize]);
        }
    }

    /// Reads the rows of some ascending variants, of the samples that take part.
    pub(crate) fn read(&self, cohort: &Cohort, variants: &[u32]) -> Result<PackedColumns, EngineError> {
        let mut columns = PackedColumns::new(self.samples());
        variants.iter().for_each(|_| {
            columns.push_zeroed();
        });
        let (reader, mut scratch) = (cohort.reader(), Scratch::default());
        let mut gathered = Vec::new();
        for group in cohort.row_groups() {
            let Some(part) = self.parts.get(group.block as usize).filter(|part| !part.local.is_empty())
            else {
                continue;
            };
            let (from, wanted) = within(variants, group);
            let mut failure = None;
            reader.select(group, wanted, &mut scratch, &mut |found, rows| {
                let from = from
                    + wanted.partition_point(|&variant| found.first().is_some_and(|&first| variant < first));
                if let Err(error) = part.place(rows, &mut gathered, from, &mut columns) {
                    failure = Some(error);
                }
                Ok(())
            })?;
            if let Some(failure) = failure {
                return Err(failure);
            }
        }
        Ok(columns)
    }
}

impl Part {
    /// Puts gathered rows into columns, from one on.
    fn place(
        &self,
        rows: Rows<'_>,
        gathered: &mut Vec<u8>,
        from: usize,
        columns: &mut PackedColumns,
    ) -> Result<(), EngineError> {
        let stride = self.local.len().div_ceil(4);
        gathered.clear();
        gathered.resize(stride * rows.rows, 0);
        self.gather.gather(rows, gathered, stride)?;
        for (row, codes) in gathered.chunks_exact(stride).enumerate() {
            append(codes, self.first, columns.column_mut(from + row));
        }
        Ok(())
    }
}

/// The variants that a row group has, and the place of the first of them.
fn within<'a>(variants: &'a [u32], group: &RowGroup) -> (usize, &'a [u32]) {
    let from = variants.partition_point(|&variant| variant < group.first_variant);
    let upto = variants.partition_point(|&variant| variant < group.first_variant + group.rows);
    (from, &variants[from..upto])
}

/// Writes packed codes from a sample on; nothing is there yet.
fn append(codes: &[u8], sample: usize, column: &mut [u8]) {
    let (at, shift) = (sample / 4, 2 * (sample % 4));
    if shift == 0 {
        column[at..at + codes.len()].copy_from_slice(codes);
        return;
    }
    for (place, &byte) in (at..).zip(codes) {
        column[place] |= byte << shift;
        // Padding is zero: past the last sample there is nothing to carry.
        let carry = byte >> (8 - shift);
        if carry != 0 {
            column[place + 1] |= carry;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_appended_at_any_sample() {
        for first in 0..9usize {
            for count in 0..11usize {
                let code = |at: usize| (at * 7 + 3) as u8 % 4;
                let mut codes = vec![0u8; count.div_ceil(4)];
                (0..count).for_each(|at| codes[at / 4] |= code(at) << (2 * (at % 4)));
                let mut column = vec![0u8; (first + count).div_ceil(4)];
                append(&codes, first, &mut column);
                for at in 0..first + count {
                    let found = column[at / 4] >> (2 * (at % 4)) & 3;
                    let expected = at.checked_sub(first).map_or(0, code);
                    assert_eq!(found, expected, "{first} {count} {at}");
                }
            }
        }
    }
}
