//! How a score's accuracy falls with genetic distance.

use nalgebra::{DMatrix, DVector};
use serde::{Deserialize, Serialize};
use steppe_stats::{linear_algebra::transposed_multiply, metrics::r_squared};

use crate::{
    CalibrateError,
    adjust::Estimate,
    gaussian::{Coefficients, all_finite, inverse, same_length},
    portable::square_root_of_squares,
};

const FEWEST_BINS: usize = 3;
const FEWEST_PEOPLE: usize = 30;

/// Euclidean distance of a person to a centre (the training people's mean) in the components that both have.
pub fn genetic_distance(pcs: &[f64], centre: &[f64]) -> f64 {
    square_root_of_squares(pcs.iter().zip(centre).map(|(a, b)| a - b))
}

/// People of similar distance.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct DistanceBin {
    /// People.
    pub people: usize,
    /// Their mean distance.
    pub distance: f64,
    /// Squared correlation of score and outcome among them.
    pub r2: Estimate,
}

/// Squared correlation as a line over genetic distance, from bins of equal size, weighed by their precision. The pattern
/// is that of Ding et al. 2023, whose individual accuracies need posterior draws of the weights; this needs phenotypes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AccuracyByDistance {
    /// Bins, by distance.
    pub bins: Vec<DistanceBin>,
    /// Intercept and slope.
    pub line: Coefficients,
    /// People who took part.
    pub people: usize,
    /// Bins that were left out because score or outcome did not vary.
    pub constant_bins: usize,
}

/// A person's expected accuracy.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Accuracy {
    /// Expected squared correlation of score and outcome at this distance, 0 to 1.
    pub r2: Estimate,
    /// The distance is outside that of the bins.
    pub extrapolated: bool,
}

impl AccuracyByDistance {
    /// From distances, outcomes (covariates already out) and scores, in so many bins.
    ///
    /// # Errors
    /// Other lengths, values that are not finite, fewer than three bins or thirty people in each.
    pub fn fit(
        distance: &[f64],
        outcome: &[f64],
        score: &[f64],
        bins: usize,
    ) -> Result<Self, CalibrateError> {
        let n = distance.len();
        same_length(outcome.len(), n, "outcomes")?;
        same_length(score.len(), n, "scores")?;
        for (values, what) in [(distance, "distances"), (outcome, "outcomes"), (score, "scores")] {
            all_finite(values, what)?;
        }
        if bins < FEWEST_BINS {
            return Err(CalibrateError::TooFew {
                what: "bins of distance",
                found: bins,
                needed: FEWEST_BINS,
            });
        }
        if n < FEWEST_PEOPLE * bins {
            let needed = FEWEST_PEOPLE * bins;
            return Err(CalibrateError::TooFew { what: "people with a distance", found: n, needed });
        }
        let mut order: Vec<usize> = (0..n).collect();
        order.sort_by(|a, b| distance[*a].total_cmp(&distance[*b]).then(a.cmp(b)));
        let pick = |own: &[usize], values: &[f64]| own.iter().map(|i| values[*i]).collect::<Vec<_>>();
        let found: Vec<DistanceBin> = (0..bins)
            .filter_map(|bin| {
                let own = &order[bin * n / bins..(bin + 1) * n / bins];
                let value = r_squared(&pick(own, outcome), &pick(own, score))?;
                let middle = pick(own, distance).iter().sum::<f64>() / own.len() as f64;
                Some(DistanceBin { people: own.len(), distance: middle, r2: with_error(value, own.len()) })
            })
            .collect();
        if found.len() < FEWEST_BINS {
            let what = "bins of distance in which score and outcome vary";
            return Err(CalibrateError::TooFew { what, found: found.len(), needed: FEWEST_BINS });
        }
        let line = line(&found)?;
        let people = found.iter().map(|bin| bin.people).sum();
        Ok(Self { constant_bins: bins - found.len(), bins: found, line, people })
    }

    /// The expected accuracy at a distance.
    pub fn apply(&self, distance: f64) -> Accuracy {
        let x = [1.0, distance];
        let value = self.line.at(&x).clamp(0.0, 1.0);
        let standard_error = self.line.variance_at(&x).sqrt();
        let within = |bins: &[DistanceBin]| {
            bins.first().is_some_and(|bin| distance >= bin.distance)
                && bins.last().is_some_and(|bin| distance <= bin.distance)
        };
        Accuracy { r2: Estimate { value, standard_error }, extrapolated: !within(&self.bins) }
    }
}

/// The delta method's standard error, 2·r·(1 − r²)/√n, with r kept away from 0, where it would vanish.
fn with_error(r2: f64, people: usize) -> Estimate {
    let n = people as f64;
    let floor = r2.max(1.0 / n);
    Estimate { value: r2, standard_error: 2.0 * floor.sqrt() * (1.0 - floor).max(1.0 / n) / n.sqrt() }
}

/// Weighted least squares; the covariance grows with the bins' scatter where that is above their own errors'.
fn line(bins: &[DistanceBin]) -> Result<Coefficients, CalibrateError> {
    let rows = bins.len();
    let root = |row: usize| 1.0 / bins[row].r2.standard_error;
    let design = DMatrix::from_fn(rows, 2, |row, column| {
        root(row) * if column == 0 { 1.0 } else { bins[row].distance }
    });
    let response = DVector::from_fn(rows, |row, _| root(row) * bins[row].r2.value);
    let information = transposed_multiply(&design, &design);
    let (covariance, _) = inverse(information, "the regression of accuracy on distance")?;
    let mean = &covariance * design.tr_mul(&response);
    let scatter = (&response - &design * &mean).norm_squared() / (rows as f64 - 2.0);
    Ok(Coefficients { mean, covariance: covariance * scatter.max(1.0) })
}
