//! Where people stand in a score: Z, and percentile among all who are seen, or those of their population.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError, Weak},
};

use datafusion::{
    arrow::{
        array::AsArray,
        compute::cast,
        datatypes::{DataType, Float64Type},
    },
    catalog::TableProvider,
    error::DataFusionError,
    execution::memory_pool::MemoryConsumer,
    logical_expr::lit,
    prelude::{SessionContext, ident},
};
use futures::TryStreamExt;
use tokio::sync::OnceCell;

use super::{
    people::People,
    room::{Keeper, Room},
    texts::texts,
    visible::Visible,
};
use crate::EngineError;

/// Bytes for each person of the cohort while a standing is found out: values, their order, and places.
const WORKING: usize = 48;

/// Who is not seen, has no score, or is of no population.
const NOT_THERE: u32 = u32::MAX;

/// Of each person which population it is of.
#[derive(Debug)]
struct Populations {
    /// By the person's number.
    of: Vec<u32>,
    /// How many there are.
    count: usize,
}

/// Where the people of a cohort stand in one score of one run, by their numbers.
#[derive(Debug)]
pub(crate) struct Standing {
    mean: f64,
    sd: f64,
    members: usize,
    /// Twice the people below, of those who are tied half. Of fewer than 2³¹ people.
    places: Vec<u32>,
    /// The same among people of one population; `None` where no ancestry is known.
    in_populations: Option<InPopulations>,
}

#[derive(Debug)]
struct InPopulations {
    populations: Arc<Populations>,
    /// Of each population its members with a score.
    members: Vec<usize>,
    places: Vec<u32>,
}

impl Standing {
    /// Standings by the values of people who are seen; those of the others are NaN.
    fn new(values: &[f64], populations: Option<&Arc<Populations>>) -> Self {
        let seen: Vec<u32> =
            (0..).zip(values).filter(|(_, value)| value.is_finite()).map(|(at, _)| at).collect();
        let there: Vec<f64> = seen.iter().map(|&number| values[number as usize]).collect();
        let mean = there.iter().sum::<f64>() / there.len() as f64;
        let sd = steppe_stats::metrics::sd_of(&there, &vec![1.0; there.len()]).unwrap_or(f64::NAN);
        drop(there);
        let mut places = vec![NOT_THERE; values.len()];
        place(&seen, values, &mut places);
        let in_populations = populations.map(|populations| {
            let mut members = vec![Vec::new(); populations.count];
            for &number in &seen {
                let population =
                    populations.of.get(number as usize).and_then(|&at| members.get_mut(at as usize));
                population.into_iter().for_each(|members| members.push(number));
            }
            let mut places = vec![NOT_THERE; values.len()];
            members.iter().for_each(|members| place(members, values, &mut places));
            let members = members.iter().map(Vec::len).collect();
            InPopulations { populations: Arc::clone(populations), members, places }
        });
        Self { mean, sd, members: seen.len(), places, in_populations }
    }

    /// Bytes that it takes.
    fn memory(&self) -> usize {
        let of_populations = self.in_populations.as_ref().map_or(0, |of| of.places.len());
        size_of::<Self>() + (self.places.len() + of_populations) * size_of::<u32>()
    }

    /// The Z of a value; `None` where all values are alike.
    pub(crate) fn z(&self, value: f64) -> Option<f64> {
        Some((value - self.mean) / self.sd).filter(|z| z.is_finite())
    }

    /// A person's percentile among all, 0 to 100: the share of the others below, ties counting half.
    pub(crate) fn percentile(&self, number: u32) -> Option<f64> {
        percentile(&self.places, number, self.members)
    }

    /// The same among people of one population.
    pub(crate) fn population_percentile(&self, number: u32) -> Option<f64> {
        let InPopulations { populations, members, places } = self.in_populations.as_ref()?;
        let population = *populations.of.get(number as usize)? as usize;
        percentile(places, number, *members.get(population)?)
    }
}

fn percentile(places: &[u32], number: u32, members: usize) -> Option<f64> {
    let twice = *places.get(number as usize).filter(|place| **place != NOT_THERE)?;
    Some(100.0 * (f64::from(twice) / 2.0) / members as f64)
}

/// Places among some people, all of whose values are finite.
fn place(members: &[u32], values: &[f64], places: &mut [u32]) {
    // Zeros of both signs are tied. Whole numbers that are ordered as the values are sort faster.
    let ordered = |value: f64| {
        let bits = (value + 0.0).to_bits();
        if bits >> 63 == 0 { bits | (1 << 63) } else { !bits }
    };
    let mut order: Vec<(u64, u32)> =
        members.iter().map(|&number| (ordered(values[number as usize]), number)).collect();
    order.sort_unstable();
    let mut below = 0;
    for tied in order.chunk_by(|one, other| one.0 == other.0) {
        for &(_, number) in tied {
            places[number as usize] = (2 * below + tied.len()) as u32;
        }
        below += tied.len();
    }
}

/// Finds out standings, from the same files that statements read.
pub(crate) struct Standings {
    people: Arc<People>,
    reader: SessionContext,
    scores: ScoreColumns,
    /// The table that says who is of which population, with its columns of sample ids and populations.
    populations: Option<(Arc<dyn TableProvider>, String, String)>,
    labels: OnceCell<Option<Arc<Populations>>>,
    kept: Arc<KeptStandings>,
    room: Arc<Room>,
}

/// Standings that were found out, each with its name in the room.
#[derive(Debug, Default)]
struct KeptStandings(Mutex<Vec<(u64, Key, Arc<Standing>)>>);

impl KeptStandings {
    fn find(&self, key: &Key) -> Option<(u64, Arc<Standing>)> {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (name, _, standing) = kept.iter().find(|(_, there, _)| there == key)?;
        Some((*name, Arc::clone(standing)))
    }
}

impl Keeper for KeptStandings {
    fn let_go(&self, thing: u64) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).retain(|(name, ..)| *name != thing);
        true
    }
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
        room: Arc<Room>,
    ) -> Self {
        let (labels, kept) = (OnceCell::new(), Arc::default());
        Self { people, reader, scores, populations, labels, kept, room }
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
        if let Some((name, standing)) = self.kept.find(&key) {
            self.use_of(name, &standing);
            return Ok(standing);
        }
        let labels = self.labels.get_or_try_init(|| self.read_labels()).await?;
        let working = MemoryConsumer::new("standings").register(&self.reader.runtime_env().memory_pool);
        working.try_grow(WORKING * self.people.len())?;
        let values = self.read_values(run, score, visible).await?;
        let standing = Arc::new(Standing::new(&values, labels.as_ref()));
        let name = self.room.name();
        let new = (name, key, Arc::clone(&standing));
        self.kept.0.lock().unwrap_or_else(PoisonError::into_inner).push(new);
        self.use_of(name, &standing);
        Ok(standing)
    }

    fn use_of(&self, name: u64, standing: &Standing) {
        let keeper: Weak<KeptStandings> = Arc::downgrade(&self.kept);
        self.room.used(name, standing.memory(), keeper);
    }

    async fn read_values(&self, run: &str, score: &str, visible: &Visible) -> Result<Vec<f64>, EngineError> {
        let ScoreColumns { table, key, value } = &self.scores;
        let is_it = ident("run").eq(lit(run)).and(ident("score").eq(lit(score)));
        let rows = self.reader.read_table(Arc::clone(table))?.filter(is_it)?;
        let mut values = vec![f64::NAN; self.people.len()];
        let mut rows = rows.select(vec![ident(key), ident(value)])?.execute_stream().await?;
        while let Some(batch) = rows.try_next().await? {
            let numbers = self.people.numbers(batch.column(0))?;
            let of_batch = cast(batch.column(1), &DataType::Float64).map_err(DataFusionError::from)?;
            for (number, value) in numbers.iter().zip(of_batch.as_primitive::<Float64Type>()) {
                let Some(number) = number.filter(|number| visible.flags[*number as usize]) else { continue };
                values[number as usize] = value.unwrap_or(f64::NAN);
            }
        }
        Ok(values)
    }

    async fn read_labels(&self) -> Result<Option<Arc<Populations>>, EngineError> {
        let Some((table, key, label)) = &self.populations else { return Ok(None) };
        let rows = self.reader.read_table(Arc::clone(table))?;
        let mut of = vec![NOT_THERE; self.people.len()];
        let mut names: BTreeMap<String, u32> = BTreeMap::new();
        for batch in rows.select(vec![ident(key), ident(label)])?.collect().await? {
            let numbers = self.people.numbers(batch.column(0))?;
            for (number, label) in numbers.iter().zip(texts(batch.column(1))?.iter()) {
                let Some(number) = *number else { continue };
                of[number as usize] = label.map_or(NOT_THERE, |label| match names.get(label) {
                    Some(&at) => at,
                    None => {
                        let at = names.len() as u32;
                        names.insert(label.to_owned(), at);
                        at
                    }
                });
            }
        }
        Ok(Some(Arc::new(Populations { of, count: names.len() })))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signs_and_zeros_are_in_order() {
        let standing = Standing::new(&[0.0, -2.0, -0.0, 1e-300, -1e300, 7.0], None);
        let shown: Vec<_> =
            (0..6).filter_map(|number| standing.percentile(number)).map(|p| p * 0.06).collect();
        assert_eq!(shown, [3.0, 1.5, 3.0, 4.5, 0.5, 5.5]);
    }

    #[test]
    fn percentiles_count_ties_half_and_are_of_those_who_are_there() {
        let values = [1.0, f64::NAN, 2.0, 2.0, 5.0];
        let populations = Arc::new(Populations { of: vec![0, 0, 1, NOT_THERE, 1], count: 2 });
        let standing = Standing::new(&values, Some(&populations));
        let shown: Vec<_> = (0..6).map(|number| standing.percentile(number)).collect();
        assert_eq!(shown, [Some(12.5), None, Some(50.0), Some(50.0), Some(87.5), None]);
        let shown: Vec<_> = (0..5).map(|number| standing.population_percentile(number)).collect();
        assert_eq!(shown, [Some(50.0), None, Some(25.0), None, Some(75.0)]);
        assert_eq!(standing.z(2.5), Some(0.0));
        assert_eq!(Standing::new(&[3.0, 3.0], None).z(3.0), None, "all alike");
        assert_eq!(Standing::new(&[3.0], None).population_percentile(0), None);
    }
}
