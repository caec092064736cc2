//! To which population each person is most similar.

use nalgebra::DMatrix;
use serde::{Deserialize, Serialize};

/// A forest is unsure of a person below this probability of the likeliest population.
pub const FOREST_LOW_CONFIDENCE: f64 = 0.5;

/// Distances are unsure of a person below this P of the nearest population.
pub const MAHALANOBIS_LOW_CONFIDENCE: f64 = 1e-10;

/// How similar people are to populations.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Similarity {
    /// The populations.
    pub names: Vec<String>,
    /// People x populations: probabilities of a forest, which add up to 1; or P of distances, which do not.
    pub probabilities: DMatrix<f64>,
    /// Per person the most similar population, by its place.
    pub most_similar: Vec<u32>,
    /// Per person whether that is unsure.
    pub low_confidence: Vec<bool>,
}

impl Similarity {
    /// From probabilities and what they were ranked by (higher is more similar); the first of equals is taken.
    pub(super) fn new(
        names: &[String],
        probabilities: DMatrix<f64>,
        ranked: &DMatrix<f64>,
        unsure: f64,
    ) -> Self {
        let best = |person: usize| {
            let row = ranked.row(person);
            (1..row.len()).fold(0, |best, other| if row[other] > row[best] { other } else { best })
        };
        let most_similar: Vec<usize> = (0..ranked.nrows()).map(best).collect();
        let low = most_similar.iter().enumerate();
        let low_confidence = low.map(|(person, best)| probabilities[(person, *best)] < unsure).collect();
        let most_similar = most_similar.iter().map(|best| *best as u32).collect();
        Self { names: names.to_vec(), probabilities, most_similar, low_confidence }
    }
}
