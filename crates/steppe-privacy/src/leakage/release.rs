//! What of a score is shown.

use crate::PrivacyError;

/// How finely a person's score is shown.
#[derive(Debug, Clone, PartialEq)]
pub enum Release {
    /// With all digits.
    Raw,
    /// The score, rounded to decimals.
    Decimals(u32),
    /// The score's Z, rounded to decimals.
    Standardised {
        /// Decimals of the Z.
        decimals: u32,
        /// The population's mean score.
        mean: f64,
        /// The population's standard deviation.
        deviation: f64,
    },
    /// The step of a grid of percentiles: the scores where steps after the first begin, ascending.
    Percentiles {
        /// Lower ends of all steps but the first.
        bounds: Vec<f64>,
    },
}

impl Release {
    /// Percentiles on a grid (5 has 20 steps) of a population's ascending scores.
    pub fn percentiles(grid: u32, ascending_scores: &[f64]) -> Self {
        let steps = 100 / grid.clamp(1, 100);
        let bound = |step: u32| {
            let rank = ascending_scores.len() * step as usize / steps as usize;
            ascending_scores.get(rank).copied()
        };
        Self::Percentiles { bounds: (1..steps).filter_map(bound).collect() }
    }

    pub(super) fn check(&self) -> Result<(), PrivacyError> {
        let fault = |problem: String, remedy| Err(PrivacyError::Leakage { problem, remedy });
        match self {
            Self::Standardised { mean, deviation, .. }
                if !mean.is_finite() || !deviation.is_finite() || *deviation <= 0.0 =>
            {
                fault(
                    format!("scores have mean {mean} and standard deviation {deviation}"),
                    "give those of a population in which the score differs",
                )
            }
            Self::Percentiles { bounds }
                if !bounds.is_sorted() || bounds.iter().any(|bound| bound.is_nan()) =>
            {
                fault("the bounds of percentiles do not ascend".to_owned(), "give ascending scores")
            }
            _ => Ok(()),
        }
    }

    /// The scores that are shown as this one is, from and to; at least a tolerance to both sides.
    pub(super) fn window(&self, score: f64, tolerance: f64) -> [f64; 2] {
        let around = |shown: f64, half: f64| [shown - half.max(tolerance), shown + half.max(tolerance)];
        match self {
            Self::Raw => around(score, 0.0),
            Self::Decimals(decimals) => {
                let step = 0.1f64.powi(*decimals as i32);
                around((score / step).round() * step, step / 2.0)
            }
            Self::Standardised { decimals, mean, deviation } => {
                let step = 0.1f64.powi(*decimals as i32) * deviation;
                around(mean + ((score - mean) / step).round() * step, step / 2.0)
            }
            Self::Percentiles { bounds } => {
                let step = bounds.partition_point(|bound| *bound <= score);
                let low = step.checked_sub(1).map_or(f64::NEG_INFINITY, |before| bounds[before]);
                let high = bounds.get(step).copied().unwrap_or(f64::INFINITY);
                // A bound is the first score of its step, in whatever order it is summed.
                [low - tolerance, high - tolerance]
            }
        }
    }
}
