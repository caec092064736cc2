//! Components in standard deviations of the reference.

use nalgebra::DMatrix;
use serde::{Deserialize, Serialize};

use crate::{
    CalibrateError,
    gaussian::{all_finite, mean_and_sd, same_length, varies},
};

/// Centre and scale of the first principal components among the reference.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ComponentScale {
    /// Means.
    pub mean: Vec<f64>,
    /// Standard deviations (divided by n).
    pub sd: Vec<f64>,
}

impl ComponentScale {
    /// Measures the first `components` columns of people x components.
    ///
    /// # Errors
    /// Fewer columns than that, values that are not finite, a constant column, or fewer people than twice the columns.
    pub fn new(pcs: &DMatrix<f64>, components: usize) -> Result<Self, CalibrateError> {
        if components == 0 || components > pcs.ncols() {
            return Err(CalibrateError::TooFew {
                what: "principal components",
                found: pcs.ncols(),
                needed: components.max(1),
            });
        }
        let needed = 2 * (components + 1);
        if pcs.nrows() < needed {
            return Err(CalibrateError::TooFew { what: "reference people", found: pcs.nrows(), needed });
        }
        all_finite(pcs.columns(0, components).iter(), "principal components")?;
        let (mut mean, mut sd) = (Vec::new(), Vec::new());
        for column in pcs.columns(0, components).column_iter() {
            let (centre, spread) = mean_and_sd(&column.iter().copied().collect::<Vec<_>>());
            if !varies(centre, spread) {
                return Err(CalibrateError::Constant { what: "a principal component", people: pcs.nrows() });
            }
            mean.push(centre);
            sd.push(spread);
        }
        Ok(Self { mean, sd })
    }

    /// Components that are used.
    pub fn components(&self) -> usize {
        self.mean.len()
    }

    /// One person's components in standard deviations.
    ///
    /// # Errors
    /// Fewer components than the scale has, or values that are not finite.
    pub fn apply(&self, pcs: &[f64]) -> Result<Vec<f64>, CalibrateError> {
        let size = self.components();
        if pcs.len() < size {
            same_length(pcs.len(), size, "principal components of a person")?;
        }
        all_finite(&pcs[..size], "principal components of a person")?;
        Ok((0..size).map(|k| (pcs[k] - self.mean[k]) / self.sd[k]).collect())
    }

    /// People x (1 + components): a column of ones, then the scaled components.
    pub(super) fn design(&self, pcs: &DMatrix<f64>) -> DMatrix<f64> {
        DMatrix::from_fn(pcs.nrows(), self.components() + 1, |row, column| {
            if column == 0 {
                1.0
            } else {
                (pcs[(row, column - 1)] - self.mean[column - 1]) / self.sd[column - 1]
            }
        })
    }
}
