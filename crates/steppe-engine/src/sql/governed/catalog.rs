//! The tables of cohorts, before anybody's policy.
//!
//! | table | about | one row per |
//! |---|---|---|
//! | `samples` | persons (phenotypes) | person of the cohort |
//! | *those registered* | persons (phenotypes) | row of the file |
//! | `scores` | persons (scores) | run, person and score |
//! | `calibrated_scores` | persons (scores) | run, person and score |
//! | `sample_ancestry` | persons (ancestry) | run and person |
//! | `cohorts` | nobody | cohort that the user may ask of, with its rules |
//! | `variants` | nobody | variant of the cohort, without its counts of genotypes |
//! | `score_sets`, `score_variants`, `match_log` | nobody | run and score; matched row; row of a scoring file |
//! | `populations` | nobody | run and population of an ancestry |
//! | `metrics` | nobody | number of an evaluation, of no fewer people than the minimum cell |
//! | `jobs`, `runs` | nobody | run: when and how long; what of which cohort |

mod of_nobody;

use std::{collections::BTreeMap, sync::Arc};

use datafusion::{catalog::TableProvider, prelude::SessionContext};
use steppe_privacy::policy::ColumnClass;
use steppe_store::{Cohort, Location};

use super::{
    bands::{ScoreColumns, Standings},
    measured::Measured,
    people::People,
    room::Room,
    visible::PersonFile,
};
use crate::{
    EngineError,
    sql::{
        OnDemandSource, files,
        on_demand::{OnDemand, without_runs},
        run_files::RunFiles,
        runs::{self, NamedRun},
        session::off_runtime,
    },
};

/// The value of a score whose Z and percentile are shown.
const VALUE: &str = "sum";
/// The column of sample ids in the tables of runs and cohorts.
const SAMPLE_ID: &str = "sample_id";
/// The columns of sample ids that files of phenotypes usually have.
const USUAL_KEYS: [&str; 4] = [SAMPLE_ID, "IID", "#IID", "iid"];

/// A file of phenotypes.
#[derive(Debug, Clone)]
pub struct PhenotypeSource {
    /// The table's name.
    pub name: String,
    /// Parquet, CSV or tab-separated text.
    pub file: Location,
    /// Its column of sample ids.
    pub key: String,
}

impl PhenotypeSource {
    /// A file whose column of sample ids is `key`, or else the first of `sample_id`, `IID`, `#IID` and `iid` that is there.
    ///
    /// # Errors
    /// A file that can not be read; none of these columns.
    pub async fn find(name: &str, file: &Location, key: Option<&str>) -> Result<Self, EngineError> {
        let rows = files::read(&SessionContext::new(), file).await?;
        let is_there = |wanted: &&str| rows.schema().fields().iter().any(|field| field.name() == wanted);
        let wanted = key.map_or(USUAL_KEYS.to_vec(), |key| vec![key]);
        let Some(key) = wanted.iter().copied().find(is_there) else {
            return Err(EngineError::refused(
                format!("{file}: there is no column {}", wanted.join(", ")),
                "name its column of sample ids",
            ));
        };
        Ok(Self { name: name.to_owned(), file: file.clone(), key: key.to_owned() })
    }
}

/// A cohort whose tables are asked of.
#[derive(Debug, Clone)]
pub struct CohortSource {
    /// The name by which the policy knows it.
    pub name: String,
    /// The cohort store.
    pub location: Location,
    /// Results of jobs on it.
    pub results: Vec<Location>,
    /// Files of phenotypes.
    pub phenotypes: Vec<PhenotypeSource>,
    /// How scores that no run has are computed.
    pub on_demand: Option<OnDemandSource>,
}

/// A table of a cohort.
#[derive(Debug, Clone)]
pub(super) struct CatalogTable {
    pub(super) name: String,
    pub(super) table: Arc<dyn TableProvider>,
    pub(super) about: About,
}

/// What a table is about.
#[derive(Debug, Clone)]
pub(super) enum About {
    /// Nobody: everybody who sees anything of the cohort sees it.
    Nobody,
    /// Nobody, by counts of people in columns `n` and `cases`: rows of few are left out.
    Counts,
    /// Persons.
    Persons {
        /// Of which class it is.
        class: ColumnClass,
        /// Its column of sample ids.
        key: String,
        /// Whether it has scores with Z and percentile.
        has_standings: bool,
    },
}

/// A cohort, opened.
#[derive(Debug)]
pub(super) struct CohortCatalog {
    pub(super) name: String,
    pub(super) people: Arc<People>,
    /// Files in which conditions on persons are looked up.
    pub(super) files: Vec<PersonFile>,
    pub(super) tables: Vec<CatalogTable>,
    pub(super) standings: Option<Arc<Standings>>,
    /// Variants of each score.
    pub(super) variants: BTreeMap<String, usize>,
    /// What those of few variants give away.
    pub(super) measured: Measured,
    /// The scores that each run computed.
    pub(super) scores: BTreeMap<String, Vec<String>>,
    /// What computes others.
    pub(super) on_demand: Option<Arc<OnDemand>>,
}

impl CohortCatalog {
    /// Opens a cohort's tables.
    ///
    /// # Errors
    /// A cohort, result or file that can not be read; two tables of one name.
    pub(super) async fn open(
        source: &CohortSource,
        reader: &SessionContext,
        secret: &[u8; 32],
        room: &Arc<Room>,
    ) -> Result<Self, EngineError> {
        let (name, location, secret) = (source.name.clone(), source.location.clone(), *secret);
        let people =
            off_runtime(move || People::of_cohort(&name, &Cohort::open(&location)?, &secret)).await?;
        let on_demand = match &source.on_demand {
            Some(on_demand) => Some(Arc::new(OnDemand::open(on_demand, &source.location).await?)),
            None => None,
        };
        Self::of_people((source, reader, room), Arc::new(people), on_demand).await
    }

    /// Opens the tables again, among them those of runs that were computed since.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub(super) async fn reopened(
        &self,
        source: &CohortSource,
        reader: &SessionContext,
        room: &Arc<Room>,
    ) -> Result<Self, EngineError> {
        Self::of_people((source, reader, room), Arc::clone(&self.people), self.on_demand.clone()).await
    }

    async fn of_people(
        (source, reader, room): (&CohortSource, &SessionContext, &Arc<Room>),
        people: Arc<People>,
        on_demand: Option<Arc<OnDemand>>,
    ) -> Result<Self, EngineError> {
        let mut runs = runs::records(&source.results).await?;
        if let Some(on_demand) = &on_demand {
            runs.extend(on_demand.earlier(&runs).await?);
        }
        let mut opening = Opening { reader, room, tables: Vec::new(), files: Vec::new() };
        let samples = files::read(reader, &source.location.child("samples.parquet")).await?.into_view();
        opening.persons("samples", samples, ColumnClass::Phenotypes, SAMPLE_ID)?;
        for phenotypes in &source.phenotypes {
            opening.phenotypes(phenotypes).await?;
        }
        let standings = opening.of_runs(&runs, &people, on_demand.is_some()).await?;
        of_nobody::add(&mut opening, source, &runs).await?;
        let Opening { tables, files, .. } = opening;
        let mut variants = BTreeMap::new();
        let mut scores: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for run in &runs {
            for score in run.computed() {
                // Of two runs the one that matched fewer: what it computed tells most of each variant.
                let least = variants.entry(score.name.clone()).or_insert(score.rows_matched as usize);
                *least = (*least).min(score.rows_matched as usize);
                scores.entry(run.name.clone()).or_default().push(score.name.clone());
            }
        }
        let (name, measured) = (source.name.clone(), off_runtime(move || Measured::of_runs(&runs)).await?);
        Ok(Self { name, people, files, tables, standings, variants, measured, scores, on_demand })
    }
}

/// Tables that are being opened.
struct Opening<'a> {
    reader: &'a SessionContext,
    room: &'a Arc<Room>,
    tables: Vec<CatalogTable>,
    files: Vec<PersonFile>,
}

impl Opening<'_> {
    fn add(&mut self, name: &str, table: Arc<dyn TableProvider>, about: About) -> Result<(), EngineError> {
        if self.tables.iter().any(|there| there.name == name) {
            return Err(EngineError::refused(
                format!("two tables are called {name:?}"),
                "give the file another name",
            ));
        }
        self.tables.push(CatalogTable { name: name.to_owned(), table, about });
        Ok(())
    }

    fn persons(
        &mut self,
        name: &str,
        table: Arc<dyn TableProvider>,
        class: ColumnClass,
        key: &str,
    ) -> Result<(), EngineError> {
        if table.schema().index_of(key).is_err() {
            return Err(EngineError::refused(
                format!("table {name:?} has no column {key:?}"),
                "name its column of sample ids",
            ));
        }
        let has_standings = name == "scores" && table.schema().index_of(VALUE).is_ok();
        self.add(name, table, About::Persons { class, key: key.to_owned(), has_standings })
    }

    async fn phenotypes(&mut self, source: &PhenotypeSource) -> Result<(), EngineError> {
        let rows = files::read(self.reader, &source.file).await?;
        let columns = rows.schema().fields().iter().map(|field| field.name().clone()).collect();
        self.files.push(PersonFile { file: source.file.clone(), key: source.key.clone(), columns });
        self.persons(&source.name, rows.into_view(), ColumnClass::Phenotypes, &source.key)
    }

    /// Tables about persons that jobs wrote, and where people stand in their scores.
    async fn of_runs(
        &mut self,
        runs: &[NamedRun],
        people: &Arc<People>,
        computes: bool,
    ) -> Result<Option<Arc<Standings>>, EngineError> {
        let find = async |file, kind, called: fn(&str) -> String| {
            let found = runs::table(self.reader, runs, (file, kind), called).await?;
            Ok::<_, EngineError>(found.map(|table: RunFiles| Arc::new(table) as Arc<dyn TableProvider>))
        };
        let ancestry = find("ancestry.parquet", Some("ancestry"), |name| match name {
            "most_similar" => "population".to_owned(),
            other => runs::called(other),
        })
        .await?;
        let calibrated = find("calibrated.parquet", None, runs::called).await?;
        let mut scores = find("scores.parquet", None, runs::called).await?;
        if scores.is_none() && computes {
            // Scores can be asked for before any is there.
            let none = RunFiles::with_schema(Vec::new(), without_runs()?, runs::called);
            scores = Some(Arc::new(none));
        }
        if let Some(table) = &ancestry {
            self.persons("sample_ancestry", Arc::clone(table), ColumnClass::Ancestry, SAMPLE_ID)?;
        }
        if let Some(table) = calibrated {
            self.persons("calibrated_scores", table, ColumnClass::Scores, SAMPLE_ID)?;
        }
        let Some(table) = scores else { return Ok(None) };
        self.persons("scores", Arc::clone(&table), ColumnClass::Scores, SAMPLE_ID)?;
        if table.schema().index_of(VALUE).is_err() {
            return Ok(None);
        }
        let columns = ScoreColumns { table, key: SAMPLE_ID.to_owned(), value: VALUE.to_owned() };
        let populations = ancestry.map(|table| (table, SAMPLE_ID.to_owned(), "population".to_owned()));
        let (people, room) = (Arc::clone(people), Arc::clone(self.room));
        let standings = Standings::new(people, self.reader.clone(), columns, populations, room);
        Ok(Some(Arc::new(standings)))
    }
}
