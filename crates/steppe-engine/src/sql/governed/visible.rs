//! Whose rows are there: consent, and the rows that a role sees.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::{Duration, Instant, SystemTime},
};

use datafusion::{
    arrow::{
        array::{AsArray, RecordBatch},
        compute::cast,
        datatypes::DataType,
    },
    error::DataFusionError,
    prelude::{SessionContext, ident},
};
use roaring::RoaringBitmap;
use steppe_privacy::policy::{Consent, RowFilter, Rows};
use steppe_store::Location;
use tokio::sync::Mutex;

use super::{people::People, unreadable::without_values};
use crate::{EngineError, sql::files};

/// How long it is believed that a local file has not changed.
const LOCAL_CHECK: Duration = Duration::from_secs(2);
/// How long what a remote file said is believed. Consent withdrawn must be gone within 60 s.
const REMOTE_CHECK: Duration = Duration::from_secs(20);

/// A file with one row a person, in which conditions on persons are looked up.
#[derive(Debug, Clone)]
pub(crate) struct PersonFile {
    /// Where it lies.
    pub(crate) file: Location,
    /// Its column of sample ids.
    pub(crate) key: String,
    /// All its columns.
    pub(crate) columns: BTreeSet<String>,
}

/// Which people are seen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct VisibleRule {
    /// What every person must have consented to.
    pub(crate) consent: Option<Consent>,
    /// Rows of the role.
    pub(crate) rows: Rows,
}

/// Who is seen at a moment.
#[derive(Debug)]
pub(crate) struct Visible {
    /// Numbers of the people.
    pub(crate) people: RoaringBitmap,
    /// Of each person of the cohort whether it is in `people`.
    pub(crate) flags: Vec<bool>,
    /// Another set has another version.
    pub(crate) version: u64,
}

impl Visible {
    fn new(flags: Vec<bool>) -> Self {
        let people: RoaringBitmap = (0..).zip(&flags).filter(|(_, seen)| **seen).map(|(at, _)| at).collect();
        let mut hasher = blake3::Hasher::new();
        for number in &people {
            hasher.update(&number.to_le_bytes());
        }
        let mut version = [0; 8];
        version.copy_from_slice(&hasher.finalize().as_bytes()[..8]);
        Self { people, flags, version: u64::from_le_bytes(version) }
    }
}

/// Finds out who is seen, again whenever a file that says so has changed.
pub(crate) struct Visibility {
    rule: VisibleRule,
    people: Arc<People>,
    /// The files that have one of the rule's columns.
    files: Vec<PersonFile>,
    reader: SessionContext,
    found: Mutex<Option<Found>>,
}

struct Found {
    checked: Instant,
    stamps: Vec<Option<Stamp>>,
    visible: Arc<Visible>,
}

/// What tells one version of a local file from another; `None` of a remote file.
type Stamp = (SystemTime, u64);

impl std::fmt::Debug for Visibility {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Visibility").field("rule", &self.rule).finish_non_exhaustive()
    }
}

impl Visibility {
    /// Looks conditions up in those of the files that have their columns.
    ///
    /// # Errors
    /// A column of a condition that no file has.
    pub(crate) fn new(
        rule: VisibleRule,
        people: Arc<People>,
        files: &[PersonFile],
        reader: SessionContext,
    ) -> Result<Self, EngineError> {
        let columns = rule.columns();
        for column in &columns {
            if !files.iter().any(|file| file.columns.contains(column)) {
                return Err(EngineError::refused(
                    format!(
                        "the policy has a condition on {column:?}, and no phenotype table has such a column"
                    ),
                    "register the file that says it, or change the policy",
                ));
            }
        }
        let has_one = |file: &&PersonFile| columns.iter().any(|column| file.columns.contains(column));
        let files = files.iter().filter(has_one).cloned().collect();
        Ok(Self { rule, people, files, reader, found: Mutex::new(None) })
    }

    /// Whose rows are seen now.
    ///
    /// # Errors
    /// A file that can not be read: then nobody is seen.
    pub(crate) async fn now(&self) -> Result<Arc<Visible>, EngineError> {
        let mut found = self.found.lock().await;
        let is_remote = self.files.iter().any(|file| file.file.local_path().is_none());
        if let Some(known) = &mut *found {
            let interval = if is_remote { REMOTE_CHECK } else { LOCAL_CHECK };
            if known.checked.elapsed() < interval {
                return Ok(Arc::clone(&known.visible));
            }
            if !is_remote && known.stamps == self.stamps() {
                known.checked = Instant::now();
                return Ok(Arc::clone(&known.visible));
            }
        }
        *found = None;
        // Taken before reading: a change while it is read is seen at the next look.
        let (checked, stamps) = (Instant::now(), self.stamps());
        let flags = self.read().await.map_err(|error| without_values(error.into()))?;
        let visible = Arc::new(Visible::new(flags));
        *found = Some(Found { checked, stamps, visible: Arc::clone(&visible) });
        Ok(visible)
    }

    fn stamps(&self) -> Vec<Option<Stamp>> {
        let stamp = |file: &PersonFile| {
            let metadata = std::fs::metadata(file.file.local_path()?).ok()?;
            Some((metadata.modified().ok()?, metadata.len()))
        };
        self.files.iter().map(stamp).collect()
    }

    async fn read(&self) -> Result<Vec<bool>, EngineError> {
        let mut flags = vec![matches!(self.rule.rows, Rows::All | Rows::AnyOf(_)); self.people.len()];
        let columns = self.rule.columns();
        if columns.is_empty() {
            return Ok(flags);
        }
        let mut values = Values::default();
        for file in &self.files {
            let of_file: Vec<&String> =
                columns.iter().filter(|column| file.columns.contains(*column)).collect();
            let rows = files::read(&self.reader, &file.file).await?;
            let mut wanted = vec![ident(&file.key)];
            wanted.extend(of_file.iter().map(|column| ident(*column)));
            for batch in rows.select(wanted)?.collect().await? {
                values.add(&batch, &of_file, &self.people)?;
            }
        }
        for (flag, number) in flags.iter_mut().zip(0..) {
            *flag = *flag && self.rule.allows(|column| values.of(column, number));
        }
        Ok(flags)
    }
}

impl VisibleRule {
    /// Columns that decide.
    fn columns(&self) -> BTreeSet<String> {
        let consent = self.consent.iter().map(|consent| consent.column.clone());
        let mut columns: BTreeSet<String> = consent.collect();
        if let Rows::AnyOf(filters) = &self.rows {
            columns.extend(filters.iter().flat_map(|filter| filter.columns.keys().cloned()));
        }
        columns
    }

    /// Whether a person with these values is seen. What has no value, or two, is not allowed.
    fn allows<'a>(&self, value_of: impl Fn(&str) -> Option<&'a str>) -> bool {
        let is_one_of = |column: &str, allowed: &BTreeSet<String>| {
            value_of(column).is_some_and(|value| allowed.contains(value))
        };
        let has_consent =
            self.consent.as_ref().is_none_or(|consent| is_one_of(&consent.column, &consent.allowed));
        let passes =
            |filter: &RowFilter| filter.columns.iter().all(|(column, allowed)| is_one_of(column, allowed));
        has_consent
            && match &self.rows {
                Rows::All => true,
                Rows::AnyOf(filters) => filters.iter().any(passes),
                Rows::None => false,
            }
    }
}

/// Of each column and person its value; `Some(None)` is a missing value, or two different ones.
#[derive(Default)]
struct Values(BTreeMap<String, BTreeMap<u32, Option<Box<str>>>>);

impl Values {
    fn add(
        &mut self,
        batch: &RecordBatch,
        columns: &[&String],
        people: &People,
    ) -> Result<(), DataFusionError> {
        let numbers = people.numbers(batch.column(0))?;
        for (at, column) in columns.iter().enumerate() {
            let values = cast(batch.column(at + 1), &DataType::Utf8)?;
            let of_column = self.0.entry((*column).clone()).or_default();
            for (number, value) in numbers.iter().zip(values.as_string::<i32>()) {
                let Some(number) = *number else { continue };
                let there = of_column.entry(number).or_insert_with(|| value.map(Box::from));
                if there.as_deref() != value {
                    *there = None;
                }
            }
        }
        Ok(())
    }

    fn of(&self, column: &str, number: u32) -> Option<&str> {
        self.0.get(column)?.get(&number)?.as_deref()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    type TestResult = Result<(), Box<dyn std::error::Error>>;

    fn rule(filters: &[&[(&str, &[&str])]]) -> VisibleRule {
        let set = |values: &[&str]| values.iter().map(ToString::to_string).collect();
        let filter = |columns: &[(&str, &[&str])]| RowFilter {
            columns: columns.iter().map(|(name, values)| ((*name).to_owned(), set(values))).collect(),
        };
        let consent = Consent { column: "consent".into(), allowed: set(&["yes"]) };
        VisibleRule {
            consent: Some(consent),
            rows: Rows::AnyOf(filters.iter().map(|of| filter(of)).collect()),
        }
    }

    fn visibility(folder: &std::path::Path, rule: VisibleRule) -> Result<Visibility, EngineError> {
        let people = People::new("c", ["a", "b", "c", "d", "e"].into_iter(), &[0; 32])?;
        let columns = ["iid", "consent", "site"].map(String::from).into();
        let file =
            PersonFile { file: Location::local(folder.join("people.csv")), key: "iid".into(), columns };
        Visibility::new(rule, Arc::new(people), &[file], SessionContext::new())
    }

    const FILE: &str = "iid,consent,site\nb,yes,south\na,yes,north\nc,no,north\nd,,north\nx,yes,north\n";

    #[tokio::test]
    async fn who_has_not_consented_or_is_elsewhere_or_is_not_listed_is_not_seen() -> TestResult {
        let folder = tempfile::tempdir()?;
        std::fs::write(folder.path().join("people.csv"), FILE)?;
        let north = visibility(folder.path(), rule(&[&[("site", &["north"])]]))?.now().await?;
        assert_eq!(north.flags, [true, false, false, false, false]);
        let either =
            visibility(folder.path(), rule(&[&[("site", &["north"])], &[("site", &["south", "east"])]]))?;
        assert_eq!(either.now().await?.people.iter().collect::<Vec<_>>(), [0, 1]);
        let none = VisibleRule { consent: None, rows: Rows::None };
        assert!(visibility(folder.path(), none)?.now().await?.people.is_empty());
        assert!(visibility(folder.path(), rule(&[&[("town", &["x"])]])).is_err(), "no file has the column");
        Ok(())
    }

    #[tokio::test]
    async fn two_answers_of_one_person_are_none() -> TestResult {
        let folder = tempfile::tempdir()?;
        let file = "iid,consent,site\na,yes,north\na,no,north\nb,yes,north\nb,yes,north\n";
        std::fs::write(folder.path().join("people.csv"), file)?;
        let seen = visibility(folder.path(), rule(&[&[("site", &["north"])]]))?.now().await?;
        assert_eq!(seen.people.iter().collect::<Vec<_>>(), [1]);
        Ok(())
    }

    #[tokio::test]
    async fn consent_withdrawn_is_gone_after_a_moment_and_a_lost_file_hides_everybody() -> TestResult {
        let folder = tempfile::tempdir()?;
        let file = folder.path().join("people.csv");
        std::fs::write(&file, FILE)?;
        let visibility = visibility(folder.path(), rule(&[&[("site", &["north", "south"])]]))?;
        assert_eq!(visibility.now().await?.people.len(), 2);
        std::fs::write(&file, FILE.replace("a,yes", "a,no"))?;
        tokio::time::sleep(LOCAL_CHECK).await;
        assert_eq!(visibility.now().await?.people.iter().collect::<Vec<_>>(), [1]);
        std::fs::remove_file(&file)?;
        tokio::time::sleep(LOCAL_CHECK).await;
        assert!(visibility.now().await.is_err());
        Ok(())
    }
}
