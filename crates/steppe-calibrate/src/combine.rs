//! Several scores and covariates stacked into one for the target population.
//!
//! Scores enter in standard deviations of the target. Their weights are shrunk to a prior direction: proportional to the
//! numbers of people that the scores were trained on. How far is left open: candidates from the prior alone to least
//! squares, and each single score, are averaged by the likelihood of people left out (pseudo Bayesian model averaging,
//! Yao et al. 2018), which for few people is steadier than choosing one. Covariates are not penalised.

mod cross_fit;
mod solve;
mod stack;

pub use stack::{Candidate, Combination, Family, StackData, StackOptions, Tried};
