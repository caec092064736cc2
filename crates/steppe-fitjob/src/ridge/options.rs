use serde_json::{Map, Value, json};
use steppe_engine::EngineError;
use steppe_fit::ridge::RidgeOptions;

use super::super::{input_options::InputOptions, parameters::refuse_out_of_range};

/// A stacked block ridge of some traits.
#[derive(Debug, Clone, PartialEq)]
pub struct RidgeJobOptions {
    /// Files, and who and what takes part.
    pub input: InputOptions,
    /// Variants of a block, at most; a block never crosses a chromosome.
    pub block_size: usize,
    /// How samples are left out.
    pub validation: RidgeValidation,
    /// Shares of variance explained, one for each ridge of level 0, between 0 and 1.
    pub level0_shares: Vec<f64>,
    /// Likewise for the penalties of level 1, of which the best is taken.
    pub level1_shares: Vec<f64>,
    /// Seed of the folds.
    pub seed: u64,
}

/// How samples are left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RidgeValidation {
    /// So many folds of equal size, drawn at random.
    Folds(usize),
    /// Each sample alone.
    LeaveOneOut,
}

impl RidgeJobOptions {
    /// regenie's defaults, with five folds, on all columns of a phenotype file.
    pub fn new(input: InputOptions) -> Self {
        let RidgeOptions { block_size, level0_shares, level1_shares, .. } = RidgeOptions::default();
        let validation = RidgeValidation::Folds(5);
        Self { input, block_size, validation, level0_shares, level1_shares, seed: 1 }
    }

    /// Refuses what can be told from the options alone.
    ///
    /// # Errors
    /// Times to an event; a number out of its range.
    pub fn check(&self) -> Result<(), EngineError> {
        self.input.check()?;
        let folds = match self.validation {
            RidgeValidation::Folds(folds) => folds,
            RidgeValidation::LeaveOneOut => 2,
        };
        let shares =
            |shares: &[f64]| !shares.is_empty() && shares.iter().all(|share| *share > 0.0 && *share < 1.0);
        refuse_out_of_range(&[
            (self.block_size >= 1, "the block size", "1 or more, usually 1000"),
            (folds >= 2, "the number of folds", "2 or more"),
            (
                shares(&self.level0_shares),
                "a share of variance of level 0",
                "above 0 and below 1, at least one",
            ),
            (
                shares(&self.level1_shares),
                "a share of variance of level 1",
                "above 0 and below 1, at least one",
            ),
        ])
    }

    pub(super) fn parameters(&self) -> Map<String, Value> {
        let mut map = self.input.parameters();
        let validation = match self.validation {
            RidgeValidation::Folds(folds) => json!({ "folds": folds }),
            RidgeValidation::LeaveOneOut => json!("leave_one_out"),
        };
        let own = [
            ("block_size", json!(self.block_size)),
            ("validation", validation),
            ("level0_shares", json!(self.level0_shares)),
            ("level1_shares", json!(self.level1_shares)),
            ("seed", json!(self.seed)),
        ];
        map.extend(own.into_iter().map(|(name, value)| (name.to_owned(), value)));
        map
    }

    /// As the solver takes them.
    pub(super) fn solver(&self) -> RidgeOptions {
        RidgeOptions {
            block_size: self.block_size,
            level0_shares: self.level0_shares.clone(),
            level1_shares: self.level1_shares.clone(),
            ..RidgeOptions::default()
        }
    }
}
