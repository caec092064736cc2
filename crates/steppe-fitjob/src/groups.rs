//! Populations of the samples that take part, and what training samples weigh.

use super::{covariates::Covariate, options::PopulationWeights};
use steppe_engine::EngineError;

/// The word that tables use for all populations together.
pub(super) const ALL: &str = "ALL";

/// Populations by sample.
#[derive(Debug, Clone)]
pub(super) struct Groups {
    /// Names, sorted.
    pub(super) names: Vec<String>,
    /// Each sample's population.
    pub(super) of: Vec<u32>,
}

impl Groups {
    /// Numbers the labels of the samples that take part.
    pub(super) fn new(labels: &[&str]) -> Result<Self, EngineError> {
        let mut names: Vec<&str> = labels.to_vec();
        names.sort_unstable();
        names.dedup();
        if names.contains(&ALL) {
            return Err(EngineError::refused(
                format!("a population is named {ALL}, which stands for all populations in the tables"),
                "rename it",
            ));
        }
        let of = labels.iter().map(|label| names.partition_point(|name| name < label) as u32).collect();
        Ok(Self { names: names.into_iter().map(str::to_owned).collect(), of })
    }

    /// Indicators of all populations but the first: with the intercept, each has an intercept of its own.
    pub(super) fn indicators(&self) -> Vec<Covariate> {
        let indicator = |(population, name): (u32, &String)| Covariate {
            name: format!("population={name}"),
            values: self.of.iter().map(|of| f64::from(u8::from(*of == population))).collect(),
        };
        (0..).zip(&self.names).skip(1).map(indicator).collect()
    }

    /// Samples of each population that `counts` is true of.
    pub(super) fn tally(&self, counts: impl Fn(usize) -> bool) -> Vec<u64> {
        let mut tally = vec![0; self.names.len()];
        for (sample, population) in self.of.iter().enumerate() {
            tally[*population as usize] += u64::from(counts(sample));
        }
        tally
    }
}

/// What training samples weigh.
#[derive(Debug, Clone)]
pub(super) struct Weighting {
    /// Weights by sample; 1 each without.
    pub(super) given: Option<Vec<f64>>,
    scheme: Scheme,
}

#[derive(Debug, Clone)]
enum Scheme {
    Unchanged,
    Equal,
    /// By population.
    Factors(Vec<f64>),
}

impl Weighting {
    /// Resolves names of populations.
    pub(super) fn new(
        given: Option<Vec<f64>>,
        weights: Option<&PopulationWeights>,
        groups: Option<&Groups>,
    ) -> Result<Self, EngineError> {
        let scheme = match (weights, groups) {
            (Some(PopulationWeights::Equal), Some(_)) => Scheme::Equal,
            (Some(PopulationWeights::Named(named)), Some(groups)) => Scheme::Factors(factors(named, groups)?),
            _ => Scheme::Unchanged,
        };
        Ok(Self { given, scheme })
    }

    /// The weight that the file gives a sample.
    pub(super) fn base(&self, sample: usize) -> f64 {
        self.given.as_ref().map_or(1.0, |weights| weights[sample])
    }

    /// Weights of all samples where those that `trains` is true of train; empty for 1 each.
    pub(super) fn weights(
        &self,
        samples: usize,
        groups: Option<&Groups>,
        trains: impl Fn(usize) -> bool,
    ) -> Vec<f64> {
        let factors = match (&self.scheme, groups) {
            (Scheme::Unchanged, _) | (_, None) if self.given.is_none() => return Vec::new(),
            (Scheme::Unchanged, _) | (_, None) => None,
            (Scheme::Factors(factors), Some(groups)) => Some((factors.clone(), groups)),
            (Scheme::Equal, Some(groups)) => {
                let mut totals = vec![0.0; groups.names.len()];
                for sample in (0..samples).filter(|sample| trains(*sample)) {
                    totals[groups.of[sample] as usize] += self.base(sample);
                }
                let all: f64 = totals.iter().sum();
                let present = totals.iter().filter(|total| **total > 0.0).count() as f64;
                let share = |total: &f64| if *total > 0.0 { all / (present * total) } else { 1.0 };
                Some((totals.iter().map(share).collect(), groups))
            }
        };
        let factor = |sample: usize| {
            factors.as_ref().map_or(1.0, |(factors, groups)| factors[groups.of[sample] as usize])
        };
        (0..samples).map(|sample| self.base(sample) * factor(sample)).collect()
    }
}

fn factors(named: &[(String, f64)], groups: &Groups) -> Result<Vec<f64>, EngineError> {
    let mut factors = vec![1.0; groups.names.len()];
    let mut seen = vec![false; groups.names.len()];
    for (name, weight) in named {
        let Some(at) = groups.names.iter().position(|known| known == name) else {
            return Err(EngineError::refused(
                format!("population weights: no sample that takes part is of population {name:?}"),
                format!("the populations are {}", groups.names.join(", ")),
            ));
        };
        if !weight.is_finite() || *weight < 0.0 {
            return Err(EngineError::refused(
                format!("population weights: {name:?} has weight {weight}"),
                "give a number of 0 or more",
            ));
        }
        if std::mem::replace(&mut seen[at], true) {
            return Err(EngineError::refused(
                format!("population weights: {name:?} has two weights"),
                "name every population once",
            ));
        }
        factors[at] = *weight;
    }
    Ok(factors)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_totals_and_named_weights() {
        let groups = Groups::new(&["KAZ", "EUR", "EUR", "EUR", "KAZ"]).unwrap();
        assert_eq!(groups.of, [1, 0, 0, 0, 1]);
        let given = Some(vec![1.0, 1.0, 2.0, 1.0, 9.0]);
        let equal = Weighting::new(given, Some(&PopulationWeights::Equal), Some(&groups)).unwrap();
        // The last sample does not train.
        let weights = equal.weights(5, Some(&groups), |sample| sample < 4);
        assert!((weights[0] - weights[1..4].iter().sum::<f64>()).abs() < 1e-12, "{weights:?}");
        assert_eq!(weights[2], 2.0 * weights[1]);
        let named = PopulationWeights::Named(vec![("KAZ".to_owned(), 4.0)]);
        let named = Weighting::new(None, Some(&named), Some(&groups)).unwrap();
        assert_eq!(named.weights(5, Some(&groups), |_| true), [4.0, 1.0, 1.0, 1.0, 4.0]);
        assert!(
            Weighting::new(None, None, Some(&groups)).unwrap().weights(5, Some(&groups), |_| true).is_empty()
        );
        let wrong = PopulationWeights::Named(vec![("Kaz".to_owned(), 4.0)]);
        let message = Weighting::new(None, Some(&wrong), Some(&groups)).unwrap_err().to_string();
        assert!(message.ends_with("of population \"Kaz\"; the populations are EUR, KAZ"), "{message}");
    }
}
