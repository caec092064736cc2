//! `scores.parquet`: one row per sample and score, a row group per score, samples in matrix order.
//!
//! Most of a long table repeats: the sample ids in every row group, a score's name in all its rows, allele counts
//! in all scores over the same variants. Such column chunks are encoded once and appended as bytes; what remains
//! per value is a copy.

use std::{
    collections::HashMap,
    path::Path,
    sync::{Arc, Mutex},
};

use arrow::datatypes::Schema;
use parquet::{
    arrow::parquet_to_arrow_schema,
    basic::{LogicalType, Repetition, Type as PhysicalType},
    file::{
        metadata::KeyValue,
        properties::{EnabledStatistics, WriterProperties},
        writer::SerializedFileWriter,
    },
    schema::types::{ColumnPath, SchemaDescriptor, Type, TypePtr},
};

use super::{
    OutputRecord,
    column_chunks::{Chunk, ChunkWriter, append_row_group},
    hashing::HashingFile,
    in_order::in_order,
    values::{KeptSamples, ScoreValues},
};
use crate::{
    EngineError,
    score::{CountLanes, ScoreJob, Scores},
};

/// The file's name.
pub(super) const FILE: &str = "scores.parquet";

/// The columns in file order.
const FAMILY: usize = 0;
const SAMPLE: usize = 1;
const SCORE: usize = 2;
const SUM: usize = 3;
const AVERAGE: usize = 4;
const ALLELES: usize = 5;
const DENOMINATOR: usize = 6;
const DOSAGE: usize = 7;
const VARIANTS: usize = 8;

/// Writes the scores of one pass after the other.
pub(super) struct ScoresFile {
    writer: SerializedFileWriter<HashingFile>,
    chunks: ChunkWriter,
    people: Option<[Chunk; 2]>,
}

/// The chunks of one score that are its own.
struct ScoreChunks {
    name: Chunk,
    sum: Chunk,
    average: Chunk,
    counts: Arc<[Chunk; 3]>,
    variants: Chunk,
}

/// Count chunks of the current pass, by everything that they depend on.
type CountCache = Mutex<HashMap<(CountLanes, [u64; 3]), Arc<[Chunk; 3]>>>;

impl ScoresFile {
    pub(super) fn create(folder: &Path, job: &str) -> Result<Self, EngineError> {
        let schema = schema().map_err(EngineError::parquet(FILE))?;
        let properties = Arc::new(
            WriterProperties::builder()
                .set_dictionary_enabled(true)
                .set_column_dictionary_enabled(ColumnPath::from("sum"), false)
                .set_column_dictionary_enabled(ColumnPath::from("average"), false)
                .set_column_dictionary_enabled(ColumnPath::from("sample_id"), false)
                .set_column_encoding(
                    ColumnPath::from("sample_id"),
                    parquet::basic::Encoding::DELTA_BYTE_ARRAY,
                )
                .set_statistics_enabled(EnabledStatistics::None)
                .set_offset_index_disabled(true)
                .set_key_value_metadata(Some(vec![KeyValue::new("steppe.job".to_owned(), job.to_owned())]))
                .build(),
        );
        let file = HashingFile::create(folder, FILE)?;
        let writer = SerializedFileWriter::new(file, Arc::clone(&schema), Arc::clone(&properties))
            .map_err(EngineError::parquet(FILE))?;
        let chunks = ChunkWriter::new(FILE, &schema, properties);
        Ok(Self { writer, chunks, people: None })
    }

    /// Appends one row group per score of a pass.
    pub(super) fn write(
        &mut self,
        job: &ScoreJob,
        kept: &KeptSamples,
        pass: &Scores,
    ) -> Result<(), EngineError> {
        if self.people.is_none() {
            let families = || kept.indices().map(|index| job.samples.family_id.get(index));
            let first = families().next().unwrap_or_default();
            // Many cohorts have no families: all their ids are 0.
            let families = match families().all(|family| family == first) {
                true => self.chunks.constant_string(FAMILY, first, kept.len())?,
                false => self.chunks.strings(FAMILY, families())?,
            };
            let samples = kept.indices().map(|index| job.samples.sample_id.get(index));
            self.people = Some([families, self.chunks.strings(SAMPLE, samples)?]);
        }
        let cache = CountCache::default();
        let Self { writer, chunks, people } = self;
        let people = people.as_ref().ok_or(EngineError::Lost("the sample ids"))?;
        in_order(
            job.options.threads,
            pass.scores.len(),
            &|lane| encode(chunks, &cache, job, kept, pass, lane),
            &mut |score| append(writer, people, &score),
        )
    }

    /// Writes the footer.
    pub(super) fn finish(self) -> Result<OutputRecord, EngineError> {
        self.writer.into_inner().map_err(EngineError::parquet(FILE))?.finish()
    }
}

fn append(
    writer: &mut SerializedFileWriter<HashingFile>,
    [family, sample]: &[Chunk; 2],
    score: &ScoreChunks,
) -> Result<(), EngineError> {
    let [alleles, denominator, dosage] = score.counts.as_ref();
    let own = [&score.name, &score.sum, &score.average, alleles, denominator, dosage, &score.variants];
    append_row_group(FILE, writer, [family, sample].into_iter().chain(own))
}

fn encode(
    chunks: &ChunkWriter,
    cache: &CountCache,
    job: &ScoreJob,
    kept: &KeptSamples,
    pass: &Scores,
    lane: usize,
) -> Result<ScoreChunks, EngineError> {
    let values = ScoreValues::new(job, pass, lane)?;
    let rows = kept.len();
    let (mut sums, mut averages) = (Vec::with_capacity(rows), Vec::with_capacity(rows));
    for block in &kept.blocks {
        values.of_block(block.block, &block.samples, &mut |value| {
            sums.push(value.sum);
            averages.push(value.average());
        })?;
    }
    let column = values.column();
    let key = (values.counts(), column.full_alleles);
    let known = cache.lock().ok().and_then(|cache| cache.get(&key).cloned());
    let counts = match known {
        Some(counts) => counts,
        None => {
            let fresh = Arc::new(encode_counts(chunks, kept, &values)?);
            if let Ok(mut cache) = cache.lock() {
                cache.insert(key, Arc::clone(&fresh));
            }
            fresh
        }
    };
    Ok(ScoreChunks {
        name: chunks.constant_string(SCORE, &column.name, rows)?,
        sum: chunks.doubles(SUM, &sums)?,
        average: chunks.doubles(AVERAGE, &averages)?,
        counts,
        variants: chunks.constant_integer(VARIANTS, column.variants as i64, rows)?,
    })
}

fn encode_counts(
    chunks: &ChunkWriter,
    kept: &KeptSamples,
    values: &ScoreValues<'_>,
) -> Result<[Chunk; 3], EngineError> {
    let rows = kept.len();
    let mut alleles = Vec::with_capacity(rows);
    let mut denominators = Vec::with_capacity(rows);
    let mut dosages = Vec::with_capacity(rows);
    for block in &kept.blocks {
        values.of_block(block.block, &block.samples, &mut |value| {
            alleles.push(value.alleles as i64);
            denominators.push(value.denominator as i64);
            dosages.push(value.dosage);
        })?;
    }
    Ok([
        chunks.integers(ALLELES, &alleles)?,
        chunks.integers(DENOMINATOR, &denominators)?,
        chunks.doubles(DOSAGE, &dosages)?,
    ])
}

/// The columns as Arrow has them.
pub(crate) fn scores_schema() -> Result<Schema, EngineError> {
    let columns = schema().map_err(EngineError::parquet(FILE))?;
    parquet_to_arrow_schema(&SchemaDescriptor::new(columns), None).map_err(EngineError::parquet(FILE))
}

fn schema() -> Result<TypePtr, parquet::errors::ParquetError> {
    let column = |name: &str, physical: PhysicalType, logical: Option<LogicalType>| {
        Type::primitive_type_builder(name, physical)
            .with_repetition(Repetition::REQUIRED)
            .with_logical_type(logical)
            .build()
            .map(Arc::new)
    };
    let text = |name| column(name, PhysicalType::BYTE_ARRAY, Some(LogicalType::String));
    let double = |name| column(name, PhysicalType::DOUBLE, None);
    let integer = |name| column(name, PhysicalType::INT64, None);
    let fields = vec![
        text("family_id")?,
        text("sample_id")?,
        text("score")?,
        double("sum")?,
        double("average")?,
        integer("allele_count")?,
        integer("denominator")?,
        double("named_allele_dosage_sum")?,
        integer("variants")?,
    ];
    Ok(Arc::new(Type::group_type_builder("scores").with_fields(fields).build()?))
}
