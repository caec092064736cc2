//! The counting pass: for every variant and every group of samples, how many have code 0, 1, 2 and missing. Partial
//! sums are keyed by the first variant of a run; a variant has four counts a group.

use steppe_kernels::{Level, Rows, count_codes_masked};
use steppe_store::{RowGroup, SampleBlock, Scratch};

use super::{
    PartialSums, PassContext,
    by_variant::{VariantSums, block_of},
};
use crate::EngineError;

const MAGIC: &[u8; 8] = b"STEPPEC1";

/// Groups of samples; a sample may be in several.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CountsOperand {
    samples: usize,
    /// Per group, whether a sample of the cohort is in it.
    groups: Vec<Vec<bool>>,
}

impl CountsOperand {
    /// Groups in a cohort of so many samples; `None` when one has another length.
    pub fn new(samples: usize, groups: Vec<Vec<bool>>) -> Option<Self> {
        groups.iter().all(|group| group.len() == samples).then_some(Self { samples, groups })
    }

    /// Groups.
    pub fn groups(&self) -> usize {
        self.groups.len()
    }

    /// The masks of a block's samples, as the kernel wants them.
    fn masks(&self, block: &SampleBlock) -> Result<Vec<Vec<u8>>, EngineError> {
        let (first, samples) = (block.first_sample as usize, block.samples as usize);
        let mask = |group: &Vec<bool>| {
            let members = group.get(first..first + samples)?;
            let mut mask = vec![0; samples.div_ceil(4)];
            for (sample, _) in members.iter().enumerate().filter(|(_, member)| **member) {
                mask[sample / 4] |= 0b11 << (2 * (sample % 4));
            }
            Some(mask)
        };
        let masks: Option<_> = self.groups.iter().map(mask).collect();
        masks.ok_or(EngineError::Internal("groups of another cohort's samples"))
    }

    /// The operand as bytes: `"STEPPEC1"  u32 samples  u32 groups  u8[groups][samples]`, little end first.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = MAGIC.to_vec();
        bytes.extend_from_slice(&(self.samples as u32).to_le_bytes());
        bytes.extend_from_slice(&(self.groups.len() as u32).to_le_bytes());
        self.groups.iter().flatten().for_each(|member| bytes.push(u8::from(*member)));
        bytes
    }

    /// Reads what [`Self::to_bytes`] wrote; `None` for anything else.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (samples, rest) = bytes.strip_prefix(MAGIC)?.split_first_chunk::<4>()?;
        let (groups, members) = rest.split_first_chunk::<4>()?;
        let (samples, groups) = (u32::from_le_bytes(*samples) as usize, u32::from_le_bytes(*groups) as usize);
        if samples.checked_mul(groups)? != members.len() || members.iter().any(|member| *member > 1) {
            return None;
        }
        let group = |group: usize| {
            members[group * samples..(group + 1) * samples].iter().map(|member| *member == 1).collect()
        };
        Self::new(samples, (0..groups).map(group).collect())
    }
}

/// Counts the tiles of one partition.
pub(super) fn sum_tiles<'a>(
    context: &PassContext,
    operand: &CountsOperand,
    tiles: impl Iterator<Item = Result<&'a RowGroup, EngineError>>,
) -> Result<Vec<PartialSums>, EngineError> {
    let mut sums = VariantSums::new(4 * operand.groups());
    let (reader, mut scratch) = (context.cohort.reader(), Scratch::default());
    for group in tiles {
        let group = group?;
        let masks = operand.masks(block_of(context, group)?)?;
        sums.cover(group);
        reader.scan(group, &mut scratch, &mut |first, rows| {
            count(context.level, rows, &masks, sums.of(first, rows.rows));
            Ok(())
        })?;
        context.progress.advance(context.genotypes(group));
    }
    Ok(sums.finish())
}

fn count(level: Level, rows: Rows<'_>, masks: &[Vec<u8>], sums: &mut [i64]) {
    let row_bytes = rows.row_bytes();
    for (row, sums) in sums.chunks_exact_mut(4 * masks.len().max(1)).enumerate() {
        let codes = &rows.bytes[row * rows.stride..][..row_bytes];
        for (mask, sums) in masks.iter().zip(sums.as_chunks_mut::<4>().0) {
            let counts = count_codes_masked(level, codes, mask);
            sums.iter_mut().zip(counts).for_each(|(sum, count)| *sum += count as i64);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_come_back_and_nothing_else_does() {
        let operand = CountsOperand::new(3, vec![vec![true, false, true], vec![false; 3]]).expect("groups");
        let bytes = operand.to_bytes();
        assert_eq!(CountsOperand::from_bytes(&bytes), Some(operand));
        for end in 0..bytes.len() {
            assert!(CountsOperand::from_bytes(&bytes[..end]).is_none());
        }
        assert!(CountsOperand::new(2, vec![vec![true]]).is_none());
    }
}
