//! Where people stand in a score: Z, and percentile among all who are seen, or those of their population.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex},
};

use datafusion::{
    arrow::{
        array::AsArray,
        compute::cast,
        datatypes::{DataType, Float64Type},
    },
    catalog::TableProvider,
    error::DataFusionError,
    logical_expr::lit,
    prelude::{SessionContext, ident},
};
use tokio::sync::OnceCell;

use super::{people::People, visible::Visible};
use crate::{EngineError, sql::functions::percentiles};

/// Scores whose standings are kept.
const KEPT: usize = 64;

/// Where the people of a cohort stand in one score of one run, by their numbers. Who is not seen or has no score is NaN.
#[derive(Debug)]
pub(crate) struct Standing {
    mean: f64,
    sd: f64,
    /// 0 to 100: the share of the others below, ties counting half.
    pub(crate) percentiles: Vec<f64>,
    /// The same among people of one population; empty where no ancestry is known.
    pub(crate) population_percentiles: Vec<f64>,
}

impl Standing {
    /// Standings by the values of `seen` people.
    fn new(values: &[f64], populations: Option<&[Option<Box<str>>]>) -> Self {
        let seen: Vec<u32> =
            (0..).zip(values).filter(|(_, value)| value.is_finite()).map(|(at, _)| at).collect();
        let weights = vec![1.0; seen.len()];
        let there: Vec<f64> = seen.iter().map(|&number| values[number as usize]).collect();
        let mean = there.iter().sum::<f64>() / there.len() as f64;
        let sd = steppe_stats::metrics::sd_of(&there, &weights).unwrap_or(f64::NAN);
        let mut percentiles = vec![f64::NAN; values.len()];
        rank(&seen, values, &mut percentiles);
        let mut population_percentiles = Vec::new();
        if let Some(populations) = populations {
            population_percentiles = vec![f64::NAN; values.len()];
            let population = |number: &u32| populations.get(*number as usize).and_then(Option::as_deref);
            let mut members: Vec<u32> =
                seen.into_iter().filter(|number| population(number).is_some()).collect();
            members.sort_by_key(|number| population(number));
            for of_one in members.chunk_by(|one, other| population(one) == population(other)) {
                rank(of_one, values, &mut population_percentiles);
            }
        }
        Self { mean, sd, percentiles, population_percentiles }
    }

    /// The Z of a value; `None` where all values are alike.
    pub(crate) fn z(&self, value: f64) -> Option<f64> {
        Some((value - self.mean) / self.sd).filter(|z| z.is_finite())
    }
}

/// Percentiles among some people.
fn rank(members: &[u32], values: &[f64], into: &mut [f64]) {
    let there: Vec<Option<f64>> = members.iter().map(|&number| Some(values[number as usize])).collect();
    for (&number, percentile) in members.iter().zip(percentiles(&there)) {
        into[number as usize] = percentile.unwrap_or(f64::NAN);
    }
}

/// Finds out standings, from the same files that statements read.
pub(crate) struct Standings {
    people: Arc<People>,
    reader: SessionContext,
    scores: ScoreColumns,
    /// The table that says who is of which population, with its columns of sample ids and populations.
    populations: Option<(Arc<dyn TableProvider>, String, String)>,
    labels: OnceCell<Option<Vec<Option<Box<str>>>>>,
    kept: Mutex<VecDeque<(Key, Arc<Standing>)>>,
}

/// The table of scores as it is in files.
#[derive(Debug, Clone)]
pub(crate) struct ScoreColumns {
    /// The table.
    pub(crate) table: Arc<dyn TableProvider>,
    /// Column of sample ids.
    pub(crate) key: String,
    /// Column of the value whose standing is asked.
    pub(crate) value: String,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Key {
    run: Box<str>,
    score: Box<str>,
    visible: u64,
}

impl std::fmt::Debug for Standings {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Standings").field("scores", &self.scores).finish_non_exhaustive()
    }
}

impl Standings {
    /// Standings in the scores of a table.
    pub(crate) fn new(
        people: Arc<People>,
        reader: SessionContext,
        scores: ScoreColumns,
        populations: Option<(Arc<dyn TableProvider>, String, String)>,
    ) -> Self {
        let (labels, kept) = (OnceCell::new(), Mutex::default());
        Self { people, reader, scores, populations, labels, kept }
    }

    /// Whether standings among people of one population are known.
    pub(crate) fn have_populations(&self) -> bool {
        self.populations.is_some()
    }

    /// Where the people who are seen stand in one score of one run.
    ///
    /// # Errors
    /// Files that can not be read.
    pub(crate) async fn of(
        &self,
        run: &str,
        score: &str,
        visible: &Visible,
    ) -> Result<Arc<Standing>, EngineError> {
        let key = Key { run: run.into(), score: score.into(), visible: visible.version };
        if let Some(standing) = self.kept(&key) {
            return Ok(standing);
        }
        let labels = self.labels.get_or_try_init(|| self.read_labels()).await?;
        let values = self.read_values(run, score, visible).await?;
        let standing = Arc::new(Standing::new(&values, labels.as_deref()));
        if let Ok(mut kept) = self.kept.lock() {
            kept.push_front((key, Arc::clone(&standing)));
            kept.truncate(KEPT);
        }
        Ok(standing)
    }

    fn kept(&self, key: &Key) -> Option<Arc<Standing>> {
        let mut kept = self.kept.lock().ok()?;
        let at = kept.iter().position(|(there, _)| there == key)?;
        let found = kept.remove(at)?;
        let standing = Arc::clone(&found.1);
        kept.push_front(found);
        Some(standing)
    }

    async fn read_values(&self, run: &str, score: &str, visible: &Visible) -> Result<Vec<f64>, EngineError> {
        let ScoreColumns { table, key, value } = &self.scores;
        let is_it = ident("run").eq(lit(run)).and(ident("score").eq(lit(score)));
        let rows = self.reader.read_table(Arc::clone(table))?.filter(is_it)?;
        let mut values = vec![f64::NAN; self.people.len()];
        for batch in rows.select(vec![ident(key), ident(value)])?.collect().await? {
            let numbers = self.people.numbers(batch.column(0))?;
            let of_batch = cast(batch.column(1), &DataType::Float64).map_err(DataFusionError::from)?;
            for (number, value) in numbers.iter().zip(of_batch.as_primitive::<Float64Type>()) {
                let Some(number) = number.filter(|number| visible.flags[*number as usize]) else { continue };
                values[number as usize] = value.unwrap_or(f64::NAN);
            }
        }
        Ok(values)
    }

    async fn read_labels(&self) -> Result<Option<Vec<Option<Box<str>>>>, EngineError> {
        let Some((table, key, label)) = &self.populations else { return Ok(None) };
        let rows = self.reader.read_table(Arc::clone(table))?;
        let mut labels: Vec<Option<Box<str>>> = vec![None; self.people.len()];
        for batch in rows.select(vec![ident(key), ident(label)])?.collect().await? {
            let numbers = self.people.numbers(batch.column(0))?;
            let of_batch = cast(batch.column(1), &DataType::Utf8).map_err(DataFusionError::from)?;
            for (number, label) in numbers.iter().zip(of_batch.as_string::<i32>()) {
                let Some(number) = *number else { continue };
                labels[number as usize] = label.map(Box::from);
            }
        }
        Ok(Some(labels))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_count_ties_half_and_are_of_those_who_are_there() {
        let values = [1.0, f64::NAN, 2.0, 2.0, 5.0];
        let label = |name: &str| Some(Box::from(name));
        let populations = [label("a"), label("a"), label("b"), None, label("b")];
        let standing = Standing::new(&values, Some(&populations));
        let shown = |percentiles: &[f64]| -> Vec<Option<f64>> {
            percentiles.iter().map(|value| Some(*value).filter(|value| value.is_finite())).collect()
        };
        assert_eq!(shown(&standing.percentiles), [Some(12.5), None, Some(50.0), Some(50.0), Some(87.5)]);
        let expected = [Some(50.0), None, Some(25.0), None, Some(75.0)];
        assert_eq!(shown(&standing.population_percentiles), expected);
        assert_eq!(standing.z(2.5), Some(0.0));
        assert_eq!(Standing::new(&[3.0, 3.0], None).z(3.0), None, "all alike");
    }
}
