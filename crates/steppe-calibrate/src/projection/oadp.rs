//! Online augmentation, decomposition and Procrustes: one person is added to the reference, the components are computed
//! anew within the span of the old ones and the person, and turned back onto the old ones.
//!
//! The reference's people never appear: their scores are U·S with orthonormal U, so every sum over people is one over
//! the coordinates on U, and a person costs a few decompositions of small matrices.

use nalgebra::{DMatrix, DVector};
use steppe_stats::linear_algebra::{ColumnBasis, largest_arrowhead_eigenpairs, orthogonal_factor};

use crate::error::CalibrateError;
use crate::pca::PcaModel;

/// The padding has converged when a step changes it by less than this share.
const EPSILON: f64 = 1e-6;

/// More steps than any person takes; FRAPOSA's limit.
const MOST_STEPS: usize = 10_000;

/// What must be left of a row beyond others to be a direction of its own: of all units one is always farther off than that.
const INDEPENDENT: f64 = 1e-3;

/// OADP onto the first components of a reference, as FRAPOSA 1.0.2 does it: of k components, the decomposition is updated
/// within the top 4k, and the top 2k of the result are turned.
#[derive(Clone, Debug)]
pub struct Oadp {
    components: usize,
    turned: usize,
    singular_values: Vec<f64>,
}

impl Oadp {
    /// For so many components. A model that keeps fewer than four times as many is used as far as it goes.
    ///
    /// # Errors
    /// More components than the model keeps.
    pub fn new(model: &PcaModel, components: usize) -> Result<Self, CalibrateError> {
        let there = model.singular_values.iter().take_while(|value| **value > 0.0).count();
        if components == 0 || components > there {
            return Err(CalibrateError::Components { wanted: components, there });
        }
        let online = there.min(4 * components);
        let turned = online.min(2 * components);
        Ok(Self { components, turned, singular_values: model.singular_values[..online].to_vec() })
    }

    /// Components within which the decomposition is updated.
    pub fn online(&self) -> usize {
        self.singular_values.len()
    }

    /// The scores of one person, from the simple projections on the online components and the squared length of the
    /// person's standardised genotypes.
    ///
    /// # Errors
    /// Fewer projections than [`Self::online`]; values that are not finite.
    pub fn scores(&self, along: &[f64], squared_length: f64) -> Result<Vec<f64>, CalibrateError> {
        let online = self.online();
        if along.len() < online {
            let what = "projections of a person";
            return Err(CalibrateError::Length { what, expected: online, found: along.len() });
        }
        let along = &along[..online];
        // The reference's components with one column for the person are [S, Uᵀb; 0, |b − U·Uᵀb|]; their products with
        // themselves an arrowhead. Some people are rounded to less than nothing outside.
        let corner = squared_length.max(along.iter().map(|value| value * value).sum::<f64>());
        let values = &self.singular_values;
        let poles: Vec<f64> = values.iter().map(|value| value * value).collect();
        let border: Vec<f64> = values.iter().zip(along).map(|(value, along)| value * along).collect();
        let (squares, vectors) = largest_arrowhead_eigenpairs(&poles, &border, corner, self.turned)?;
        let length = |(square, tip): (&f64, &f64)| square.max(0.0).sqrt() * tip;
        let tips: Vec<f64> = vectors.row(online).iter().copied().collect();
        let person: Vec<f64> = squares.iter().zip(&tips).map(length).collect();
        let onto_old = DMatrix::from_fn(self.components, self.turned, |row, column| {
            values[row] * squares[column].max(0.0).sqrt() * vectors[(row, column)]
        });
        let rotation = Updated { squares, person: DVector::from_vec(person), onto_old }.onto_reference()?;
        Ok(rotation.as_slice().to_vec())
    }
}

/// The updated components X, of the reference's people and one more, before they are turned.
struct Updated {
    /// Squared singular values: XᵀX of everybody.
    squares: Vec<f64>,
    /// The person's row of X.
    person: DVector<f64>,
    /// YᵀX over the reference's people, Y being their old scores: components x turned.
    onto_old: DMatrix<f64>,
}

impl Updated {
    /// The person's row, turned by the scaled rotation R that brings X nearest to the old scores of the reference's people,
    /// which are padded with what X·R is beyond them until that no longer changes. With YᵀX = U·S·Vᵀ, R is V·Uᵀ times Σ S / |X|².
    /// Means need not be taken off: the scores of the people who made the components have none. Of the padding only its
    /// coordinates W on X are needed, since X·W has the products W·XᵀX with X.
    fn onto_reference(&self) -> Result<DVector<f64>, CalibrateError> {
        let (components, turned) = self.onto_old.shape();
        let total = self.squares.iter().sum::<f64>() - self.person.norm_squared();
        let mut products = DMatrix::zeros(turned, turned);
        products.rows_mut(0, components).copy_from(&self.onto_old);
        // Before there is a padding the rest of the rotation is any that fits: it only turns the padding within itself.
        let size = total / turned as f64;
        products.rows_mut(components, turned - components).copy_from(&(self.rest() * size));
        let mut padding = DMatrix::zeros(turned - components, turned);
        let mut step = 1;
        loop {
            let factor = orthogonal_factor(&products)?;
            // At first there is no padding, and only the old scores count.
            let counted = if step == 1 { components } else { turned };
            let scale = factor.rows(0, counted).dot(&products.rows(0, counted)) / total;
            let new = factor.rows(components, turned - components) * scale;
            let (change, length) = (self.squared_length(&(&new - &padding)), self.squared_length(&new));
            if change < EPSILON * length || length <= 0.0 || step == MOST_STEPS {
                return Ok(factor.rows(0, components) * &self.person * scale);
            }
            products.rows_mut(components, turned - components).copy_from(&self.products(&new));
            padding = new;
            step += 1;
        }
    }

    /// Orthonormal rows that complete those of YᵀX.
    fn rest(&self) -> DMatrix<f64> {
        let (components, turned) = self.onto_old.shape();
        // The updated components are nearly the old ones, so that the units beyond the turned ones are nearly the rest.
        let columns = DMatrix::from_fn(turned, components + turned, |row, column| {
            match column.checked_sub(components) {
                None => self.onto_old[(column, row)],
                Some(unit) => f64::from(u8::from((unit + components) % turned == row)),
            }
        });
        let basis = ColumnBasis::new(&columns, INDEPENDENT).q;
        basis.columns(components, turned - components).transpose()
    }

    /// W·XᵀX over the reference's people.
    fn products(&self, coordinates: &DMatrix<f64>) -> DMatrix<f64> {
        let along = coordinates * &self.person;
        let product = |row: usize, column: usize| {
            coordinates[(row, column)] * self.squares[column] - along[row] * self.person[column]
        };
        DMatrix::from_fn(coordinates.nrows(), coordinates.ncols(), product)
    }

    /// |X·Wᵀ|² over the reference's people.
    fn squared_length(&self, coordinates: &DMatrix<f64>) -> f64 {
        self.products(coordinates).dot(coordinates).max(0.0)
    }
}
