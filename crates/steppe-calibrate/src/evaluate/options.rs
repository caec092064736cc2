//! How predictions are evaluated.

use std::collections::BTreeMap;

use super::EvaluationInput;
use crate::CalibrateError;

/// What to compute, and when there are too few people for it.
#[derive(Clone, Debug, PartialEq)]
pub struct EvaluationOptions {
    /// Bootstrap resamples; 0 for none.
    pub resamples: usize,
    /// Permutations of the outcome for the P of AUC and R²; 0 for none.
    pub permutations: usize,
    /// Seed of both.
    pub seed: u64,
    /// Share of repetitions in which an interval holds the truth.
    pub confidence: f64,
    /// Everyone together is a group as well.
    pub pooled: bool,
    /// Groups of equal size by genetic distance, where distances are given; 0 for none.
    pub distance_bins: usize,
    /// Bins of the reliability curve and the calibration error.
    pub reliability_bins: usize,
    /// Prevalence where a population has none of its own; needed for liability R².
    pub prevalence: Option<f64>,
    /// Prevalence of populations.
    pub population_prevalence: BTreeMap<String, f64>,
    /// Risks at which sensitivity and predictive value are looked at, and that bound the categories of reclassification.
    /// Ascending.
    pub thresholds: Vec<f64>,
    /// The prediction that the others are compared to. Without it, all pairs are, and nothing is reclassified.
    pub baseline: Option<String>,
    /// Counts below which there is no number.
    pub minimal: MinimalCounts,
    /// Share of the rarer class below which its rarity is warned of.
    pub imbalance: f64,
}

/// Counts below which a metric is "insufficient".
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MinimalCounts {
    /// Cases, and controls, for AUC, the odds ratio of the top decile, and reclassification.
    pub discrimination: usize,
    /// Cases, and controls, for the calibration slope and the calibration error.
    pub calibration: usize,
    /// People for shares of explained variance.
    pub people: usize,
}

impl Default for EvaluationOptions {
    fn default() -> Self {
        Self {
            resamples: 1000,
            permutations: 1000,
            seed: 1,
            confidence: 0.95,
            pooled: true,
            distance_bins: 5,
            reliability_bins: 10,
            prevalence: None,
            population_prevalence: BTreeMap::new(),
            thresholds: Vec::new(),
            baseline: None,
            minimal: MinimalCounts { discrimination: 50, calibration: 100, people: 50 },
            imbalance: 0.1,
        }
    }
}

impl EvaluationOptions {
    pub(super) fn check(&self, input: &EvaluationInput<'_>) -> Result<(), CalibrateError> {
        let inside = |what, value: f64| {
            if value > 0.0 && value < 1.0 {
                return Ok(());
            }
            Err(CalibrateError::range(what, value, "a share between 0 and 1"))
        };
        inside("the confidence", self.confidence)?;
        for prevalence in self.prevalence.iter().chain(self.population_prevalence.values()) {
            inside("a prevalence", *prevalence)?;
        }
        for threshold in &self.thresholds {
            inside("a threshold", *threshold)?;
        }
        if !self.thresholds.is_sorted_by(|a, b| a < b) {
            let found = "not ascending".to_owned();
            return Err(CalibrateError::range("thresholds", found, "in ascending order"));
        }
        if self.reliability_bins == 0 {
            let found = "0".to_owned();
            return Err(CalibrateError::range("reliability_bins", found, "at least 1"));
        }
        match &self.baseline {
            Some(name) if input.predictions.iter().all(|prediction| prediction.name != name) => {
                Err(CalibrateError::UnknownPrediction { name: name.clone() })
            }
            _ => Ok(()),
        }
    }
}
