//! Online augmentation, decomposition and Procrustes: one person is added to the reference, the components are computed
//! anew within the span of the old ones and the person, and turned back onto the old ones.
//!
//! The reference's people never appear: their scores are U·S with orthonormal U, so every sum over people is one over
//! the coordinates on U, and a person costs a few decompositions of small matrices.

use nalgebra::DMatrix;
use steppe_stats::linear_algebra::{SingularValues, singular_values, transposed_multiply};

use crate::error::CalibrateError;
use crate::pca::PcaModel;

/// The padding has converged when a step changes it by less than this share.
const EPSILON: f64 = 1e-6;

/// More steps than any person takes; FRAPOSA's limit.
const MOST_STEPS: usize = 10_000;

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
        let outside =
            (squared_length - along[..online].iter().map(|value| value * value).sum::<f64>()).max(0.0);
        // The reference's components with one column for the person: [S, Uᵀb; 0, |b − U·Uᵀb|].
        let mut augmented = DMatrix::zeros(online + 1, online + 1);
        for (place, value) in self.singular_values.iter().enumerate() {
            augmented[(place, place)] = *value;
            augmented[(place, online)] = along[place];
        }
        augmented[(online, online)] = outside.sqrt();
        let updated = singular_values(&augmented)?;
        let mut people = updated.right.columns(0, self.turned).into_owned();
        for (mut column, value) in people.column_iter_mut().zip(updated.values.iter()) {
            column *= *value;
        }
        let rotation = self.onto_reference(&people.rows(0, online).into_owned())?;
        let person = people.rows(online, 1) * rotation;
        Ok(person.iter().take(self.components).copied().collect())
    }

    /// Rotation and scale that turn the updated scores of the reference's people (coordinates x turned) onto the old
    /// ones, which are padded with what the turned ones are beyond them until that no longer changes.
    fn onto_reference(&self, updated: &DMatrix<f64>) -> Result<DMatrix<f64>, CalibrateError> {
        let (online, turned) = updated.shape();
        let total = updated.norm_squared();
        let mut target = DMatrix::zeros(online, turned);
        for place in 0..self.components {
            target[(place, place)] = self.singular_values[place];
        }
        let padding = turned - self.components;
        for _ in 1..MOST_STEPS {
            let rotation = rotation(&target, updated, total)?;
            if padding == 0 {
                return Ok(rotation);
            }
            let padded = updated * rotation.columns(self.components, padding);
            let change = (&padded - target.columns(self.components, padding)).norm_squared();
            if change < EPSILON * padded.norm_squared() || padded.norm_squared() == 0.0 {
                return Ok(rotation);
            }
            target.columns_mut(self.components, padding).copy_from(&padded);
        }
        rotation(&target, updated, total)
    }
}

/// The scaled rotation R that brings X nearest to Y: with YᵀX = U·S·Vᵀ it is V·Uᵀ times Σ S / |X|². Means need not be
/// taken off: the scores of the people who made the components have none.
fn rotation(
    target: &DMatrix<f64>,
    updated: &DMatrix<f64>,
    total: f64,
) -> Result<DMatrix<f64>, CalibrateError> {
    let SingularValues { left, values, right } = singular_values(&transposed_multiply(target, updated))?;
    Ok(right * left.transpose() * (values.sum() / total))
}
