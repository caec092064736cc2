//! The people that a person is compared to: their allele frequencies, and their scores.

use steppe_engine::{
    EngineError, EngineMatrix,
    score::{RowEffect, ScoreJob},
};
use steppe_fit::{FitError, GenotypeMatrix};

use super::{
    super::{columns::TextBySample, inputs::Inputs},
    ExplainOptions,
};

/// Fewer people than this give rough frequencies.
const FEW: usize = 50;

/// A population of the cohort.
pub(super) struct Population {
    pub(super) name: String,
    /// Its people's indices in the cohort, ascending.
    pub(super) people: Vec<u32>,
    /// Whether frequencies are counted in these people; else they are those that missing calls are imputed from.
    counted: bool,
}

impl Population {
    /// The population of a sample.
    pub(super) fn of(
        options: &ExplainOptions,
        job: &ScoreJob,
        sample: usize,
        inputs: &mut Inputs,
    ) -> Result<Self, EngineError> {
        let founders = || (0..job.samples.len()).filter(|at| job.samples.founder[*at]);
        let all = |those: &mut dyn Iterator<Item = usize>| those.map(|at| at as u32).collect();
        let Some(column) = &options.population else {
            let name = match &options.scoring.frequency_file {
                Some(_) => "the frequency file",
                None => "the cohort's founders",
            };
            return Ok(Self { name: name.to_owned(), people: all(&mut founders()), counted: false });
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
        let mut those = (0..job.samples.len()).filter(|at| labels.get(*at) == Some(name));
        Ok(Self { name: name.to_owned(), people: all(&mut those), counted: true })
    }

    /// What the user should know.
    pub(super) fn notices(&self) -> Vec<String> {
        let people = self.people.len();
        match self.counted && people < FEW {
            true => {
                vec![format!("frequencies are those of {people} people of {}: they are rough", self.name)]
            }
            false => Vec::new(),
        }
    }

    /// The counted allele's frequency at each row, in a matrix whose counts are over these people; `None` where none of
    /// them has a call.
    pub(super) fn frequencies(&self, matrix: &EngineMatrix<'_>, effects: &[RowEffect]) -> Vec<Option<f64>> {
        let of = |effect: &RowEffect| {
            if !self.counted {
                return Some(effect.frequency);
            }
            let [none, one, two, _] = matrix.counts()[effect.variant as usize];
            let called = none + one + two;
            (called > 0).then(|| (one + 2 * two) as f64 / (2 * called) as f64)
        };
        effects.iter().map(of).collect()
    }
}

/// The score of everybody of a matrix, each under the tables of the person who is explained.
pub(super) fn scores(matrix: &EngineMatrix<'_>, effects: &[RowEffect]) -> Result<Vec<f64>, EngineError> {
    let tables = vec![effects.iter().map(|effect| (effect.variant, effect.adds)).collect()];
    let mut sums = matrix.forward_tables(&tables).map_err(FitError::from)?;
    Ok(sums.pop().unwrap_or_default())
}
