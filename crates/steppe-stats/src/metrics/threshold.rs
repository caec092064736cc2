//! What a threshold on the risk does.

use serde::{Deserialize, Serialize};

/// Samples at or above a threshold, and below it.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct ThresholdTable {
    /// Cases at or above the threshold.
    pub true_positives: f64,
    /// Controls at or above it.
    pub false_positives: f64,
    /// Cases below it.
    pub false_negatives: f64,
    /// Controls below it.
    pub true_negatives: f64,
}

impl ThresholdTable {
    /// Counts at a threshold; `cases` are 1 or 0.
    pub fn new(cases: &[f64], risk: &[f64], weights: &[f64], threshold: f64) -> Self {
        let mut counts = [[0.0; 2]; 2];
        for ((case, risk), weight) in cases.iter().zip(risk).zip(weights) {
            counts[usize::from(*case > 0.0)][usize::from(*risk >= threshold)] += weight;
        }
        let [[true_negatives, false_positives], [false_negatives, true_positives]] = counts;
        Self { true_positives, false_positives, false_negatives, true_negatives }
    }

    /// Cases found, and cases.
    pub fn sensitivity(&self) -> (f64, f64) {
        (self.true_positives, self.true_positives + self.false_negatives)
    }

    /// Controls cleared, and controls.
    pub fn specificity(&self) -> (f64, f64) {
        (self.true_negatives, self.true_negatives + self.false_positives)
    }

    /// Cases found, and samples at or above the threshold.
    pub fn positive_predictive_value(&self) -> (f64, f64) {
        (self.true_positives, self.true_positives + self.false_positives)
    }
}
