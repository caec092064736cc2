//! `match_log.parquet`: one row per scoring-file row, with what was decided and why.

use std::{borrow::Cow, ops::Range, path::Path, sync::Arc};

use parquet::{
    basic::{Compression, Encoding, LogicalType, Repetition, Type as PhysicalType},
    errors::ParquetError,
    file::{
        properties::{EnabledStatistics, WriterProperties},
        writer::SerializedFileWriter,
    },
    schema::types::{ColumnPath, Type, TypePtr},
};
use steppe_genome::{
    Chromosome, VariantTable,
    matching::{MatchFlags, MatchType, RowDecision},
};
use steppe_store::CohortVariants;

use super::{
    OutputRecord,
    column_chunks::{Chunk, ChunkWriter, append_row_group},
    hashing::HashingFile,
    in_order::in_order,
};
use crate::{EngineError, score::MatchedFile};

/// The file's name.
pub(super) const FILE: &str = "match_log.parquet";

/// Rows of a row group.
const GROUP_ROWS: usize = 1 << 15;

/// What a row group holds.
enum Part {
    /// Rows of the file's rows.
    Rows(Range<usize>),
    /// All rows of kinds that are not scored.
    Unsupported,
}

/// Writes the log of all files: row groups are encoded on `threads` threads.
pub(super) fn write(
    folder: &Path,
    files: &[MatchedFile],
    variants: &CohortVariants,
    threads: usize,
) -> Result<OutputRecord, EngineError> {
    let schema = schema().map_err(EngineError::parquet(FILE))?;
    let properties = Arc::new(properties());
    let file = HashingFile::create(folder, FILE)?;
    let mut writer = SerializedFileWriter::new(file, Arc::clone(&schema), Arc::clone(&properties))
        .map_err(EngineError::parquet(FILE))?;
    let chunks = ChunkWriter::new(FILE, &schema, properties);
    let parts: Vec<(&MatchedFile, Part)> =
        files.iter().flat_map(|file| parts(file).map(move |part| (file, part))).collect();
    in_order(
        threads,
        parts.len(),
        &|index| match &parts[index] {
            (matched, Part::Rows(rows)) => matched_rows(&chunks, matched, variants, rows.clone()),
            (matched, Part::Unsupported) => unsupported_rows(&chunks, matched),
        },
        &mut |group: Vec<Chunk>| append_row_group(FILE, &mut writer, &group),
    )?;
    writer.into_inner().map_err(EngineError::parquet(FILE))?.finish()
}

fn parts(matched: &MatchedFile) -> impl Iterator<Item = Part> {
    let file = &matched.source.file;
    let rows = file.rows.len();
    let scored =
        (0..rows).step_by(GROUP_ROWS).map(move |first| Part::Rows(first..rows.min(first + GROUP_ROWS)));
    scored.chain((!file.unsupported.is_empty()).then_some(Part::Unsupported))
}

/// Numbers as they are: rows, lines and positions ascend, so their differences are small.
fn properties() -> WriterProperties {
    let mut properties = WriterProperties::builder()
        .set_compression(Compression::SNAPPY)
        .set_dictionary_enabled(false)
        .set_statistics_enabled(EnabledStatistics::None)
        .set_offset_index_disabled(true);
    for name in ["row", "line", "position", "variant_index"] {
        properties = properties.set_column_encoding(ColumnPath::from(name), Encoding::DELTA_BINARY_PACKED);
    }
    properties.build()
}

/// The columns in file order.
fn schema() -> Result<TypePtr, ParquetError> {
    const OPTIONAL: Repetition = Repetition::OPTIONAL;
    const REQUIRED: Repetition = Repetition::REQUIRED;
    let column =
        |name: &str, physical: PhysicalType, logical: Option<LogicalType>, repetition: Repetition| {
            Type::primitive_type_builder(name, physical)
                .with_repetition(repetition)
                .with_logical_type(logical)
                .build()
                .map(Arc::new)
        };
    let text =
        |name, repetition| column(name, PhysicalType::BYTE_ARRAY, Some(LogicalType::String), repetition);
    let unsigned = |bit_width| Some(LogicalType::integer(bit_width, false));
    let index = |name| column(name, PhysicalType::INT64, unsigned(64), REQUIRED);
    let number = |name| column(name, PhysicalType::INT32, unsigned(32), OPTIONAL);
    let flag = |name| column(name, PhysicalType::BOOLEAN, None, REQUIRED);
    let fields = vec![
        text("file", REQUIRED)?,
        text("accession", REQUIRED)?,
        index("row")?,
        index("line")?,
        text("chromosome", OPTIONAL)?,
        number("position")?,
        text("id", OPTIONAL)?,
        text("effect_allele", REQUIRED)?,
        text("other_allele", OPTIONAL)?,
        text("effect_type", REQUIRED)?,
        column("effect_weight", PhysicalType::DOUBLE, None, OPTIONAL)?,
        number("variant_index")?,
        text("variant_id", OPTIONAL)?,
        text("counted_allele", OPTIONAL)?,
        text("uncounted_allele", OPTIONAL)?,
        text("match_type", OPTIONAL)?,
        text("status", REQUIRED)?,
        text("reason", REQUIRED)?,
        flag("ambiguous")?,
        flag("multiallelic")?,
        flag("flipped")?,
        flag("duplicate_best_match")?,
        flag("duplicate_id")?,
        flag("rescued_by_frequency")?,
    ];
    Ok(Arc::new(Type::group_type_builder("match_log").with_fields(fields).build()?))
}

/// Builds the columns of one row group, one after the other.
struct Columns<'a> {
    chunks: &'a ChunkWriter,
    rows: usize,
    done: Vec<Chunk>,
}

impl<'a> Columns<'a> {
    fn new(chunks: &'a ChunkWriter, rows: usize) -> Self {
        Self { chunks, rows, done: Vec::with_capacity(24) }
    }

    fn push(
        &mut self,
        encode: impl FnOnce(&ChunkWriter, usize) -> Result<Chunk, EngineError>,
    ) -> Result<(), EngineError> {
        let column = self.done.len();
        self.done.push(encode(self.chunks, column)?);
        Ok(())
    }

    fn same(&mut self, value: &str) -> Result<(), EngineError> {
        let rows = self.rows;
        self.push(|chunks, column| chunks.constant_string(column, value, rows))
    }

    /// Texts that recur; empty ones are absent.
    fn texts<'t>(
        &mut self,
        values: impl ExactSizeIterator<Item = Option<&'t str>>,
    ) -> Result<(), EngineError> {
        self.push(|chunks, column| chunks.dictionary_texts(column, values.map(not_empty)))
    }

    /// Texts that are mostly different; empty ones are absent.
    fn ids<'t>(&mut self, values: impl ExactSizeIterator<Item = Option<&'t str>>) -> Result<(), EngineError> {
        self.push(|chunks, column| chunks.plain_texts(column, values.map(not_empty)))
    }

    fn indices(&mut self, values: impl Iterator<Item = u64>) -> Result<(), EngineError> {
        let values: Vec<i64> = values.map(u64::cast_signed).collect();
        self.push(|chunks, column| chunks.integers(column, &values))
    }

    fn numbers(&mut self, values: impl Iterator<Item = Option<u32>>) -> Result<(), EngineError> {
        let values: Vec<Option<u32>> = values.collect();
        self.push(|chunks, column| chunks.optional_integers(column, &values))
    }

    fn weights(&mut self, values: impl Iterator<Item = Option<f64>>) -> Result<(), EngineError> {
        let values: Vec<Option<f64>> = values.collect();
        self.push(|chunks, column| chunks.optional_doubles(column, &values))
    }

    fn flags(&mut self, values: impl Iterator<Item = bool>) -> Result<(), EngineError> {
        let values: Vec<bool> = values.collect();
        self.push(|chunks, column| chunks.booleans(column, &values))
    }

    fn absent_texts(&mut self) -> Result<(), EngineError> {
        let rows = self.rows;
        self.texts((0..rows).map(|_| None))
    }

    fn absent_numbers(&mut self) -> Result<(), EngineError> {
        let rows = self.rows;
        self.numbers((0..rows).map(|_| None))
    }
}

fn not_empty(value: Option<&str>) -> Option<&str> {
    value.filter(|text| !text.is_empty())
}

fn matched_rows(
    chunks: &ChunkWriter,
    matched: &MatchedFile,
    variants: &CohortVariants,
    range: Range<usize>,
) -> Result<Vec<Chunk>, EngineError> {
    let file = &matched.source.file;
    let rows = &file.rows;
    let decisions = &matched.decisions[range.clone()];
    let labels: Vec<Option<Cow<'_, str>>> =
        rows.chromosome[range.clone()].iter().map(|label| label.as_ref().map(Chromosome::label)).collect();
    let variant = |decision: &RowDecision| decision.variant.map(|variant| variant as usize);
    let single = rows.score_count() == 1;
    let weight =
        |row: usize| single.then(|| rows.weights[0][row]).filter(|_| rows.dosage_weights(row).is_none());
    let mut columns = Columns::new(chunks, range.len());
    columns.same(&file.path.display().to_string())?;
    columns.same(&file.accession())?;
    columns.indices(rows.row_number[range.clone()].iter().copied())?;
    columns.indices(rows.line[range.clone()].iter().copied())?;
    columns.texts(labels.iter().map(Option::as_deref))?;
    columns.numbers(rows.position[range.clone()].iter().map(|&at| Some(at).filter(|&at| at > 0)))?;
    columns.ids(range.clone().map(|row| Some(rows.id.get(row))))?;
    columns.texts(range.clone().map(|row| Some(shown(rows.effect_allele.get(row)))))?;
    columns.texts(range.clone().map(|row| Some(rows.other_allele.get(row))))?;
    columns.texts(rows.effect_type[range.clone()].iter().map(|kind| Some(kind.as_str())))?;
    columns.weights(range.map(weight))?;
    columns.numbers(decisions.iter().map(|decision| variant(decision).map(|at| variants.number(at))))?;
    columns.ids(decisions.iter().map(|decision| variant(decision).map(|at| variants.id(at))))?;
    columns
        .texts(decisions.iter().map(|decision| variant(decision).map(|at| variants.counted_allele(at))))?;
    columns.texts(decisions.iter().map(|decision| variant(decision).map(|at| variants.other_allele(at))))?;
    columns.texts(decisions.iter().map(|decision| decision.match_type.map(MatchType::as_str)))?;
    columns.texts(decisions.iter().map(|decision| Some(decision.status.as_str())))?;
    columns.texts(decisions.iter().map(|decision| Some(decision.reason.as_str())))?;
    let flags: [fn(&MatchFlags) -> bool; 6] = [
        |flags| flags.ambiguous,
        |flags| flags.multiallelic,
        |flags| flags.flipped,
        |flags| flags.duplicate_best_match,
        |flags| flags.duplicate_id,
        |flags| flags.rescued_by_frequency,
    ];
    for flag in flags {
        columns.flags(decisions.iter().map(|decision| flag(&decision.flags)))?;
    }
    Ok(columns.done)
}

/// The rows that are read and not scored, with their kind as the reason.
fn unsupported_rows(chunks: &ChunkWriter, matched: &MatchedFile) -> Result<Vec<Chunk>, EngineError> {
    let file = &matched.source.file;
    let rows = &file.unsupported;
    let mut columns = Columns::new(chunks, rows.len());
    columns.same(&file.path.display().to_string())?;
    columns.same(&file.accession())?;
    columns.indices(rows.iter().map(|row| row.row_number))?;
    columns.indices(rows.iter().map(|row| row.line))?;
    columns.absent_texts()?;
    columns.absent_numbers()?;
    columns.ids(rows.iter().map(|row| Some(row.id.as_str())))?;
    columns.texts(rows.iter().map(|row| Some(shown(&row.effect_allele))))?;
    columns.absent_texts()?;
    columns.same("unsupported")?;
    columns.weights(rows.iter().map(|row| Some(row.weight)))?;
    columns.absent_numbers()?;
    for _ in 0..4 {
        columns.absent_texts()?;
    }
    columns.same("unsupported")?;
    columns.texts(rows.iter().map(|row| Some(row.kind.as_str())))?;
    for _ in 0..6 {
        columns.flags(rows.iter().map(|_| false))?;
    }
    Ok(columns.done)
}

/// Columns that can not be null show an absent allele as plink does.
fn shown(allele: &str) -> &str {
    if allele.is_empty() { "." } else { allele }
}
