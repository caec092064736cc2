//! Percentile and Z in the most similar reference population.

use serde::{Deserialize, Serialize};

use super::Estimate;
use crate::{
    CalibrateError,
    gaussian::{all_finite, mean_and_sd, same_length, varies},
};

/// The scores of one reference population.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PopulationScores {
    /// Mean.
    pub mean: f64,
    /// Standard deviation (divided by n).
    pub sd: f64,
    /// Every score, ascending.
    pub sorted: Vec<f64>,
}

/// The score distributions of the reference populations, as pgscatalog-utils keeps them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct MostSimilarPopulation {
    /// By population; `None` where it has fewer than two people or a constant score.
    pub populations: Vec<Option<PopulationScores>>,
}

/// A person's place among one population.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct SimilarPopulationScore {
    /// Standard deviations from the population's mean.
    pub z: Estimate,
    /// Percent of the population below, ties counting half (scipy's `percentileofscore` of kind rank).
    pub percentile: Estimate,
}

impl MostSimilarPopulation {
    /// From reference people's scores and populations (`0..populations`).
    ///
    /// # Errors
    /// Vectors of different lengths, scores that are not finite, an unknown population.
    pub fn fit(scores: &[f64], population: &[usize], populations: usize) -> Result<Self, CalibrateError> {
        same_length(population.len(), scores.len(), "populations of the reference")?;
        all_finite(scores, "reference scores")?;
        let mut members = vec![Vec::new(); populations];
        for (score, index) in scores.iter().zip(population) {
            let own = members.get_mut(*index).ok_or(CalibrateError::Unknown {
                what: "population",
                found: *index,
                known: populations,
            })?;
            own.push(*score);
        }
        let populations = members.into_iter().map(|mut sorted| {
            sorted.sort_by(f64::total_cmp);
            let (mean, sd) = mean_and_sd(&sorted);
            (sorted.len() > 1 && varies(mean, sd)).then_some(PopulationScores { mean, sd, sorted })
        });
        Ok(Self { populations: populations.collect() })
    }

    /// A person's place among a population; `None` where that population's score does not vary.
    ///
    /// # Errors
    /// An unknown population.
    pub fn apply(
        &self,
        score: f64,
        population: usize,
    ) -> Result<Option<SimilarPopulationScore>, CalibrateError> {
        let known = self.populations.len();
        let own = self.populations.get(population).ok_or(CalibrateError::Unknown {
            what: "population",
            found: population,
            known,
        })?;
        Ok(own.as_ref().map(|own| own.place(score)))
    }
}

impl PopulationScores {
    fn place(&self, score: f64) -> SimilarPopulationScore {
        let n = self.sorted.len() as f64;
        let z = (score - self.mean) / self.sd;
        let left = self.sorted.partition_point(|value| *value < score);
        let right = self.sorted.partition_point(|value| *value <= score);
        let share = (left + right + usize::from(left < right)) as f64 / (2.0 * n);
        // A share of 0 or 1 among n people is still uncertain: Agresti and Coull's centre keeps its error above zero.
        let centred = (share * n + 2.0) / (n + 4.0);
        SimilarPopulationScore {
            z: Estimate { value: z, standard_error: (1.0 / n + z * z / (2.0 * n)).sqrt() },
            percentile: Estimate {
                value: 100.0 * share,
                standard_error: 100.0 * (centred * (1.0 - centred) / (n + 4.0)).sqrt(),
            },
        }
    }
}
