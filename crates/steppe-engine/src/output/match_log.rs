//! `match_log.parquet`: one row per scoring-file row, with what was decided and why.

use std::{path::Path, sync::Arc};

use datafusion::arrow::{
    array::{
        ArrayRef, BooleanArray, Float64Array, RecordBatch, StringArray, StringDictionaryBuilder, UInt32Array,
        UInt64Array,
    },
    datatypes::{DataType, Field, Int32Type, Schema, SchemaRef},
};
use parquet::{arrow::ArrowWriter, basic::Compression, file::properties::WriterProperties};
use steppe_genome::{
    VariantTable,
    matching::{MatchType, RowDecision},
};
use steppe_store::CohortVariants;

use super::{OutputRecord, hashing::HashingFile};
use crate::{EngineError, score::MatchedFile};

/// The file's name.
pub(super) const FILE: &str = "match_log.parquet";

/// Rows that are encoded at a time.
const CHUNK: usize = 1 << 16;

/// Writes the log of all files.
pub(super) fn write(
    folder: &Path,
    files: &[MatchedFile],
    variants: &CohortVariants,
) -> Result<OutputRecord, EngineError> {
    let properties = WriterProperties::builder().set_compression(Compression::SNAPPY).build();
    let file = HashingFile::create(folder, FILE)?;
    let mut writer =
        ArrowWriter::try_new(file, schema(), Some(properties)).map_err(EngineError::parquet(FILE))?;
    for matched in files {
        let rows = matched.source.file.rows.len();
        let mut first = 0;
        while first < rows {
            let end = (first + CHUNK).min(rows);
            let batch = matched_batch(matched, variants, first..end)?;
            writer.write(&batch).map_err(EngineError::parquet(FILE))?;
            first = end;
        }
        if !matched.source.file.unsupported.is_empty() {
            writer.write(&unsupported_batch(matched)?).map_err(EngineError::parquet(FILE))?;
        }
    }
    writer.into_inner().map_err(EngineError::parquet(FILE))?.finish()
}

fn dictionary() -> DataType {
    DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8))
}

fn schema() -> SchemaRef {
    let field = Field::new;
    Arc::new(Schema::new(vec![
        field("file", dictionary(), false),
        field("accession", dictionary(), false),
        field("row", DataType::UInt64, false),
        field("line", DataType::UInt64, false),
        field("chromosome", dictionary(), true),
        field("position", DataType::UInt32, true),
        field("id", DataType::Utf8, true),
        field("effect_allele", dictionary(), false),
        field("other_allele", dictionary(), true),
        field("effect_type", dictionary(), false),
        field("effect_weight", DataType::Float64, true),
        field("variant_index", DataType::UInt32, true),
        field("variant_id", DataType::Utf8, true),
        field("counted_allele", dictionary(), true),
        field("uncounted_allele", dictionary(), true),
        field("match_type", dictionary(), true),
        field("status", dictionary(), false),
        field("reason", dictionary(), false),
        field("ambiguous", DataType::Boolean, false),
        field("multiallelic", DataType::Boolean, false),
        field("flipped", DataType::Boolean, false),
        field("duplicate_best_match", DataType::Boolean, false),
        field("duplicate_id", DataType::Boolean, false),
        field("rescued_by_frequency", DataType::Boolean, false),
    ]))
}

/// A dictionary-encoded text column; empty strings are null.
fn texts<'a>(values: impl Iterator<Item = Option<&'a str>>) -> ArrayRef {
    let mut builder = StringDictionaryBuilder::<Int32Type>::new();
    values.for_each(|value| builder.append_option(value.filter(|text| !text.is_empty())));
    Arc::new(builder.finish())
}

fn repeated(value: &str, rows: usize) -> ArrayRef {
    texts(std::iter::repeat_n(Some(value), rows))
}

fn plain_texts<'a>(values: impl Iterator<Item = Option<&'a str>>) -> ArrayRef {
    Arc::new(values.map(|value| value.filter(|text| !text.is_empty())).collect::<StringArray>())
}

fn flags(decisions: &[RowDecision], flag: impl Fn(&RowDecision) -> bool) -> ArrayRef {
    Arc::new(decisions.iter().map(|decision| Some(flag(decision))).collect::<BooleanArray>())
}

fn matched_batch(
    matched: &MatchedFile,
    variants: &CohortVariants,
    range: std::ops::Range<usize>,
) -> Result<RecordBatch, EngineError> {
    let file = &matched.source.file;
    let rows = &file.rows;
    let decisions = &matched.decisions[range.clone()];
    let labels: Vec<_> = range
        .clone()
        .map(|row| rows.chromosome[row].as_ref().map(steppe_genome::Chromosome::label))
        .collect();
    let variant = |decision: &RowDecision| decision.variant.map(|variant| variant as usize);
    let single = rows.score_count() == 1;
    let weight =
        |row: usize| single.then(|| rows.weights[0][row]).filter(|_| rows.dosage_weights(row).is_none());
    let columns: Vec<ArrayRef> = vec![
        repeated(&file.path.display().to_string(), range.len()),
        repeated(&file.accession(), range.len()),
        Arc::new(UInt64Array::from_iter_values(rows.row_number[range.clone()].iter().copied())),
        Arc::new(UInt64Array::from_iter_values(rows.line[range.clone()].iter().copied())),
        texts(labels.iter().map(|label| label.as_deref())),
        Arc::new(
            range.clone().map(|row| Some(rows.position[row]).filter(|&at| at > 0)).collect::<UInt32Array>(),
        ),
        plain_texts(range.clone().map(|row| Some(rows.id.get(row)))),
        texts(range.clone().map(|row| Some(shown(rows.effect_allele.get(row))))),
        texts(range.clone().map(|row| Some(rows.other_allele.get(row)))),
        texts(range.clone().map(|row| Some(rows.effect_type[row].as_str()))),
        Arc::new(range.clone().map(weight).collect::<Float64Array>()),
        Arc::new(decisions.iter().map(|decision| decision.variant).collect::<UInt32Array>()),
        plain_texts(decisions.iter().map(|decision| variant(decision).map(|at| variants.id(at)))),
        texts(decisions.iter().map(|decision| variant(decision).map(|at| variants.counted_allele(at)))),
        texts(decisions.iter().map(|decision| variant(decision).map(|at| variants.other_allele(at)))),
        texts(decisions.iter().map(|decision| decision.match_type.map(MatchType::as_str))),
        texts(decisions.iter().map(|decision| Some(decision.status.as_str()))),
        texts(decisions.iter().map(|decision| Some(decision.reason.as_str()))),
        flags(decisions, |decision| decision.flags.ambiguous),
        flags(decisions, |decision| decision.flags.multiallelic),
        flags(decisions, |decision| decision.flags.flipped),
        flags(decisions, |decision| decision.flags.duplicate_best_match),
        flags(decisions, |decision| decision.flags.duplicate_id),
        flags(decisions, |decision| decision.flags.rescued_by_frequency),
    ];
    batch(columns)
}

/// The rows that are read and not scored, with their kind as the reason.
fn unsupported_batch(matched: &MatchedFile) -> Result<RecordBatch, EngineError> {
    let file = &matched.source.file;
    let rows = &file.unsupported;
    let count = rows.len();
    let nothing = || texts(std::iter::repeat_n(None, count));
    let no_flag = || -> ArrayRef { Arc::new(BooleanArray::from(vec![false; count])) };
    let mut columns: Vec<ArrayRef> = vec![
        repeated(&file.path.display().to_string(), count),
        repeated(&file.accession(), count),
        Arc::new(UInt64Array::from_iter_values(rows.iter().map(|row| row.row_number))),
        Arc::new(UInt64Array::from_iter_values(rows.iter().map(|row| row.line))),
        nothing(),
        Arc::new(UInt32Array::new_null(count)),
        plain_texts(rows.iter().map(|row| Some(row.id.as_str()))),
        texts(rows.iter().map(|row| Some(shown(&row.effect_allele)))),
        nothing(),
        repeated("unsupported", count),
        Arc::new(Float64Array::from_iter_values(rows.iter().map(|row| row.weight))),
        Arc::new(UInt32Array::new_null(count)),
        plain_texts(std::iter::repeat_n(None, count)),
        nothing(),
        nothing(),
        nothing(),
        repeated("unsupported", count),
        texts(rows.iter().map(|row| Some(row.kind.as_str()))),
    ];
    columns.extend((0..6).map(|_| no_flag()));
    batch(columns)
}

/// Columns that can not be null show an absent allele as plink does.
fn shown(allele: &str) -> &str {
    if allele.is_empty() { "." } else { allele }
}

fn batch(columns: Vec<ArrayRef>) -> Result<RecordBatch, EngineError> {
    RecordBatch::try_new(schema(), columns)
        .map_err(|error| EngineError::from(datafusion::error::DataFusionError::from(error)))
}
