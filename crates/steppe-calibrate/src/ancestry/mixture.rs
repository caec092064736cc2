//! Least squares over mixtures: proportions that are not negative and add up to 1.

use nalgebra::{DMatrix, DVector};
use steppe_stats::linear_algebra::Cholesky;

use crate::error::CalibrateError;

/// Weight of the proportions' sum, in units of the mean square of a source: as good as a constraint.
const SUM_WEIGHT: f64 = 1e6;

/// Share of the largest entry below which a gradient counts as zero.
const ZERO: f64 = 1e-10;

/// The sources of a mixture, by their products with each other.
#[derive(Clone, Debug)]
pub(super) struct Mixture {
    /// Products, with the weight of the sum in each.
    gram: DMatrix<f64>,
    sum_weight: f64,
}

impl Mixture {
    /// Refuses sources of which some are mixtures of others, as far as the products tell.
    pub(super) fn new(gram: &DMatrix<f64>) -> Result<Self, CalibrateError> {
        let sum_weight = SUM_WEIGHT * gram.trace() / gram.nrows().max(1) as f64;
        let gram = gram.add_scalar(sum_weight);
        if Cholesky::new(gram.clone()).is_err() {
            return Err(CalibrateError::MixedSources { populations: gram.nrows() });
        }
        Ok(Self { gram, sum_weight })
    }

    /// The proportions q that are nearest to a point, which is given by its products with the sources.
    pub(super) fn solve(&self, products: &DVector<f64>) -> Result<DVector<f64>, CalibrateError> {
        let mixture = non_negative(&self.gram, &products.add_scalar(self.sum_weight))?;
        let sum = mixture.sum();
        Ok(mixture / sum)
    }

    /// Standard errors of proportions of which none is 0, from the covariance of the products.
    pub(super) fn standard_errors(&self, scatter: &DMatrix<f64>) -> Result<Vec<f64>, CalibrateError> {
        let size = self.gram.nrows();
        let inverse = Cholesky::new(self.gram.clone())?.solve(&DMatrix::identity(size, size))?;
        // Least squares under Σ q = 1 is linear in the products: A = G⁻¹ − G⁻¹·1·1ᵀ·G⁻¹ / 1ᵀ·G⁻¹·1.
        let rows: DVector<f64> = inverse.column_sum();
        let map = &inverse - &rows * rows.transpose() / rows.sum();
        let covariance = &map * scatter * map.transpose();
        Ok((0..size).map(|place| covariance[(place, place)].max(0.0).sqrt()).collect())
    }
}

/// The non-negative x that is least in ½ xᵀGx − xᵀb (Lawson and Hanson 1974).
fn non_negative(gram: &DMatrix<f64>, target: &DVector<f64>) -> Result<DVector<f64>, CalibrateError> {
    let size = target.len();
    let mut solution = DVector::zeros(size);
    let mut free: Vec<usize> = Vec::new();
    // Each round frees one variable; a cycle would need ties beyond rounding.
    for _ in 0..10 * size {
        let gradient = target - gram * &solution;
        let limit = ZERO * target.amax();
        let held = (0..size).filter(|place| !free.contains(place) && gradient[*place] > limit);
        let Some(enters) = held.max_by(|a, b| gradient[*a].total_cmp(&gradient[*b])) else { break };
        free.push(enters);
        loop {
            let part = gram.select_rows(&free).select_columns(&free);
            let right = DMatrix::from_fn(free.len(), 1, |row, _| target[free[row]]);
            let candidate = Cholesky::new(part)?.solve(&right)?;
            let negative = (0..free.len()).filter(|place| candidate[*place] <= 0.0);
            let step = |place: usize| {
                let from = solution[free[place]];
                from / (from - candidate[place])
            };
            let Some(blocks) = negative.min_by(|a, b| step(*a).total_cmp(&step(*b))) else {
                free.iter().zip(candidate.iter()).for_each(|(place, value)| solution[*place] = *value);
                break;
            };
            let share = step(blocks).max(0.0);
            for (place, value) in free.iter().zip(candidate.iter()) {
                solution[*place] += share * (value - solution[*place]);
            }
            solution[free[blocks]] = 0.0;
            free.remove(blocks);
        }
    }
    Ok(solution)
}
