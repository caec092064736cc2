//! The people that a person is compared to: their allele frequencies, and their scores.

use steppe_engine::{
    EngineError, EngineMatrix,
    score::{RowEffect, ScoreJob},
};
use steppe_fit::{FitError, GenotypeMatrix};
use steppe_store::Cohort;

use super::{
    super::{cohort_job::Passes, columns::TextBySample, inputs::Inputs},
    ExplainOptions,
};

/// Fewer people than this give rough frequencies.
const FEW: usize = 50;

/// A population of the cohort.
pub(super) struct Population {
    /// Empty where none is known.
    pub(super) name: String,
    /// Its people's indices in the cohort, ascending; without them frequencies are those that missing calls are imputed
    /// from.
    people: Option<Vec<u32>>,
}

impl Population {
    /// The population of a sample.
    pub(super) fn of(
        options: &ExplainOptions,
        job: &ScoreJob,
        sample: usize,
        inputs: &mut Inputs,
    ) -> Result<Self, EngineError> {
        let Some(column) = &options.population else {
            return Ok(Self { name: String::new(), people: None });
        };
        let labels = TextBySample::read("population", column, &job.samples, inputs)?;
        let Some(name) = labels.get(sample) else {
            return Err(EngineError::refused(
                format!(
                    "{}: the person has no population in column {}",
                    column.file.display(),
                    column.column
                ),
                "give one there, or leave --population out: the cohort's founders are the comparison then",
            ));
        };
        let those = (0..job.samples.len()).filter(|at| labels.get(*at) == Some(name));
        Ok(Self { name: name.to_owned(), people: Some(those.map(|at| at as u32).collect()) })
    }

    /// What the user should know.
    pub(super) fn notices(&self) -> Vec<String> {
        match &self.people {
            Some(people) if people.len() < FEW => {
                let (count, name) = (people.len(), &self.name);
                vec![format!("frequencies are those of {count} people of {name}: they are rough")]
            }
            _ => Vec::new(),
        }
    }

    /// Whose frequencies these are, as a sentence takes it.
    pub(super) fn told(&self, options: &ExplainOptions) -> String {
        match (&self.people, &options.scoring.frequency_file) {
            (Some(people), _) => format!("the {} people of {}", people.len(), self.name),
            (None, Some(_)) => "the frequency file".to_owned(),
            (None, None) => "the cohort's founders".to_owned(),
        }
    }

    /// The counted allele's frequency at each row, `None` where nobody has a call; and where it is asked for everybody's
    /// score, under the tables of the person who is explained. A pass for each that has to be computed.
    pub(super) fn read(
        &self,
        passes: &Passes<'_>,
        cohort: &Cohort,
        effects: &[RowEffect],
        distribution: bool,
    ) -> Result<(Vec<Option<f64>>, Vec<f64>), EngineError> {
        let Some(people) = &self.people else {
            return Ok((effects.iter().map(|effect| Some(effect.frequency)).collect(), Vec::new()));
        };
        passes.over(cohort, (people, &vec![true; people.len()]), |matrix| {
            let frequencies = effects.iter().map(|effect| frequency(matrix, effect)).collect();
            let scores = match distribution {
                true => scores(matrix, effects)?,
                false => Vec::new(),
            };
            Ok((frequencies, scores))
        })
    }
}

fn frequency(matrix: &EngineMatrix<'_>, effect: &RowEffect) -> Option<f64> {
    let [none, one, two, _] = matrix.counts()[effect.variant as usize];
    let called = none + one + two;
    (called > 0).then(|| (one + 2 * two) as f64 / (2 * called) as f64)
}

fn scores(matrix: &EngineMatrix<'_>, effects: &[RowEffect]) -> Result<Vec<f64>, EngineError> {
    let tables = vec![effects.iter().map(|effect| (effect.variant, effect.adds)).collect()];
    let mut sums = matrix.forward_tables(&tables).map_err(FitError::from)?;
    Ok(sums.pop().unwrap_or_default())
}
