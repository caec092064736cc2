//! What a stacked block ridge is asked to fit.

use std::sync::atomic::{AtomicBool, Ordering};

use serde::{Deserialize, Serialize};

use super::checkpoint::RidgeCheckpoint;
use super::validation::CrossValidation;
use crate::error::FitError;

/// How a trait depends on its linear predictor.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum RidgeFamily {
    /// A quantitative trait: ridge at both levels.
    Gaussian,
    /// A trait of 0 and 1: linear ridge at level 0, ridge logistic regression with the covariates as offset at level 1.
    Binomial,
}

/// One trait.
#[derive(Clone, Debug)]
pub struct RidgeTrait {
    /// A value for each sample of the matrix; NaN where the trait is missing.
    pub values: Vec<f64>,
    /// Its family.
    pub family: RidgeFamily,
}

/// What is fitted. Vectors over samples are in the order of the matrix' samples.
#[derive(Clone, Copy, Debug)]
pub struct RidgeData<'a> {
    /// A chromosome for each variant, any number that names it. Variants of a chromosome must be one run.
    pub chromosomes: &'a [u32],
    /// Covariates without the intercept, a value for each sample each. They must be finite for training samples; a
    /// sample outside the training set with one that is not gets predictions of NaN.
    pub covariates: &'a [Vec<f64>],
    /// Traits.
    pub traits: &'a [RidgeTrait],
    /// Who trains, and how the models are validated.
    pub validation: &'a CrossValidation,
}

/// Settings; the defaults are regenie's.
#[derive(Clone, Debug, PartialEq)]
pub struct RidgeOptions {
    /// Variants of a block, at most; a block never crosses a chromosome.
    pub block_size: usize,
    /// Shares h of the variance that all variants together explain, one for each ridge of level 0, strictly between 0 and
    /// 1: the penalty is M·(1−h)/h, M the variants that are not monomorphic.
    pub level0_shares: Vec<f64>,
    /// Likewise for level 1: the penalty is L·(1−h)/h, L the predictors of level 1, times 3/π² for a binomial trait.
    pub level1_shares: Vec<f64>,
    /// A variant takes no part when its standard deviation, after covariates are taken out, is not above this.
    pub smallest_deviation: f64,
    /// Newton steps of a logistic fit, at most.
    pub newton_steps: usize,
}

impl Default for RidgeOptions {
    fn default() -> Self {
        let shares = vec![0.01, 0.25, 0.5, 0.75, 0.99];
        Self {
            block_size: 1000,
            level0_shares: shares.clone(),
            level1_shares: shares,
            smallest_deviation: 1e-6,
            newton_steps: 100,
        }
    }
}

impl RidgeOptions {
    pub(super) fn check(&self) -> Result<(), FitError> {
        if self.block_size == 0 {
            return Err(FitError::BlockSize);
        }
        for (level, shares) in [(0, &self.level0_shares), (1, &self.level1_shares)] {
            let bad = shares.iter().copied().find(|share| !(*share > 0.0 && *share < 1.0));
            if let Some(share) = bad.or(if shares.is_empty() { Some(f64::NAN) } else { None }) {
                return Err(FitError::ExplainedShare { level, share });
            }
        }
        Ok(())
    }
}

/// `count · (1 − share) / share`: the penalty at which so many standardised predictors explain the share of the variance.
pub(super) fn penalties(count: usize, shares: &[f64]) -> Vec<f64> {
    shares.iter().map(|share| count as f64 * (1.0 - share) / share).collect()
}

/// How far a fit is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RidgeProgress {
    /// The pass over all variants that makes their products with covariates and traits.
    Products,
    /// Blocks of level 0 that are done.
    Level0 {
        /// Blocks done, those of a checkpoint among them.
        done: usize,
        /// All blocks.
        blocks: usize,
    },
    /// Traits of level 1 that are done.
    Level1 {
        /// Traits done.
        done: usize,
        /// Traits that level 1 fits.
        traits: usize,
    },
    /// The pass that predicts for samples outside the training set.
    Prediction,
}

/// What goes on around a fit; all of it may be left out.
#[derive(Clone, Copy, Default)]
pub struct RidgeControl<'a> {
    /// Called on the calling thread as the fit goes on.
    pub progress: Option<&'a (dyn Fn(RidgeProgress) + Sync)>,
    /// Once true, the fit ends with [`FitError::Cancelled`] before its next block or trait.
    pub cancelled: Option<&'a AtomicBool>,
    /// Where finished blocks are kept.
    pub checkpoint: Option<&'a dyn RidgeCheckpoint>,
}

impl RidgeControl<'_> {
    pub(super) fn report(&self, progress: RidgeProgress) {
        if let Some(call) = self.progress {
            call(progress);
        }
    }

    pub(super) fn go_on(&self) -> Result<(), FitError> {
        match self.cancelled {
            Some(flag) if flag.load(Ordering::Relaxed) => Err(FitError::Cancelled),
            _ => Ok(()),
        }
    }
}
