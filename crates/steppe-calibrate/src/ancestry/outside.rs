//! Who lies outside all populations of the reference: the distance to the nearest one, judged by the distances of people
//! of the reference who were held out (split conformal prediction; Vovk, Gammerman, Shafer 2005).

use nalgebra::DMatrix;
use serde::{Deserialize, Serialize};

use super::mahalanobis::PopulationShapes;
use crate::error::CalibrateError;

/// The shapes of the populations, and how far from the nearest one their own held-out people lie.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct OutsideModel {
    /// Shapes from the whole reference.
    pub shapes: PopulationShapes,
    /// Squared distances of held-out people to the nearest population, ascending.
    pub held_out: Vec<f64>,
}

/// What is said of some people.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct OutsideVerdict {
    /// Squared Mahalanobis distance to the nearest population.
    pub squared_distances: Vec<f64>,
    /// Share of held-out people, the person among them, that lie as far off or farther: a P that holds whatever the
    /// distribution of the reference.
    pub p_values: Vec<f64>,
    /// Whether that is at most the rate of false flags.
    pub flagged: Vec<bool>,
    /// Whether so few people were held out that nobody can be flagged at this rate: a warning.
    pub too_few_held_out: bool,
}

impl OutsideModel {
    /// From the reference's shapes and the distances of held-out people, see [`super::held_out_distances`].
    pub fn new(shapes: PopulationShapes, mut held_out: Vec<f64>) -> Self {
        held_out.retain(|distance| distance.is_finite());
        held_out.sort_unstable_by(f64::total_cmp);
        Self { shapes, held_out }
    }

    /// Judges people by their scores. Of people like those of the reference, at most the share `false_flags` is flagged.
    ///
    /// # Errors
    /// Fewer components than the shapes have; a rate that is not between 0 and 1.
    pub fn judge(&self, scores: &DMatrix<f64>, false_flags: f64) -> Result<OutsideVerdict, CalibrateError> {
        if !(false_flags > 0.0 && false_flags < 1.0) {
            let (option, range) = ("the rate of false flags", "a number above 0 and below 1");
            return Err(CalibrateError::range(option, false_flags, range));
        }
        let squared_distances = nearest(&self.shapes, scores)?;
        let all = self.held_out.len();
        let p_value = |distance: &f64| {
            let nearer = self.held_out.partition_point(|other| other < distance);
            (all - nearer + 1) as f64 / (all + 1) as f64
        };
        let p_values: Vec<f64> = squared_distances.iter().map(p_value).collect();
        let flagged = p_values.iter().map(|p| *p <= false_flags).collect();
        let too_few_held_out = 1.0 / (all + 1) as f64 > false_flags;
        Ok(OutsideVerdict { squared_distances, p_values, flagged, too_few_held_out })
    }
}

/// The squared distance of each person to the nearest population.
pub(super) fn nearest(shapes: &PopulationShapes, scores: &DMatrix<f64>) -> Result<Vec<f64>, CalibrateError> {
    let distances = shapes.squared_distances(scores)?;
    Ok(distances.row_iter().map(|row| row.iter().copied().fold(f64::INFINITY, f64::min)).collect())
}
