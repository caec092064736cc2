//! Work on runs of variants, which takes all samples of them: level 0 of a block ridge, tests of single variants. A run is
//! worked on by the partition that has its first variant's row group; its result travels as the sums of that variant.

use std::{collections::BTreeSet, sync::Arc};

use steppe_fit::{FitError, RunTask, decode_runs};
use steppe_store::RowGroup;

use super::{PartialSums, PassContext};
use crate::{EngineError, matrix::Selection};

const MAGIC: &[u8; 8] = b"STEPPER1";

/// Samples, runs of variants, and what is done with each run.
#[derive(Clone)]
pub struct RunsOperand {
    samples: Arc<[u32]>,
    runs: Arc<[Vec<u32>]>,
    /// The work as it is written, and as it is done.
    written: Arc<[u8]>,
    task: Arc<dyn RunTask>,
}

impl RunsOperand {
    /// Work as [`RunTask::encode`] writes it, on runs of ascending variants that follow each other, of some ascending
    /// samples.
    ///
    /// # Errors
    /// Runs out of order, and what can not be read.
    pub fn new(samples: &[u32], runs: &[Vec<u32>], written: Vec<u8>) -> Result<Self, EngineError> {
        let ascend = |list: &[u32]| list.is_sorted_by(|one, next| one < next);
        if !ascend(samples) || runs.iter().any(Vec::is_empty) || !ascend(&runs.concat()) {
            let problem = "its samples or variants do not ascend".to_owned();
            return Err(FitError::Runs { problem }.into());
        }
        let task = Arc::from(decode_runs(&written)?);
        Ok(Self { samples: samples.into(), runs: runs.into(), written: written.into(), task })
    }

    /// Runs.
    pub fn runs(&self) -> usize {
        self.runs.len()
    }

    /// The runs that begin within `first..end`.
    fn within(&self, first: u32, end: u32) -> std::ops::Range<usize> {
        let before = |bound: u32| self.runs.partition_point(|run| run[0] < bound);
        before(first)..before(end)
    }

    /// Whether a run begins within `first..end`.
    pub(super) fn needs(&self, first: u32, end: u32) -> bool {
        !self.within(first, end).is_empty()
    }

    /// The operand as bytes: `"STEPPER1"  list samples  u32 runs  list[runs] variants  u8[] work`, a list being `u32 length
    /// u32[]`, little end first.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = MAGIC.to_vec();
        put(&self.samples, &mut bytes);
        bytes.extend_from_slice(&(self.runs.len() as u32).to_le_bytes());
        self.runs.iter().for_each(|run| put(run, &mut bytes));
        bytes.extend_from_slice(&self.written);
        bytes
    }

    /// Reads what [`Self::to_bytes`] wrote; `None` for anything else.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let mut rest = bytes.strip_prefix(MAGIC)?;
        let samples = take(&mut rest)?;
        let (runs, after) = rest.split_first_chunk::<4>()?;
        rest = after;
        let runs: Option<Vec<Vec<u32>>> = (0..u32::from_le_bytes(*runs)).map(|_| take(&mut rest)).collect();
        Self::new(&samples, &runs?, rest.to_vec()).ok()
    }
}

fn put(list: &[u32], bytes: &mut Vec<u8>) {
    bytes.extend_from_slice(&(list.len() as u32).to_le_bytes());
    list.iter().for_each(|number| bytes.extend_from_slice(&number.to_le_bytes()));
}

fn take(rest: &mut &[u8]) -> Option<Vec<u32>> {
    let (length, after) = rest.split_first_chunk::<4>()?;
    let (list, after) = after.split_at_checked((u32::from_le_bytes(*length) as usize).checked_mul(4)?)?;
    *rest = after;
    Some(list.as_chunks::<4>().0.iter().map(|number| u32::from_le_bytes(*number)).collect())
}

/// Works on the runs that begin in the tiles of one partition.
pub(super) fn work<'a>(
    context: &PassContext,
    operand: &RunsOperand,
    tiles: impl Iterator<Item = Result<&'a RowGroup, EngineError>>,
) -> Result<Vec<PartialSums>, EngineError> {
    let selection = Selection::new(&context.cohort, &operand.samples, context.level)?;
    let mut begun = BTreeSet::new();
    let mut results = Vec::new();
    for group in tiles {
        let group = group?;
        // The same variants come once for every block of samples.
        if begun.insert(group.first_variant) {
            for run in operand.within(group.first_variant, group.first_variant + group.rows) {
                let variants = &operand.runs[run];
                let codes = selection.read(&context.cohort, variants)?;
                let result = operand.task.run(run, &codes, context.level)?;
                let sums = to_words(&result);
                results.push(PartialSums { key: variants[0], sums, alleles: Vec::new(), dosage: Vec::new() });
            }
        }
        context.progress.advance(context.genotypes(group));
    }
    Ok(results)
}

/// Bytes as the sums that travel: their number, and eight to a word.
fn to_words(bytes: &[u8]) -> Vec<i64> {
    let word = |bytes: &[u8]| {
        let mut word = [0; 8];
        word[..bytes.len()].copy_from_slice(bytes);
        i64::from_le_bytes(word)
    };
    std::iter::once(bytes.len() as i64).chain(bytes.chunks(8).map(word)).collect()
}

/// The bytes of a run's result.
pub(crate) fn result_of(sums: &PartialSums) -> Option<Vec<u8>> {
    let (length, words) = sums.sums.split_first()?;
    let mut bytes: Vec<u8> = words.iter().flat_map(|word| word.to_le_bytes()).collect();
    let length = usize::try_from(*length).ok()?;
    (length <= bytes.len() && bytes.len() < length + 8).then(|| {
        bytes.truncate(length);
        bytes
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_come_back_at_any_length() {
        for length in 0..30_u8 {
            let bytes: Vec<u8> = (1..=length).collect();
            let mut sums = PartialSums { key: 0, sums: to_words(&bytes), alleles: vec![], dosage: vec![] };
            assert_eq!(result_of(&sums), Some(bytes));
            sums.sums.push(0);
            assert_eq!(result_of(&sums), None);
        }
    }

    #[test]
    fn lists_come_back_and_cut_ones_do_not() {
        let mut bytes = Vec::new();
        put(&[1, 5, u32::MAX], &mut bytes);
        put(&[], &mut bytes);
        let mut rest = &bytes[..];
        assert_eq!((take(&mut rest), take(&mut rest)), (Some(vec![1, 5, u32::MAX]), Some(vec![])));
        assert!(rest.is_empty());
        for end in 0..16 {
            assert_eq!(take(&mut &bytes[..end]), None);
        }
    }

    #[test]
    fn what_is_no_work_is_refused() {
        for bytes in [&b"STEPPER1"[..], b"STEPPER1\0\0\0\0\0\0\0\0", b"STEPPER1\0\0\0\0\0\0\0\0abc", b""] {
            assert!(RunsOperand::from_bytes(bytes).is_none());
        }
    }
}
