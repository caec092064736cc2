//! In which proportions people descend from the populations of the reference: a point on the principal components as a
//! mixture of the populations' centres.
//!
//! Genotypes of a mixture are in mean the mixture of the sources' genotypes, and scores are linear in genotypes, so the
//! centre of people of given proportions is that mixture of the centres. The weights are those of generalised least
//! squares with the covariance within populations, which holds what sampling, linkage and drift within a population add.

use nalgebra::{DMatrix, DVector};
use serde::{Deserialize, Serialize};
use steppe_stats::linear_algebra::Cholesky;

use super::mahalanobis::{PopulationShapes, inverse};
use crate::error::CalibrateError;

/// Weight of the proportions' sum beside the components: as good as a constraint.
const SUM_WEIGHT: f64 = 1e5;

/// Share of the largest entry below which a gradient counts as zero.
const ZERO: f64 = 1e-10;

/// Mixtures of the populations of a reference.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Admixture {
    /// The populations.
    pub names: Vec<String>,
    /// Components that are used.
    pub components: usize,
    /// Per population the standard error of a proportion, while none is at 0 or 1; it is the same for everyone.
    pub standard_errors: Vec<f64>,
    /// Lᵀ of the inverse covariance L·Lᵀ within populations.
    whitening: DMatrix<f64>,
    /// Whitened centres, components x populations.
    centres: DMatrix<f64>,
}

/// Proportions of some people.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AdmixtureProportions {
    /// The populations.
    pub names: Vec<String>,
    /// People x populations; not negative, each row adds up to 1.
    pub proportions: DMatrix<f64>,
    /// Per population the standard error.
    pub standard_errors: Vec<f64>,
    /// Per person the squared Mahalanobis distance to the mixture: far off means that no mixture of these fits.
    pub misfits: Vec<f64>,
}

impl Admixture {
    /// From the shapes of at least two populations.
    ///
    /// # Errors
    /// One population; fewer components than populations less one; centres that do not differ.
    pub fn new(shapes: &PopulationShapes) -> Result<Self, CalibrateError> {
        let populations = shapes.names.len();
        if populations < 2 {
            return Err(CalibrateError::Populations { populations, needed: 2 });
        }
        if shapes.components + 1 < populations {
            return Err(CalibrateError::Components { wanted: populations - 1, there: shapes.components });
        }
        let precision = inverse(&shapes.pooled)?;
        let factor = nalgebra::Cholesky::new(precision)
            .ok_or(steppe_stats::linear_algebra::DecompositionError::NotPositiveDefinite { pivot: 0 })?;
        let whitening = factor.l().transpose();
        let centres = &whitening * shapes.means.transpose();
        let standard_errors = standard_errors(&centres)?;
        Ok(Self {
            names: shapes.names.clone(),
            components: shapes.components,
            standard_errors,
            whitening,
            centres,
        })
    }

    /// The proportions of people, from their scores (people x components).
    ///
    /// # Errors
    /// Fewer components than are used.
    pub fn proportions(&self, scores: &DMatrix<f64>) -> Result<AdmixtureProportions, CalibrateError> {
        if scores.ncols() < self.components {
            return Err(CalibrateError::Components { wanted: self.components, there: scores.ncols() });
        }
        let mut proportions = DMatrix::zeros(scores.nrows(), self.names.len());
        let mut misfits = Vec::with_capacity(scores.nrows());
        let gram = self.centres.tr_mul(&self.centres).add_scalar(SUM_WEIGHT);
        for person in 0..scores.nrows() {
            let point = &self.whitening * scores.row(person).columns(0, self.components).transpose();
            let mut mixture = non_negative(&gram, &self.centres.tr_mul(&point).add_scalar(SUM_WEIGHT))?;
            mixture /= mixture.sum();
            misfits.push((&point - &self.centres * &mixture).norm_squared());
            proportions.row_mut(person).copy_from(&mixture.transpose());
        }
        let standard_errors = self.standard_errors.clone();
        Ok(AdmixtureProportions { names: self.names.clone(), proportions, standard_errors, misfits })
    }
}

/// Errors of the least-squares proportions whose sum is 1, from whitened centres M: those of the shares of all
/// populations but the last are (DᵀD)⁻¹ with differences D of centres, and the last one's follows from the sum.
fn standard_errors(centres: &DMatrix<f64>) -> Result<Vec<f64>, CalibrateError> {
    let free = centres.ncols() - 1;
    let last = centres.column(free).into_owned();
    let differences =
        DMatrix::from_fn(centres.nrows(), free, |row, column| centres[(row, column)] - last[row]);
    let factor = Cholesky::new(differences.tr_mul(&differences))?;
    let covariance = factor.solve(&DMatrix::identity(free, free))?;
    let own = (0..free).map(|population| covariance[(population, population)].sqrt());
    Ok(own.chain([covariance.sum().max(0.0).sqrt()]).collect())
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
