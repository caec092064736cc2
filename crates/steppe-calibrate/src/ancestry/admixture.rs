//! In which proportions people descend from the populations of the reference: a point on the principal components as a
//! mixture of the populations' centres.
//!
//! Genotypes of a mixture are in mean the mixture of the sources' genotypes, and scores are linear in genotypes, so the
//! centre of people of given proportions is that mixture of the centres. The weights are those of generalised least
//! squares with the covariance within populations, which holds what sampling, linkage and drift within a population add.

use nalgebra::DMatrix;
use serde::{Deserialize, Serialize};
use steppe_stats::linear_algebra::DecompositionError;

use super::mahalanobis::{PopulationShapes, inverse};
use super::mixture::Mixture;
use crate::error::CalibrateError;

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
    /// Per person the squared Mahalanobis distance to the mixture: far off means that no mixture of these fits. `None` where
    /// proportions are not from principal components.
    pub misfits: Option<Vec<f64>>,
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
        let factor =
            nalgebra::Cholesky::new(precision).ok_or(DecompositionError::NotPositiveDefinite { pivot: 0 })?;
        let whitening = factor.l().transpose();
        let centres = &whitening * shapes.means.transpose();
        // The products of whitened points with the centres have the centres' own products as covariance.
        let gram = centres.tr_mul(&centres);
        let standard_errors = Mixture::new(&gram)?.standard_errors(&gram)?;
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
        let mixture = Mixture::new(&self.centres.tr_mul(&self.centres))?;
        for person in 0..scores.nrows() {
            let point = &self.whitening * scores.row(person).columns(0, self.components).transpose();
            let found = mixture.solve(&self.centres.tr_mul(&point))?;
            misfits.push((&point - &self.centres * &found).norm_squared());
            proportions.row_mut(person).copy_from(&found.transpose());
        }
        let standard_errors = self.standard_errors.clone();
        Ok(AdmixtureProportions {
            names: self.names.clone(),
            proportions,
            standard_errors,
            misfits: Some(misfits),
        })
    }
}
