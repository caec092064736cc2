//! A made-up cohort with scores, ancestry and phenotypes, and people who ask of it.

use std::{
    fs::File,
    path::Path,
    sync::{Arc, Mutex},
};

use datafusion::{
    arrow::array::{ArrayRef, BooleanArray, Float64Array, RecordBatch, StringArray},
    execution::runtime_env::RuntimeEnv,
};
use futures::TryStreamExt;
use parquet::arrow::ArrowWriter;
use serde_json::json;
use steppe_genome::{GenomeBuild, Sex};
use steppe_kernels::Level;
use steppe_privacy::policy::Policy;
use steppe_simulate::{SmallOptions, random_fileset};
use steppe_store::{Codec, ImportOptions, Location, NoProgress, import};

use crate::{
    EngineError,
    sql::{
        Answer, SqlCommand, SqlProtocol, SqlService, SqlUser,
        governed::{
            CohortSource, ExportRecord, GovernedCatalog, GovernedService, GovernedSession, GovernedSources,
            PhenotypeSource, ReleaseAudit, ReleaseRecord, Remembered,
        },
    },
};

/// Sample ids, scores and everything else are functions of a person's number.
#[derive(Debug, Clone, Copy)]
pub(super) struct Person(pub(super) u64);

impl Person {
    /// A number from 0 to 1, the same for the same person and purpose.
    pub(super) fn chance(self, purpose: u64) -> f64 {
        let mut bits =
            (self.0 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ purpose.wrapping_mul(0xd6e8_feb8_6659_fd93);
        for _ in 0..3 {
            bits = (bits ^ (bits >> 32)).wrapping_mul(0xd6e8_feb8_6659_fd93);
        }
        (bits >> 11) as f64 / (1u64 << 53) as f64
    }

    pub(super) fn id(self) -> String {
        format!("S{}", self.0 + 1)
    }

    /// Roughly normal.
    pub(super) fn score(self, score: u64) -> f64 {
        (0..12).map(|draw| self.chance(100 * (score + 1) + draw)).sum::<f64>() - 6.0
    }

    pub(super) fn is_case(self) -> bool {
        self.chance(1) < 0.08 + if self.score(0) > 1.0 { 0.1 } else { 0.0 }
    }

    pub(super) fn age(self) -> u64 {
        40 + (self.chance(2) * 30.0) as u64
    }

    pub(super) fn site(self) -> &'static str {
        ["north", "south", "east"][(self.chance(3) * 3.0) as usize]
    }

    pub(super) fn population(self) -> &'static str {
        if self.chance(4) < 0.7 { "EUR" } else { "KAZ" }
    }

    pub(super) fn has_consent(self) -> bool {
        self.chance(5) < 0.9
    }

    pub(super) fn bmi(self) -> Option<f64> {
        (self.chance(6) < 0.9).then(|| 18.0 + self.chance(7) * 20.0)
    }
}

/// Scores: name, and variants of each.
pub(super) const SCORES: [(&str, u64); 3] = [("PGS1", 1000), ("PGS2", 5000), ("SMALL", 15)];

pub(super) const POLICY: &str = r#"
version = 1
revision = 1
[cohort."bio"]
minimum_cell = 5
consent = { column = "consent", allowed = ["yes"] }
[cohort."bio".role.analyst]
scores = "aggregates"
phenotypes = "aggregates"
ancestry = "aggregates"
masks = { postcode = "hidden" }
[cohort."bio".role.researcher]
scores = "raw"
phenotypes = "raw"
ancestry = "raw"
rows = { site = ["north", "south"] }
masks = { name = "hash", postcode = "hidden" }
export_rows_per_day = 100000000
approvals = 0
[cohort."bio".role.steward]
scores = "rounded"
phenotypes = "aggregates"
ancestry = "raw"
export_rows_per_day = 100000000
approvals = 0
"#;

/// The policy under which a copy that has only some people is shown whole.
pub(super) const EVERYTHING: &str = r#"
version = 1
revision = 1
[cohort."bio"]
minimum_cell = 5
[cohort."bio".role.researcher]
scores = "raw"
phenotypes = "raw"
ancestry = "raw"
masks = { name = "hash", postcode = "hidden" }
export_rows_per_day = 100000000
approvals = 0
"#;

/// Decisions that were written down.
#[derive(Default)]
pub(super) struct Records(pub(super) Mutex<Vec<ReleaseRecord>>, pub(super) Mutex<Vec<ExportRecord>>);

impl ReleaseAudit for Records {
    fn record(&self, record: &ReleaseRecord) -> Result<(), EngineError> {
        self.0.lock().expect("a lock").push(record.clone());
        Ok(())
    }

    fn export(&self, record: &ExportRecord) -> Result<(), EngineError> {
        self.1.lock().expect("a lock").push(record.clone());
        Ok(())
    }
}

pub(super) struct Scene {
    pub(super) folder: tempfile::TempDir,
    pub(super) catalog: Arc<GovernedCatalog>,
    pub(super) records: Arc<Records>,
}

/// What somebody was told.
#[derive(Debug)]
pub(super) struct Told {
    pub(super) batches: Vec<RecordBatch>,
    pub(super) notices: Vec<String>,
}

impl Told {
    /// The rows as texts, sorted; floating-point numbers to nine digits, since sums depend on their order.
    pub(super) fn rows(&self) -> Vec<String> {
        use datafusion::arrow::{
            array::AsArray,
            compute::cast,
            datatypes::{DataType, Float64Type},
        };
        let mut rows = Vec::new();
        for batch in &self.batches {
            let columns: Vec<Vec<String>> = batch
                .columns()
                .iter()
                .map(|column| {
                    if column.data_type().is_floating() {
                        let numbers = cast(column, &DataType::Float64).expect("numbers");
                        let shown =
                            |value: Option<f64>| value.map_or("null".into(), |value| format!("{value:.8e}"));
                        return numbers.as_primitive::<Float64Type>().iter().map(shown).collect();
                    }
                    let texts = cast(column, &DataType::Utf8).expect("texts");
                    texts.as_string::<i32>().iter().map(|text| text.unwrap_or("null").to_owned()).collect()
                })
                .collect();
            rows.extend(
                (0..batch.num_rows()).map(|row| {
                    columns.iter().map(|column| column[row].as_str()).collect::<Vec<_>>().join("|")
                }),
            );
        }
        rows.sort();
        rows
    }

    /// The only number.
    pub(super) fn number(&self) -> f64 {
        let rows = self.rows();
        assert_eq!(rows.len(), 1, "{rows:?}");
        rows[0].parse().expect("a number")
    }
}

impl Scene {
    /// A cohort of those of `people` first people for whom `is_there` holds.
    pub(super) async fn new(people: u64, is_there: impl Fn(Person) -> bool, policy: &str) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let people: Vec<Person> = (0..people).map(Person).filter(|person| is_there(*person)).collect();
        write_cohort(folder.path(), &people);
        for (run, shift) in [("first", 0.0), ("second", 0.25)] {
            write_scores(&folder.path().join(run), &people, shift);
        }
        write_ancestry(&folder.path().join("ancestry"), &people);
        write_calibrated(&folder.path().join("calibrated"), &people);
        write_phenotypes(&folder.path().join("people.csv"), &people);
        let records = Arc::new(Records::default());
        let catalog = Self::open(folder.path(), policy, &records).await.expect("a catalog");
        Self { folder, catalog, records }
    }

    pub(super) async fn open(
        folder: &Path,
        policy: &str,
        records: &Arc<Records>,
    ) -> Result<Arc<GovernedCatalog>, EngineError> {
        Self::open_within(folder, policy, records, Arc::default()).await
    }

    /// The same with a limit on memory.
    pub(super) async fn open_within(
        folder: &Path,
        policy: &str,
        records: &Arc<Records>,
        runtime: Arc<RuntimeEnv>,
    ) -> Result<Arc<GovernedCatalog>, EngineError> {
        let place = |name: &str| Location::local(folder.join(name));
        let cohort = CohortSource {
            name: "bio".to_owned(),
            location: place("cohort"),
            results: ["first", "second", "ancestry", "calibrated"].map(place).to_vec(),
            phenotypes: vec![PhenotypeSource {
                name: "phenotypes".to_owned(),
                file: place("people.csv"),
                key: "iid".to_owned(),
            }],
            on_demand: None,
        };
        let sources = GovernedSources {
            cohorts: vec![cohort],
            secret: [7; 32],
            remembered: Remembered::new(Some(&place("remembered"))),
            audit: Arc::clone(records) as Arc<dyn ReleaseAudit>,
            threads: 2,
            runtime,
            kept: 64 << 20,
        };
        Ok(Arc::new(GovernedCatalog::open(sources, Policy::parse(policy)?).await?))
    }

    /// Asks as a user whose token has one role, with values of parameters.
    pub(super) async fn ask_with(
        &self,
        (user, role): (&str, &str),
        sql: &str,
        parameters: Vec<datafusion::scalar::ScalarValue>,
    ) -> Result<Told, EngineError> {
        let roles = [role.to_owned()].into();
        let who = SqlUser { subject: user.to_owned(), roles, cohorts: None, protocol: SqlProtocol::Postgres };
        let session = GovernedService::new(Arc::clone(&self.catalog)).session(who).await?;
        let prepared = session.prepare(&SqlCommand::parse_query(sql)?).await?;
        let Answer { rows, notices, stopper: _stopper } = session.execute(&prepared, parameters).await?;
        let batches = rows.try_collect().await?;
        Ok(Told { batches, notices: notices.take() })
    }

    /// A session of a user whose token has one role.
    pub(super) fn session(&self, user: &str, role: &str) -> Result<GovernedSession, EngineError> {
        GovernedSession::new(Arc::clone(&self.catalog), user, [role.to_owned()].into(), None)
    }

    pub(super) async fn ask(&self, role: &str, sql: &str) -> Result<Told, EngineError> {
        self.ask_with(("somebody", role), sql, Vec::new()).await
    }
}

fn write_cohort(folder: &Path, people: &[Person]) {
    let mut fileset = random_fileset(3, people.len(), 4, &SmallOptions::default());
    for (record, person) in fileset.fam.iter_mut().zip(people) {
        record.sample_id = person.id();
        record.sex = if person.chance(10) < 0.5 { Sex::Male } else { Sex::Female };
    }
    let paths = fileset.write(&folder.join("small")).expect("a fileset");
    import(&ImportOptions {
        filesets: vec![paths],
        out: Location::local(folder.join("cohort")),
        build: GenomeBuild::Grch38,
        block_samples: None,
        threads: 1,
        memory_bytes: 1 << 30,
        codec: Codec::Uncompressed,
        level: Level::best(),
        progress: Arc::new(NoProgress),
    })
    .expect("an import");
}

fn write_parquet(file: &Path, columns: Vec<(&str, ArrayRef)>) {
    let batch = RecordBatch::try_from_iter(columns).expect("a table");
    let mut writer =
        ArrowWriter::try_new(File::create(file).expect("a file"), batch.schema(), None).expect("a writer");
    writer.write(&batch).expect("rows");
    writer.close().expect("an end");
}

fn texts(values: impl Iterator<Item = String>) -> ArrayRef {
    Arc::new(values.map(Some).collect::<StringArray>())
}

fn write_scores(folder: &Path, people: &[Person], shift: f64) {
    std::fs::create_dir_all(folder).expect("a folder");
    let rows =
        || (0..SCORES.len() as u64).flat_map(|score| people.iter().map(move |person| (score, *person)));
    let sums: Float64Array =
        rows().map(|(score, person)| Some(person.score(score) + shift * person.chance(90))).collect();
    write_parquet(
        &folder.join("scores.parquet"),
        vec![
            ("family_id", texts(rows().map(|_| "0".to_owned()))),
            ("sample_id", texts(rows().map(|(_, person)| person.id()))),
            ("score", texts(rows().map(|(score, _)| SCORES[score as usize].0.to_owned()))),
            ("sum", Arc::new(sums)),
        ],
    );
    let score = |(name, variants): (&str, u64)| {
        json!({
            "name": name, "file": "a.txt", "skipped": null, "rows": variants, "rows_matched": variants,
            "rows_excluded": 0, "rows_unmatched": 0, "rows_unsupported": 0, "unsupported_weight_share": 0.0,
            "overlap_rows": 1.0, "overlap_weight": 1.0, "overlap_variance": 1.0, "rows_without_frequency": 0,
            "reasons": {}, "imputed_from_founders": 0, "imputed_from_half": 0, "fixed_point_shift": 40,
            "error_bound": 1e-12
        })
    };
    write_record(folder, "score", "scores.parquet", &SCORES.map(score));
}

fn write_record(folder: &Path, kind: &str, table: &str, scores: &[serde_json::Value]) {
    let name = folder.file_name().and_then(|name| name.to_str()).unwrap_or("run");
    let record = json!({
        "kind": kind, "job": format!("{name:0>16}"), "steppe_version": "0.1.0", "kernel_semantics": 1,
        "finished_unix": 1_700_000_000,
        "cohort": { "location": "c", "digest": "d", "genome_build": "GRCh38", "samples": 3, "samples_kept": 3, "variants": 4 },
        "parameters": {}, "inputs": [], "scores": scores,
        "outputs": [{ "name": table, "bytes": 1, "blake3": "e" }], "timings": { "total": 2.5 }
    });
    let record: crate::output::RunRecord = serde_json::from_value(record).expect("a record");
    std::fs::write(folder.join("run.json"), record.to_bytes().expect("bytes")).expect("a file");
}

fn write_ancestry(folder: &Path, people: &[Person]) {
    std::fs::create_dir_all(folder).expect("a folder");
    let outside: BooleanArray = people.iter().map(|person| Some(person.chance(8) < 0.05)).collect();
    let distance: Float64Array = people.iter().map(|person| Some(person.chance(9))).collect();
    write_parquet(
        &folder.join("ancestry.parquet"),
        vec![
            ("#FID", texts(people.iter().map(|_| "0".to_owned()))),
            ("IID", texts(people.iter().map(|person| person.id()))),
            ("most_similar", texts(people.iter().map(|person| person.population().to_owned()))),
            ("outside", Arc::new(outside)),
            ("squared_distance", Arc::new(distance)),
        ],
    );
    write_record(folder, "ancestry", "ancestry.parquet", &[]);
}

/// Calibrated scores: of many variants, of few, and of a name that no run of scores has.
fn write_calibrated(folder: &Path, people: &[Person]) {
    std::fs::create_dir_all(folder).expect("a folder");
    let scores = [(0, "PGS1"), (2, "SMALL"), (2, "UNCOUNTED")];
    let rows = || scores.iter().flat_map(|score| people.iter().map(move |person| (score, *person)));
    let raw: Float64Array = rows().map(|((score, _), person)| Some(person.score(*score))).collect();
    write_parquet(
        &folder.join("calibrated.parquet"),
        vec![
            ("#FID", texts(rows().map(|_| "0".to_owned()))),
            ("IID", texts(rows().map(|(_, person)| person.id()))),
            ("score", texts(rows().map(|((_, name), _)| (*name).to_owned()))),
            ("raw", Arc::new(raw)),
        ],
    );
    write_record(folder, "calibrate", "calibrated.parquet", &[]);
}

pub(super) fn write_phenotypes(file: &Path, people: &[Person]) {
    let mut text = String::from("iid,t2d,age,days,bmi,site,consent,name,postcode\n");
    for person in people {
        text += &format!(
            "{},{},{},{},{},{},{},N{},{}\n",
            person.id(),
            u8::from(person.is_case()),
            person.age(),
            10_000 + person.0,
            person.bmi().map(|bmi| bmi.to_string()).unwrap_or_default(),
            person.site(),
            if person.has_consent() { "yes" } else { "no" },
            person.0,
            1000 + person.0,
        );
    }
    std::fs::write(file, text).expect("a file");
}
