//! The metric that chooses lambda.

use serde::{Deserialize, Serialize};
use steppe_stats::metrics::{auc, c_index, r_squared};

use super::input::Response;

/// What a validation metric is. More is better in each.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MetricKind {
    /// Squared correlation of prediction and phenotype.
    RSquared,
    /// Area under the receiver operating characteristic.
    Auc,
    /// Harrell's concordance.
    CIndex,
}

impl Response {
    /// The metric of this response's family.
    pub fn metric(&self) -> MetricKind {
        match self {
            Self::Gaussian(_) => MetricKind::RSquared,
            Self::Binomial(_) => MetricKind::Auc,
            Self::Cox { .. } => MetricKind::CIndex,
        }
    }

    /// The metric of a linear predictor over some samples.
    pub(crate) fn evaluate(&self, samples: &[usize], eta: &[f64]) -> Option<f64> {
        let predicted: Vec<f64> = samples.iter().map(|sample| eta[*sample]).collect();
        let observed: Vec<f64> = samples.iter().map(|sample| self.values()[*sample]).collect();
        match self {
            Self::Gaussian(_) => r_squared(&observed, &predicted),
            Self::Binomial(_) => {
                let case: Vec<bool> = observed.iter().map(|y| *y == 1.0).collect();
                auc(&case, &predicted)
            }
            Self::Cox { event, .. } => {
                let event: Vec<bool> = samples.iter().map(|sample| event[*sample]).collect();
                c_index(&observed, &event, &predicted)
            }
        }
    }
}

/// A metric that is less than this part below the best one has not declined: along a path it wavers.
const WAVERING: f64 = 0.01;

impl MetricKind {
    /// What a model without information gets.
    fn of_nothing(self) -> f64 {
        match self {
            Self::RSquared => 0.0,
            Self::Auc | Self::CIndex => 0.5,
        }
    }

    /// Whether the best of the last `lag` values is below the best before them, by more than it wavers.
    pub(crate) fn declines(self, values: &[Option<f64>], lag: usize) -> bool {
        let nothing = self.of_nothing();
        let best = |values: &[Option<f64>]| {
            values.iter().flatten().map(|value| value - nothing).fold(f64::NEG_INFINITY, f64::max)
        };
        if lag == 0 || values.len() <= lag {
            return false;
        }
        let (earlier, last) = values.split_at(values.len() - lag);
        let earlier = best(earlier);
        last.iter().all(Option::is_some) && best(last) < earlier - WAVERING * earlier.abs()
    }
}

#[cfg(test)]
mod tests {
    use super::MetricKind::{Auc, RSquared};

    #[test]
    fn declines_only_when_all_of_the_last_are_worse() {
        let values = |v: &[f64]| v.iter().map(|v| Some(*v)).collect::<Vec<_>>();
        assert!(RSquared.declines(&values(&[0.1, 0.3, 0.2, 0.2]), 2));
        assert!(!RSquared.declines(&values(&[0.1, 0.3, 0.2, 0.3]), 2));
        assert!(!RSquared.declines(&values(&[0.3, 0.2]), 2));
        assert!(!RSquared.declines(&[Some(0.3), None, None], 2));
    }

    /// One variant alone predicts the same at each lambda, but for rounding; others come later.
    #[test]
    fn wavering_is_no_decline() {
        let values = |v: &[f64]| v.iter().map(|v| Some(*v)).collect::<Vec<_>>();
        assert!(!RSquared.declines(&values(&[0.02, 0.02 - 1e-17, 0.02 - 1e-16, 0.0199]), 2));
        assert!(!Auc.declines(&values(&[0.6, 0.5995, 0.5993]), 2));
        assert!(Auc.declines(&values(&[0.6, 0.5985, 0.5980]), 2));
        assert!(!Auc.declines(&values(&[0.4, 0.405, 0.41]), 2));
    }
}
