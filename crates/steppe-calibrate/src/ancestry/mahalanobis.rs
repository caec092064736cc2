//! Populations as ellipsoids on principal components: mean and covariance of each, and distances to them.

use nalgebra::{DMatrix, DVector};
use serde::{Deserialize, Serialize};
use steppe_stats::distributions::chi_square_upper;
use steppe_stats::linear_algebra::Cholesky;

use super::populations::Populations;
use super::similarity::{MAHALANOBIS_LOW_CONFIDENCE, Similarity};
use crate::error::CalibrateError;

/// A population with at least so many people for each dimension has its own covariance alone.
const ENOUGH: f64 = 5.0;

/// Share of the mean variance that is added where a covariance is singular.
const RIDGE: f64 = 1e-6;

/// Degrees of freedom of a squared distance.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum DegreesOfFreedom {
    /// As many as components, which is right.
    #[default]
    Components,
    /// One less, as pgscatalog-utils has it.
    OneLess,
}

/// Mean and covariance of each population over the first components.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PopulationShapes {
    /// Populations that have people.
    pub names: Vec<String>,
    /// Components that are used.
    pub components: usize,
    /// People of each population.
    pub people: Vec<u64>,
    /// Per population the share of its covariance that is borrowed from the pooled one; 0 where it has people enough.
    pub borrowed: Vec<f64>,
    /// Populations with fewer people than components, by their places: a warning.
    pub thin: Vec<u32>,
    /// Means, populations x components.
    pub means: DMatrix<f64>,
    /// Covariance within populations, pooled.
    pub pooled: DMatrix<f64>,
    /// Per population the inverse of its covariance.
    precisions: Vec<DMatrix<f64>>,
}

impl PopulationShapes {
    /// Shapes from the scores of the reference (people x components). The covariance is the empirical one (divided by the
    /// number of people); a population with few people for the dimensions borrows from the pooled covariance.
    ///
    /// # Errors
    /// Fewer components than asked for; nobody has a population; scores that do not vary.
    pub fn fit(
        scores: &DMatrix<f64>,
        populations: &Populations,
        components: usize,
    ) -> Result<Self, CalibrateError> {
        populations.check(scores.nrows(), scores.ncols(), components)?;
        let mut shapes = Self {
            names: Vec::new(),
            components,
            people: Vec::new(),
            borrowed: Vec::new(),
            thin: Vec::new(),
            means: DMatrix::zeros(0, components),
            pooled: DMatrix::zeros(components, components),
            precisions: Vec::new(),
        };
        let mut covariances = Vec::new();
        for (population, name) in populations.names.iter().enumerate() {
            let people = populations.people(population);
            if people.is_empty() {
                continue;
            }
            let points = scores.select_rows(&people).columns(0, components).into_owned();
            let (mean, covariance) = moments(&points);
            let place = shapes.names.len();
            shapes.means = shapes.means.insert_row(place, 0.0);
            shapes.means.row_mut(place).copy_from(&mean.transpose());
            shapes.pooled += &covariance * people.len() as f64;
            if people.len() < components {
                shapes.thin.push(place as u32);
            }
            let enough = people.len() as f64 / (ENOUGH * (components + 1) as f64);
            shapes.borrowed.push((1.0 - enough).max(0.0));
            shapes.people.push(people.len() as u64);
            shapes.names.push(name.clone());
            covariances.push(covariance);
        }
        let people: u64 = shapes.people.iter().sum();
        if people == 0 {
            return Err(CalibrateError::Unlabelled { people: scores.nrows() });
        }
        shapes.pooled /= people as f64;
        for (own, share) in covariances.iter().zip(&shapes.borrowed) {
            let shrunk = own * (1.0 - share) + &shapes.pooled * *share;
            shapes.precisions.push(inverse(&shrunk)?);
        }
        Ok(shapes)
    }

    /// Squared Mahalanobis distances, people x populations.
    ///
    /// # Errors
    /// Fewer components than the shapes have.
    pub fn squared_distances(&self, scores: &DMatrix<f64>) -> Result<DMatrix<f64>, CalibrateError> {
        if scores.ncols() < self.components {
            return Err(CalibrateError::Components { wanted: self.components, there: scores.ncols() });
        }
        let point = |person: usize| scores.row(person).columns(0, self.components).transpose();
        Ok(DMatrix::from_fn(scores.nrows(), self.names.len(), |person, population| {
            let from_mean: DVector<f64> = point(person) - self.means.row(population).transpose();
            from_mean.dot(&(&self.precisions[population] * &from_mean))
        }))
    }

    /// P of the distances under chi-square. People are most similar to the population that they are nearest to, also where
    /// every P is too small for a number.
    ///
    /// # Errors
    /// Fewer components than the shapes have.
    pub fn similarity(
        &self,
        scores: &DMatrix<f64>,
        degrees: DegreesOfFreedom,
    ) -> Result<Similarity, CalibrateError> {
        let distances = self.squared_distances(scores)?;
        let degrees = match degrees {
            DegreesOfFreedom::Components => self.components,
            DegreesOfFreedom::OneLess => (self.components - 1).max(1),
        };
        let probabilities = distances.map(|distance| chi_square_upper(distance, degrees as f64));
        Ok(Similarity::new(&self.names, probabilities, &(-distances), MAHALANOBIS_LOW_CONFIDENCE))
    }
}

/// Mean and covariance, divided by the number of points.
fn moments(points: &DMatrix<f64>) -> (DVector<f64>, DMatrix<f64>) {
    let people = points.nrows() as f64;
    let mean: DVector<f64> = points.row_sum().transpose() / people;
    let mut centred = points.clone();
    for mut row in centred.row_iter_mut() {
        row -= mean.transpose();
    }
    (mean, centred.tr_mul(&centred) / people)
}

/// The inverse of a covariance; where it is singular a little of its mean variance is added first.
pub(super) fn inverse(covariance: &DMatrix<f64>) -> Result<DMatrix<f64>, CalibrateError> {
    let size = covariance.nrows();
    let identity = DMatrix::identity(size, size);
    let ridge = RIDGE * covariance.trace() / size as f64;
    let factor =
        Cholesky::new(covariance.clone()).or_else(|_| Cholesky::new(covariance + &identity * ridge))?;
    Ok(factor.solve(&identity)?)
}
