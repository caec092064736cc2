//! Several scores and covariates stacked into one for the target population.
//!
//! Scores enter in standard deviations of the target. Their weights are shrunk to a prior direction: proportional to the
//! numbers of people that the scores were trained on. How far is chosen by cross-validation, from the prior alone to
//! least squares, and each single score is a candidate too, so the result is not below the best of them by its own
//! validation. Covariates are not penalised.

mod cross_fit;
mod solve;
mod stack;

pub use stack::{Candidate, Combination, Family, StackData, StackOptions};
