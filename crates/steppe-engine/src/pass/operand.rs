use std::fmt;

use super::{AdjointOperand, CountsOperand, ForwardOperand, RunsOperand};

/// What the genotypes are combined with: it makes a pass the one that it is.
#[derive(Clone)]
pub enum PassOperand {
    /// Tables per variant; sums per sample.
    Forward(ForwardOperand),
    /// Residuals per sample; sums per variant.
    Adjoint(AdjointOperand),
    /// Groups of samples; counts per variant.
    Counts(CountsOperand),
    /// Runs of variants; a result for each.
    Runs(RunsOperand),
}

impl PassOperand {
    /// What it is called in plans and logs.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Forward(_) => "forward",
            Self::Adjoint(_) => "adjoint",
            Self::Counts(_) => "counts",
            Self::Runs(_) => "runs",
        }
    }

    /// Sums for each sample (of a forward pass) or for each variant; 1 where results are of another kind.
    pub fn lanes(&self) -> usize {
        match self {
            Self::Forward(operand) => operand.weights.len(),
            Self::Adjoint(operand) => 2 * operand.columns(),
            Self::Counts(operand) => 4 * operand.groups(),
            Self::Runs(_) => 1,
        }
    }

    /// Lanes of counts beside the sums, of a forward pass.
    pub fn count_lanes(&self) -> usize {
        if let Self::Forward(operand) = self { operand.counts.len() } else { 0 }
    }

    /// Whether partial sums belong to runs of variants, not to sample blocks.
    pub fn is_by_variant(&self) -> bool {
        !matches!(self, Self::Forward(_))
    }

    /// Whether the pass needs any of the variants in `first..end`.
    pub fn needs(&self, first: u32, end: u32) -> bool {
        match self {
            Self::Forward(operand) => {
                !(operand.plain_in(first, end).is_empty() && operand.by_sex_in(first, end).is_empty())
            }
            Self::Adjoint(_) | Self::Counts(_) => first < end,
            Self::Runs(operand) => operand.needs(first, end),
        }
    }

    /// The operand as bytes, for workers.
    pub fn to_bytes(&self) -> Vec<u8> {
        match self {
            Self::Forward(operand) => operand.to_bytes(),
            Self::Adjoint(operand) => operand.to_bytes(),
            Self::Counts(operand) => operand.to_bytes(),
            Self::Runs(operand) => operand.to_bytes(),
        }
    }

    /// Reads what [`Self::to_bytes`] wrote; `None` for anything else.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        ForwardOperand::from_bytes(bytes)
            .map(Self::Forward)
            .or_else(|| AdjointOperand::from_bytes(bytes).map(Self::Adjoint))
            .or_else(|| CountsOperand::from_bytes(bytes).map(Self::Counts))
            .or_else(|| RunsOperand::from_bytes(bytes).map(Self::Runs))
    }
}

impl fmt::Debug for PassOperand {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, lanes={}", self.name(), self.lanes())
    }
}
