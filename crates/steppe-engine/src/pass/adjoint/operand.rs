//! ```text
//! "STEPPEA1"  u32 samples  u32 columns  i32[columns][samples]
//! ```
//! Little end first.

use std::sync::OnceLock;

use steppe_kernels::AdjointResiduals;

use crate::{EngineError, pass::PassContext};

const MAGIC: &[u8; 8] = b"STEPPEA1";
/// Largest absolute value of a residual.
const MOST: i32 = (1 << 23) - 1;

/// Columns of residuals, one value for each sample of the cohort, in fixed point.
#[derive(Clone)]
pub struct AdjointOperand {
    samples: usize,
    columns: Vec<Vec<i32>>,
    /// In the kernel's order, made when a block is first met.
    blocks: Vec<OnceLock<AdjointResiduals>>,
}

impl AdjointOperand {
    /// Columns for a cohort of so many samples. `None` when a column has another length, or a value needs more than
    /// 24 bits.
    pub fn new(samples: usize, columns: Vec<Vec<i32>>) -> Option<Self> {
        let fits = |column: &Vec<i32>| {
            column.len() == samples && column.iter().all(|value| (-MOST..=MOST).contains(value))
        };
        if !columns.iter().all(fits) {
            return None;
        }
        // A block has at least one sample; those that there are get their place.
        let blocks = (0..samples.min(1 << 16)).map(|_| OnceLock::new()).collect();
        Some(Self { samples, columns, blocks })
    }

    /// Columns of residuals.
    pub fn columns(&self) -> usize {
        self.columns.len()
    }

    /// Whether all residuals of a run of samples are zero, so that their genotypes need not be read.
    pub fn is_zero(&self, first: usize, samples: usize) -> bool {
        self.columns.iter().all(|column| column[first..first + samples].iter().all(|value| *value == 0))
    }

    /// The residuals of a block.
    pub(super) fn of_block(
        &self,
        context: &PassContext,
        block: u32,
    ) -> Result<&AdjointResiduals, EngineError> {
        let wrong = || EngineError::Internal("residuals of another cohort");
        let slot = self.blocks.get(block as usize).ok_or_else(wrong)?;
        if let Some(made) = slot.get() {
            return Ok(made);
        }
        let place = context.cohort.blocks().get(block as usize).ok_or_else(wrong)?;
        let (first, samples) = (place.first_sample as usize, place.samples as usize);
        let columns: Option<Vec<&[i32]>> =
            self.columns.iter().map(|column| column.get(first..first + samples)).collect();
        let made = AdjointResiduals::new(context.level, samples, &columns.ok_or_else(wrong)?)?;
        Ok(slot.get_or_init(|| made))
    }

    /// The operand as bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = MAGIC.to_vec();
        bytes.extend_from_slice(&(self.samples as u32).to_le_bytes());
        bytes.extend_from_slice(&(self.columns.len() as u32).to_le_bytes());
        for column in &self.columns {
            column.iter().for_each(|value| bytes.extend_from_slice(&value.to_le_bytes()));
        }
        bytes
    }

    /// Reads what [`Self::to_bytes`] wrote; `None` for anything else.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (numbers, rest) = bytes.strip_prefix(MAGIC)?.as_chunks::<4>();
        let ([samples, columns], values) = numbers.split_first_chunk::<2>()?;
        let (samples, columns) =
            (u32::from_le_bytes(*samples) as usize, u32::from_le_bytes(*columns) as usize);
        if !rest.is_empty() || samples.checked_mul(columns)? != values.len() {
            return None;
        }
        let value = |at: usize| i32::from_le_bytes(values[at]);
        let column = |column: usize| (column * samples..(column + 1) * samples).map(value).collect();
        Self::new(samples, (0..columns).map(column).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn residuals_come_back_and_nothing_else_does() {
        let operand = AdjointOperand::new(3, vec![vec![1, -2, MOST], vec![0, 0, -MOST]]).expect("residuals");
        let bytes = operand.to_bytes();
        let back = AdjointOperand::from_bytes(&bytes).expect("residuals");
        assert_eq!(back.columns, operand.columns);
        assert!(back.is_zero(0, 0) && !back.is_zero(0, 1));
        for end in 0..bytes.len() {
            assert!(AdjointOperand::from_bytes(&bytes[..end]).is_none());
        }
        assert!(AdjointOperand::new(1, vec![vec![MOST + 1]]).is_none());
        assert!(AdjointOperand::new(2, vec![vec![1]]).is_none());
    }
}
