//! The file that names several cohorts of one gateway.
//!
//! ```toml
//! [[cohort]]
//! location = "s3://bucket/cohorts/biobank"
//! name = "biobank"                                 # in the policy; as here without it
//! scores = ["s3://bucket/results/height"]
//! tables = { pheno = "s3://bucket/pheno.parquet" }
//! sample_column = "person"                         # of the tables, if it has no usual name
//! scoring_files = "pgs"                            # for score('NAME'), with `computed`
//! computed = "computed/biobank"
//!
//! [[cohort]]
//! location = "s3://bucket/cohorts/registry"
//! ```

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
    sync::Arc,
};

use serde::Deserialize;
use steppe_engine::sql::{OnDemandSource, ScoreRunner};
use steppe_store::Location;

use super::config::CohortData;
use crate::ServerError;

/// Schemas that sessions have already.
const TAKEN: [&str; 3] = ["public", "information_schema", "pg_catalog"];

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    cohort: Vec<Entry>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    location: String,
    name: Option<String>,
    #[serde(default)]
    scores: Vec<String>,
    #[serde(default)]
    tables: BTreeMap<String, String>,
    sample_column: Option<String>,
    scoring_files: Option<String>,
    computed: Option<PathBuf>,
}

/// Reads the cohorts of a file, the one whose tables need no schema first.
///
/// # Errors
/// A file that can not be read or is none; no cohort, or two of one name; half of what computing scores takes.
pub(super) fn read(path: &Path, runner: &Arc<dyn ScoreRunner>) -> Result<Vec<CohortData>, ServerError> {
    let text = std::fs::read_to_string(path).map_err(ServerError::file(path, "read the file of cohorts"))?;
    let fault = |problem: String, remedy| ServerError::CohortsFile { path: path.to_owned(), problem, remedy };
    let file: File = toml::from_str(&text).map_err(|error| {
        fault(error.to_string().trim().to_owned(), "see gateway.cohorts in docs/configuration.md")
    })?;
    if file.cohort.is_empty() {
        return Err(fault("there is no [[cohort]]".to_owned(), "write one for each cohort"));
    }
    let mut names = BTreeSet::new();
    let mut cohorts = Vec::with_capacity(file.cohort.len());
    for entry in file.cohort {
        let cohort = entry.cohort(runner, &fault)?;
        if TAKEN.contains(&cohort.name.as_str()) {
            let remedy = "give it another name, here and in the policy";
            return Err(fault(format!("a cohort can not be called {:?}", cohort.name), remedy));
        }
        if !names.insert(cohort.name.clone()) {
            return Err(fault(format!("two cohorts are called {:?}", cohort.name), "give each a name"));
        }
        cohorts.push(cohort);
    }
    Ok(cohorts)
}

/// A cohort's name, if it is not given: the last part of its location.
pub(super) fn name_of(location: &str) -> String {
    location.trim_end_matches('/').rsplit('/').next().unwrap_or(location).to_owned()
}

impl Entry {
    fn cohort(
        self,
        runner: &Arc<dyn ScoreRunner>,
        fault: &impl Fn(String, &'static str) -> ServerError,
    ) -> Result<CohortData, ServerError> {
        let name = self.name.unwrap_or_else(|| name_of(&self.location));
        let on_demand = match (self.scoring_files, self.computed) {
            (Some(files), Some(computed)) => {
                let (scoring_files, runner) = (Location::parse(&files)?, Arc::clone(runner));
                Some(OnDemandSource { scoring_files, computed, runner })
            }
            (None, None) => None,
            _ => {
                let problem = format!("cohort {name:?} has one of scoring_files and computed");
                return Err(fault(problem, "scores are computed with both; set or remove them"));
            }
        };
        let place = |text: &String| Location::parse(text);
        Ok(CohortData {
            cohort: place(&self.location)?,
            name,
            results: self.scores.iter().map(place).collect::<Result<_, _>>()?,
            tables: self
                .tables
                .iter()
                .map(|(name, file)| Ok::<_, ServerError>((name.clone(), place(file)?)))
                .collect::<Result<_, _>>()?,
            sample_column: self.sample_column,
            on_demand,
        })
    }
}

#[cfg(test)]
mod tests {
    use futures::future::BoxFuture;
    use steppe_engine::{EngineError, sql::ScoreTask};

    use super::*;

    #[derive(Debug)]
    struct Nothing;

    impl ScoreRunner for Nothing {
        fn run(&self, _: ScoreTask) -> BoxFuture<'static, Result<(), EngineError>> {
            Box::pin(async { Ok(()) })
        }
    }

    fn read_text(text: &str) -> Result<Vec<CohortData>, String> {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("cohorts.toml");
        std::fs::write(&path, text).expect("a file");
        let runner: Arc<dyn ScoreRunner> = Arc::new(Nothing);
        read(&path, &runner).map_err(|error| error.to_string())
    }

    #[test]
    fn cohorts_are_read_in_their_order() {
        let text = "[[cohort]]\nlocation = \"s3://b/two/\"\nscores = [\"a\", \"b\"]\ntables = { pheno = \"p.csv\" }\n\
                    [[cohort]]\nlocation = \"x/one\"\nname = \"first\"\nscoring_files = \"pgs\"\ncomputed = \"c\"\n";
        let cohorts = read_text(text).expect("cohorts");
        let names: Vec<&str> = cohorts.iter().map(|cohort| cohort.name.as_str()).collect();
        assert_eq!(names, ["two", "first"]);
        assert_eq!((cohorts[0].results.len(), cohorts[0].tables[0].0.as_str()), (2, "pheno"));
        assert!(cohorts[0].on_demand.is_none() && cohorts[1].on_demand.is_some());
    }

    #[test]
    fn what_is_wrong_is_named_with_its_remedy() {
        for (text, named) in [
            ("", "no [[cohort]]"),
            ("[[cohort]]\nname = \"a\"\n", "missing field `location`"),
            ("[[cohort]]\nlocation = \"a\"\nscore = \"x\"\n", "unknown field `score`"),
            (
                "[[cohort]]\nlocation = \"x/a\"\n[[cohort]]\nlocation = \"y/a\"\n",
                "two cohorts are called \"a\"",
            ),
            ("[[cohort]]\nlocation = \"public\"\n", "can not be called \"public\""),
            ("[[cohort]]\nlocation = \"a\"\ncomputed = \"c\"\n", "one of scoring_files and computed"),
            ("[[cohort]\n", "line 1"),
        ] {
            let error = read_text(text).expect_err(text);
            assert!(error.contains(named) && error.contains("cohorts.toml"), "{named}: {error}");
        }
    }
}
