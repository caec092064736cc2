//! Scores by sample: from results of `steppe score`, or from tables.

use std::path::Path;

use arrow::{
    array::{Array, Float64Array, RecordBatch, StringArray},
    datatypes::DataType,
};
use bytes::Bytes;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use serde::{Deserialize, Serialize};
use steppe_engine::{
    EngineError,
    output::{InputRecord, RUN_FILE, RunRecord, ScoreRecord, unseal},
    score::{ScoreColumn, ScoreJob},
};
use steppe_formats::phenotype::{
    BinaryCoding, Column, ColumnRequest, Kind, PhenotypeOptions, PhenotypeTable, Selection, Values,
    read_phenotypes,
};
use steppe_genome::Sex;
use steppe_store::{Location, SampleTable};

use super::{columns::ids, inputs::Inputs};

const SCORES: &str = "scores.parquet";

/// Columns of score tables that are no scores.
const COUNTS: [&str; 6] =
    ["ALLELE_CT", "NAMED_ALLELE_DOSAGE_SUM", "DENOM", "DENOMINATOR", "MISSING_CT", "VARIANTS"];

/// Scores have no code for missing values but NA: what the reader asks for is a number that no score has.
const NO_CODE: f64 = f64::MIN;

/// Where scores come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScoreSource {
    /// Results of `steppe score` (a folder or URL each) or tables with a header of `#FID IID` or `#IID` and a column a
    /// score, as plink2's `.sscore`.
    pub places: Vec<String>,
    /// The scores to take, in this order; all where empty.
    pub names: Vec<String>,
}

/// Scores by sample.
#[derive(Debug)]
pub(super) struct ScoreTable {
    /// Those of the first place: ids, and nothing else that is known of them.
    pub(super) samples: SampleTable,
    /// Each score.
    pub(super) scores: Vec<NamedScore>,
    /// Samples of further places that the first one lacks.
    pub(super) without_sample: u64,
    /// What was matched, of scores of results.
    pub(super) matched: Vec<ScoreRecord>,
    /// What scores of results were computed from.
    pub(super) origins: Vec<ScoreOrigin>,
}

/// What a score was computed from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct ScoreOrigin {
    /// The score.
    pub(super) name: String,
    /// BLAKE3 of its scoring file.
    pub(super) weights: String,
    /// What a missing call counted.
    pub(super) missing: String,
    /// How rows were matched.
    pub(super) matching: String,
    /// Rows that counted.
    pub(super) rows_matched: u64,
}

impl ScoreOrigin {
    /// What the scores of a record were computed from.
    fn of_record(record: &RunRecord) -> Vec<Self> {
        let text = |name: &str| {
            record.parameters.get(name).and_then(|of| of.as_str()).unwrap_or_default().to_owned()
        };
        let of = |score: &ScoreRecord| {
            let file = record.inputs.iter().find(|of| of.role == "scoring_file" && of.path == score.file)?;
            Some(Self {
                name: score.name.clone(),
                weights: file.blake3.clone(),
                missing: text("missing"),
                matching: text("matching"),
                rows_matched: score.rows_matched,
            })
        };
        record.scores.iter().filter_map(of).collect()
    }

    /// What a score of a prepared job will be computed from.
    pub(super) fn of_job(job: &ScoreJob, column: &ScoreColumn) -> Self {
        Self {
            name: column.name.clone(),
            weights: job.files[column.file].source.blake3.clone(),
            missing: job.options.missing.as_str().to_owned(),
            matching: format!("{:?}", job.options.matching.rules),
            rows_matched: column.overlap.rows_matched,
        }
    }
}

/// A score of every sample; NaN where there is none.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct NamedScore {
    pub(super) name: String,
    pub(super) values: Vec<f64>,
}

impl ScoreTable {
    /// Reads every place and joins it to the samples of the first.
    pub(super) fn read(source: &ScoreSource, inputs: &mut Inputs) -> Result<Self, EngineError> {
        let mut all: Option<Self> = None;
        for place in &source.places {
            let read = read_place(place, inputs)?;
            match &mut all {
                None => all = Some(read),
                Some(all) => all.add(read, place)?,
            }
        }
        let Some(mut all) = all else {
            return Err(EngineError::refused("no scores are named", "give --scores"));
        };
        all.choose(&source.names)?;
        Ok(all)
    }

    /// Takes the scores of a further place.
    fn add(&mut self, other: Self, place: &str) -> Result<(), EngineError> {
        let mut rows = std::collections::HashMap::with_capacity(other.samples.len());
        for (row, id) in ids(&other.samples).enumerate() {
            rows.insert(id, row);
        }
        let rows: Vec<Option<usize>> = ids(&self.samples).map(|id| rows.get(&id).copied()).collect();
        let joined = rows.iter().flatten().count();
        if joined == 0 {
            return Err(EngineError::refused(
                format!("{place}: none of its {} samples is in the first scores", other.samples.len()),
                "give scores of the same people",
            ));
        }
        self.without_sample += (other.samples.len() - joined) as u64;
        self.matched.extend(other.matched);
        self.origins.extend(other.origins);
        for score in other.scores {
            if self.scores.iter().any(|there| there.name == score.name) {
                return Err(EngineError::refused(
                    format!("{place}: score {} is there twice", score.name),
                    "name every score once, or leave the second place out",
                ));
            }
            let value = |row: &Option<usize>| row.map_or(f64::NAN, |row| score.values[row]);
            let values = rows.iter().map(value).collect();
            self.scores.push(NamedScore { name: score.name, values });
        }
        Ok(())
    }

    /// Leaves the named scores, in their order.
    fn choose(&mut self, names: &[String]) -> Result<(), EngineError> {
        if names.is_empty() {
            return Ok(());
        }
        let there: Vec<String> = self.scores.iter().map(|score| score.name.clone()).collect();
        self.scores = names
            .iter()
            .map(|name| {
                self.scores.iter().find(|score| score.name == *name).cloned().ok_or_else(|| {
                    EngineError::refused(
                        format!("score '{name}' is not there"),
                        format!("choose among {}", shown(&there)),
                    )
                })
            })
            .collect::<Result<_, _>>()?;
        Ok(())
    }
}

/// Some names, and how many more there are.
fn shown(names: &[String]) -> String {
    const MOST: usize = 10;
    let first = names.iter().take(MOST).cloned().collect::<Vec<_>>().join(", ");
    match names.len() {
        0..=MOST => first,
        more => format!("{first} and {} others", more - MOST),
    }
}

fn read_place(place: &str, inputs: &mut Inputs) -> Result<ScoreTable, EngineError> {
    let location = Location::parse(place)?;
    if location.child(RUN_FILE).exists()? {
        return read_result(&location, inputs);
    }
    match location.local_path() {
        Some(path) if path.is_file() => read_text(path, inputs),
        _ => Err(EngineError::refused(
            format!("{place}: there is neither a result of steppe score nor a table of scores"),
            "give the folder that steppe score wrote with --out, or a file with #FID, IID and a column a score",
        )),
    }
}

fn read_result(folder: &Location, inputs: &mut Inputs) -> Result<ScoreTable, EngineError> {
    let run = folder.child(RUN_FILE);
    let record: RunRecord = unseal(&run.read()?).map_err(|error| {
        EngineError::refused(format!("{run}: {error}"), "give a result of steppe score, or run it again")
    })?;
    let Some(output) = record.outputs.iter().find(|output| output.name == SCORES) else {
        return Err(EngineError::refused(
            format!("{folder}: it is the result of '{}' and has no {SCORES}", record.kind),
            "give a result of steppe score",
        ));
    };
    let file = folder.child(SCORES);
    let bytes = file.read()?;
    if blake3::hash(&bytes).to_hex().as_str() != output.blake3 {
        return Err(EngineError::refused(
            format!("{file}: its content is not what run.json says"),
            "run steppe verify, and score again",
        ));
    }
    inputs.push(InputRecord {
        path: file.to_string(),
        role: "scores".to_owned(),
        blake3: output.blake3.clone(),
        bytes: output.bytes,
        notes: Vec::new(),
    });
    let mut long = LongTable::default();
    long.read(bytes).map_err(EngineError::parquet(file.to_string()))?;
    let origins = ScoreOrigin::of_record(&record);
    Ok(ScoreTable { matched: record.scores, origins, ..long.into_table(&file.to_string())? })
}

impl ScoreTable {
    /// The scores of a result that is being written.
    pub(super) fn being_written(folder: &Path) -> Result<Self, EngineError> {
        let bytes = std::fs::read(folder.join(SCORES)).map_err(EngineError::write(SCORES))?;
        let mut long = LongTable::default();
        long.read(bytes.into()).map_err(EngineError::parquet(SCORES))?;
        long.into_table(SCORES)
    }
}

/// `scores.parquet` as it is read: the samples of the first score, and the scores one after the other.
#[derive(Default)]
struct LongTable {
    families: Vec<String>,
    samples: Vec<String>,
    scores: Vec<NamedScore>,
}

impl LongTable {
    fn read(&mut self, bytes: Bytes) -> Result<(), parquet::errors::ParquetError> {
        let reader = ParquetRecordBatchReaderBuilder::try_new(bytes)?.with_batch_size(65_536).build()?;
        for batch in reader {
            self.append(&batch?)?;
        }
        Ok(())
    }

    fn append(&mut self, batch: &RecordBatch) -> Result<(), parquet::errors::ParquetError> {
        let (families, samples) = (texts(batch, "family_id")?, texts(batch, "sample_id")?);
        let names = texts(batch, "score")?;
        let sums = batch.column_by_name("sum").and_then(|of| of.as_any().downcast_ref::<Float64Array>());
        let sums = sums.ok_or_else(|| missing("sum"))?;
        for row in 0..batch.num_rows() {
            let name = names.value(row);
            if self.scores.last().is_none_or(|score| score.name != name) {
                self.scores.push(NamedScore { name: name.to_owned(), values: Vec::new() });
            }
            if self.scores.len() == 1 {
                self.families.push(families.value(row).to_owned());
                self.samples.push(samples.value(row).to_owned());
            }
            if let Some(score) = self.scores.last_mut() {
                score.values.push(sums.value(row));
            }
        }
        Ok(())
    }

    fn into_table(self, file: &str) -> Result<ScoreTable, EngineError> {
        if self.scores.iter().any(|score| score.values.len() != self.samples.len()) {
            return Err(EngineError::refused(
                format!("{file}: its scores have different samples"),
                "run steppe verify, and score again",
            ));
        }
        Ok(ScoreTable {
            samples: of_ids(&self.families, &self.samples),
            scores: self.scores,
            without_sample: 0,
            matched: Vec::new(),
            origins: Vec::new(),
        })
    }
}

fn texts<'a>(batch: &'a RecordBatch, name: &str) -> Result<&'a StringArray, parquet::errors::ParquetError> {
    let column = batch.column_by_name(name).filter(|of| *of.data_type() == DataType::Utf8);
    column.and_then(|of| of.as_any().downcast_ref()).ok_or_else(|| missing(name))
}

fn missing(column: &str) -> parquet::errors::ParquetError {
    parquet::errors::ParquetError::General(format!("there is no column {column}"))
}

/// Samples of whom only the ids are known.
pub(super) fn of_ids<S: AsRef<str>>(families: &[S], samples: &[S]) -> SampleTable {
    let nothing = || samples.iter().map(|_| "0").collect();
    SampleTable {
        family_id: families.iter().map(AsRef::as_ref).collect(),
        sample_id: samples.iter().map(AsRef::as_ref).collect(),
        sex: vec![Sex::Unknown; samples.len()],
        father: nothing(),
        mother: nothing(),
        founder: vec![true; samples.len()],
        phenotype: nothing(),
    }
}

fn read_text(path: &Path, inputs: &mut Inputs) -> Result<ScoreTable, EngineError> {
    inputs.add("scores", path)?;
    // Columns of 0 and 1 are flags, whatever cases are written as.
    let detect = |selection| PhenotypeOptions {
        selection,
        missing_code: NO_CODE,
        coding: BinaryCoding::ZeroOne,
        ..Default::default()
    };
    let first = read_phenotypes(path, &detect(Selection::All))?;
    let wanted: Vec<ColumnRequest> = first
        .columns
        .iter()
        .filter(|column| is_score(column, &first))
        .map(|column| ColumnRequest { name: column.name.clone(), kind: Kind::Quantitative })
        .collect();
    if wanted.is_empty() {
        return Err(EngineError::refused(
            format!("{}: no column has scores", path.display()),
            "give a table with #FID, IID and a column of numbers a score",
        ));
    }
    let table = read_phenotypes(path, &detect(Selection::Named(wanted)))?;
    inputs.note(&table.notes);
    let scores = table.columns.iter().filter_map(score_of).collect();
    Ok(ScoreTable {
        samples: samples_of(&table),
        scores,
        without_sample: 0,
        matched: Vec::new(),
        origins: Vec::new(),
    })
}

/// Whether a column of a table is a score: numbers that are no flags or counts, and of a score's sum and average the sum.
fn is_score(column: &Column, table: &PhenotypeTable) -> bool {
    let name = column.name.as_str();
    let is_average = name
        .strip_suffix("_AVG")
        .is_some_and(|stem| table.columns.iter().any(|other| other.name == format!("{stem}_SUM")));
    matches!(column.values, Values::Quantitative(_)) && !COUNTS.contains(&name) && !is_average
}

fn score_of(column: &Column) -> Option<NamedScore> {
    let Values::Quantitative(values) = &column.values else { return None };
    let name = column.name.strip_suffix("_SUM").or(column.name.strip_suffix("_AVG")).unwrap_or(&column.name);
    let values = values.iter().map(|value| value.unwrap_or(f64::NAN)).collect();
    Some(NamedScore { name: name.to_owned(), values })
}

fn samples_of(table: &PhenotypeTable) -> SampleTable {
    let of = &table.samples;
    let rows = 0..of.len();
    // Without families plink2 writes 0.
    let families: Vec<&str> =
        rows.clone().map(|row| of.family_id.as_ref().map_or("0", |families| families.get(row))).collect();
    let samples: Vec<&str> = rows.map(|row| of.sample_id.get(row)).collect();
    of_ids(&families, &samples)
}
