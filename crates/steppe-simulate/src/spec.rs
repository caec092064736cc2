use std::collections::BTreeSet;

use steppe_genome::GenomeBuild;

use crate::SimulateError;

/// The ghost populations that everybody descends from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// West Eurasian.
    West,
    /// East Eurasian.
    East,
}

/// Where a population's chromosomes come from.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Ancestry {
    /// From one source.
    Pure(Source),
    /// From both, since one pulse of admixture.
    Admixed {
        /// The mean share of the East, in 0..=1.
        east: f64,
        /// The standard deviation of that share between people.
        spread: f64,
        /// Generations since the pulse.
        generations: u32,
    },
}

/// A population of a cohort.
#[derive(Debug, Clone, PartialEq)]
pub struct PopulationSpec {
    /// Its name, also the start of its sample ids.
    pub name: String,
    /// How many people.
    pub samples: u32,
    /// Where they come from.
    pub ancestry: Ancestry,
}

/// A cohort to simulate.
#[derive(Debug, Clone, PartialEq)]
pub struct CohortSpec {
    /// The seed of everything.
    pub seed: u64,
    /// The populations, in sample order.
    pub populations: Vec<PopulationSpec>,
    /// How many variants, over chromosomes 1–22 and X.
    pub variants: u32,
    /// The share of missing calls, at most 0.5.
    pub missing_rate: f64,
    /// The share of every population, at most 0.5, that are children of two others of it; they come last in it.
    pub children: f64,
    /// The build that the files claim; positions are within its chromosomes.
    pub build: GenomeBuild,
    /// Replace existing files.
    pub overwrite: bool,
    /// Threads; they do not change the result.
    pub threads: usize,
}

/// The least number of variants: every chromosome needs some.
pub(crate) const LEAST_VARIANTS: u32 = 230;

impl CohortSpec {
    /// Europeans, East Asians and Kazakh-like people: 60 % East (standard deviation 6 % between people), 30
    /// generations after admixture; one in fifty is a child of two others.
    pub fn demo() -> Self {
        let population =
            |name: &str, samples, ancestry| PopulationSpec { name: name.to_owned(), samples, ancestry };
        Self {
            seed: 20_261_121,
            populations: vec![
                population("EUR", 2_000, Ancestry::Pure(Source::West)),
                population("EAS", 1_500, Ancestry::Pure(Source::East)),
                population("KAZ", 1_500, Ancestry::Admixed { east: 0.6, spread: 0.06, generations: 30 }),
            ],
            variants: 40_000,
            missing_rate: 0.01,
            children: 0.02,
            build: GenomeBuild::Grch38,
            overwrite: false,
            threads: 2,
        }
    }

    /// Refuses what can not be simulated.
    pub(crate) fn check(&self) -> Result<(), SimulateError> {
        if self.samples() == 0 || self.variants < LEAST_VARIANTS {
            return Err(SimulateError::Empty { least: LEAST_VARIANTS, found: self.variants });
        }
        SimulateError::check_share("missing rate", self.missing_rate, 0.5)?;
        SimulateError::check_share("children", self.children, 0.5)?;
        let mut names = BTreeSet::new();
        for population in &self.populations {
            if let Ancestry::Admixed { east, spread, .. } = population.ancestry {
                SimulateError::check_share("east share", east, 1.0)?;
                SimulateError::check_share("spread of the east share", spread, 1.0)?;
            }
            if !names.insert(population.name.as_str()) {
                let remedy = "give every population another name, since sample ids start with it";
                return Err(SimulateError::Invalid {
                    field: "population",
                    value: population.name.clone(),
                    remedy,
                });
            }
        }
        Ok(())
    }

    /// How many people in all.
    pub fn samples(&self) -> usize {
        self.populations.iter().map(|population| population.samples as usize).sum()
    }
}
