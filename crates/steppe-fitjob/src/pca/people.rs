//! The people of a reference: who makes its components, and whose populations they stand for.

use steppe_calibrate::ancestry::Populations;
use steppe_engine::EngineError;
use steppe_store::SampleTable;

use super::{
    super::{
        calibrated::failed,
        columns::TextBySample,
        inputs::Inputs,
        record::SampleCounts,
        selection::{Selection, on_list},
    },
    PcaJobOptions,
};

/// People and what is known of them.
pub(super) struct People {
    /// Ascending indices in the cohort.
    pub(super) samples: Vec<u32>,
    /// Who makes the components.
    pub(super) members: Vec<bool>,
    /// Their populations, where there is a column.
    pub(super) labels: Option<Vec<Option<String>>>,
    pub(super) counts: SampleCounts,
    /// Entries of lists that name nobody.
    pub(super) unknown: u64,
}

impl People {
    pub(super) fn read(
        options: &PcaJobOptions,
        samples: &SampleTable,
        inputs: &mut Inputs,
    ) -> Result<Self, EngineError> {
        let lists = Selection::read(samples, options.keep.as_deref(), options.remove.as_deref(), inputs)?;
        let (unrelated, nobody) = on_list("unrelated", options.unrelated.as_deref(), samples, inputs)?;
        let column = options.population.as_ref();
        let column = column.map(|of| TextBySample::read("population", of, samples, inputs)).transpose()?;
        let (taking, counts) = lists.taking();
        let members: Vec<bool> = taking.iter().map(|sample| unrelated[*sample as usize]).collect();
        let label = |column: &TextBySample, sample: &u32| column.get(*sample as usize).map(str::to_owned);
        let labels = column.map(|column| taking.iter().map(|of| label(&column, of)).collect::<Vec<_>>());
        let people = Self { samples: taking, members, labels, counts, unknown: lists.unknown + nobody };
        people.checked()
    }

    fn checked(mut self) -> Result<Self, EngineError> {
        if !self.members.contains(&true) {
            return Err(EngineError::refused(
                "nobody is left to make components",
                "check the lists of samples to keep, to remove and of unrelated people",
            ));
        }
        if let Some(populations) = self.all_populations()? {
            self.counts.populations = populations
                .names
                .iter()
                .enumerate()
                .map(|(at, name)| (name.clone(), populations.people(at).len() as u64))
                .collect();
        }
        Ok(self)
    }

    /// Populations of all people of the matrix; those who do not make the components have none.
    pub(super) fn all_populations(&self) -> Result<Option<Populations>, EngineError> {
        let Some(labels) = &self.labels else { return Ok(None) };
        let label = |(label, member): (&'_ Option<String>, &bool)| label.clone().filter(|_| *member);
        let labels: Vec<Option<String>> = labels.iter().zip(&self.members).map(label).collect();
        let labels: Vec<Option<&str>> = labels.iter().map(Option::as_deref).collect();
        Populations::new(&labels).map(Some).map_err(failed)
    }

    /// Of values by person those of the people who make the components.
    pub(super) fn of_members<T: Clone>(&self, values: &[T]) -> Vec<T> {
        let those = values.iter().zip(&self.members).filter(|(_, member)| **member);
        those.map(|(value, _)| value.clone()).collect()
    }

    pub(super) fn notices(&self, options: &PcaJobOptions) -> Vec<String> {
        let mut notices = Vec::new();
        let Some(labels) = &self.labels else {
            notices.push(
                "no populations are given: nobody can be compared to these people's populations later"
                    .to_owned(),
            );
            return notices;
        };
        let without = labels.iter().filter(|label| label.is_none()).count();
        if without > 0 {
            notices.push(format!("{without} people have no population and stand for none"));
        }
        if let [(name, _)] = &self.counts.populations[..] {
            notices
                .push(format!("all are of population {name}: nobody can be compared to populations later"));
        }
        for (name, people) in &self.counts.populations {
            if *people < options.pca.components as u64 {
                notices.push(format!(
                    "population {name} has {people} people, fewer than components: its shape is borrowed from the others"
                ));
            }
        }
        notices
    }
}
