//! Genetic distances that accuracy is told by: from the middle of the people whom the scores were trained in, as far as the
//! reference has such people.

use steppe_calibrate::risk::genetic_distance;
use steppe_engine::EngineError;

use super::people::{Everybody, People};

/// The place of the population that the scores were trained in.
pub(super) fn trained_in(name: Option<&str>, reference: &[String]) -> Result<Option<usize>, EngineError> {
    let Some(name) = name else { return Ok(None) };
    match reference.iter().position(|there| there == name) {
        Some(place) => Ok(Some(place)),
        None => Err(EngineError::refused(
            format!("the reference has no population {name}, which the scores were trained in"),
            format!("choose among {}", reference.join(", ")),
        )),
    }
}

impl Everybody {
    /// Mean components of the reference's people whom distances are from.
    pub(super) fn middle(&self) -> Vec<f64> {
        let People { pcs, population, .. } = &self.reference;
        match self.trained_in {
            None => pcs.column_iter().map(|column| column.mean()).collect(),
            Some(place) => {
                let those: Vec<usize> = (0..pcs.nrows()).filter(|row| population[*row] == place).collect();
                pcs.select_rows(&those).column_iter().map(|column| column.mean()).collect()
            }
        }
    }

    /// How far a person of the cohort is from a place on the components.
    pub(super) fn distance(&self, person: usize, from: &[f64]) -> f64 {
        let pcs: Vec<f64> = self.cohort.people.pcs.row(person).iter().copied().collect();
        genetic_distance(&pcs, from)
    }
}
