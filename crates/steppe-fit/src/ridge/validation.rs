//! Who trains, and which samples are left out together.

/// Who trains a fit and how it is validated.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CrossValidation {
    /// Each training sample is in one fold; its predictions come from models trained on the other folds.
    Folds {
        /// The fold of each sample; [`CrossValidation::OUTSIDE`] for a sample that does not train.
        fold_of_sample: Vec<u32>,
        /// Folds, at least 2.
        folds: usize,
    },
    /// Each training sample is left out alone, by the closed form of ridge regression.
    LeaveOneOut {
        /// Whether each sample trains.
        training: Vec<bool>,
    },
}

impl CrossValidation {
    /// The fold of a sample that does not train.
    pub const OUTSIDE: u32 = u32::MAX;

    /// Leaving one out costs less than it gives below so many samples; regenie's manual advises it there.
    pub const LEAVE_ONE_OUT_BELOW: usize = 5000;

    /// Folds of equal size (to one), drawn by the seed alone: the same on every machine.
    pub fn folds(training: &[bool], folds: usize, seed: u64) -> Self {
        let mut drawn: Vec<(u64, usize)> = training
            .iter()
            .enumerate()
            .filter(|(_, trains)| **trains)
            .map(|(sample, _)| (mix(seed ^ mix(sample as u64)), sample))
            .collect();
        drawn.sort_unstable();
        let mut fold_of_sample = vec![Self::OUTSIDE; training.len()];
        for (rank, (_, sample)) in drawn.iter().enumerate() {
            fold_of_sample[*sample] = (rank * folds / drawn.len()) as u32;
        }
        Self::Folds { fold_of_sample, folds }
    }

    /// Leave-one-out below [`CrossValidation::LEAVE_ONE_OUT_BELOW`] training samples, else 5 folds.
    pub fn choose(training: &[bool], seed: u64) -> Self {
        let count = training.iter().filter(|trains| **trains).count();
        if count < Self::LEAVE_ONE_OUT_BELOW {
            Self::LeaveOneOut { training: training.to_vec() }
        } else {
            Self::folds(training, 5, seed)
        }
    }

    /// Samples that it speaks of.
    pub fn samples(&self) -> usize {
        match self {
            Self::Folds { fold_of_sample, .. } => fold_of_sample.len(),
            Self::LeaveOneOut { training } => training.len(),
        }
    }

    /// Models of each ridge: one for each fold, or the one of all samples.
    pub fn models(&self) -> usize {
        match self {
            Self::Folds { folds, .. } => *folds,
            Self::LeaveOneOut { .. } => 1,
        }
    }

    /// The group of each sample, below [`CrossValidation::models`] or [`CrossValidation::OUTSIDE`].
    pub fn groups(&self) -> Vec<u32> {
        match self {
            Self::Folds { fold_of_sample, .. } => fold_of_sample.clone(),
            Self::LeaveOneOut { training } => {
                training.iter().map(|trains| if *trains { 0 } else { Self::OUTSIDE }).collect()
            }
        }
    }
}

/// The finaliser of SplitMix64 (Steele, Lea, Flood 2014): spreads an index over 64 bits.
fn mix(value: u64) -> u64 {
    let mut z = value.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}
