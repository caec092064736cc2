//! The populations of a reference.

use serde::{Deserialize, Serialize};

use crate::error::CalibrateError;

/// Which population each person of a reference belongs to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Populations {
    /// Names, ascending.
    pub names: Vec<String>,
    /// Per person the place of the population among the names; `None` for people without one, who train nothing.
    pub of_person: Vec<Option<u32>>,
}

impl Populations {
    /// From a label for each person, `None` for those who have none or should not train (relatives).
    ///
    /// # Errors
    /// When nobody has a label.
    pub fn new(labels: &[Option<&str>]) -> Result<Self, CalibrateError> {
        let mut names: Vec<String> = labels.iter().flatten().map(|name| (*name).to_owned()).collect();
        names.sort_unstable();
        names.dedup();
        if names.is_empty() {
            return Err(CalibrateError::Unlabelled { people: labels.len() });
        }
        let place =
            |label: &str| names.binary_search_by(|name| name.as_str().cmp(label)).ok().map(|at| at as u32);
        let of_person = labels.iter().map(|label| label.and_then(place)).collect();
        Ok(Self { names, of_person })
    }

    /// People without a population: they train nothing.
    pub fn unlabelled(&self) -> usize {
        self.of_person.iter().filter(|population| population.is_none()).count()
    }

    /// The places of a population's people.
    pub fn people(&self, population: usize) -> Vec<usize> {
        let here = |person: &usize| self.of_person[*person] == Some(population as u32);
        (0..self.of_person.len()).filter(here).collect()
    }

    /// The same populations with only some of the people.
    pub(super) fn only(&self, keep: impl Fn(usize) -> bool) -> Self {
        let of_person = self.of_person.iter().enumerate();
        let of_person = of_person.map(|(person, population)| population.filter(|_| keep(person))).collect();
        Self { names: self.names.clone(), of_person }
    }

    /// Checks that there is a label place for each row of scores and that enough components are there.
    pub(super) fn check(&self, rows: usize, columns: usize, components: usize) -> Result<(), CalibrateError> {
        if self.of_person.len() != rows {
            let (expected, found) = (rows, self.of_person.len());
            return Err(CalibrateError::Length { what: "populations of people", expected, found });
        }
        if components == 0 || components > columns {
            return Err(CalibrateError::Components { wanted: components, there: columns });
        }
        Ok(())
    }
}
