use std::sync::Arc;

use arrow::{
    array::{ArrayRef, RecordBatch, StringArray, StringBuilder, UInt32Array},
    datatypes::{DataType, Field, Schema, SchemaRef},
};
use parquet::{
    arrow::ArrowWriter,
    file::properties::{EnabledStatistics, WriterProperties},
    schema::types::ColumnPath,
};
use steppe_genome::Chromosome;

use super::{SexCounts, VARIANTS_FILE};
use crate::{FileEntry, StoreError, tile::FileWriter};

/// Variants that are held until they are written.
const BATCH_ROWS: usize = 32_768;
/// Variants of a row group.
const ROW_GROUP_ROWS: usize = 131_072;

/// Columns of counts, in the order in which [`VariantRow`] has them.
pub(super) const COUNTS: [&str; 4] = ["n0", "n1", "n2", "n_missing"];

/// One variant as it is stored.
pub(crate) struct VariantRow<'a> {
    pub(crate) chromosome: &'a Chromosome,
    pub(crate) position: u32,
    pub(crate) id: &'a str,
    pub(crate) counted_allele: &'a str,
    pub(crate) other_allele: &'a str,
    pub(crate) counts: [u32; 4],
    pub(crate) founder_counts: [u32; 4],
    pub(crate) sex_counts: Option<SexCounts>,
    /// Part, row group and row of its genotypes, in every block.
    pub(crate) tile: [u32; 3],
}

/// Writes variants.parquet as a stream, in bounded memory.
pub(crate) struct VariantsWriter {
    writer: ArrowWriter<FileWriter>,
    schema: SchemaRef,
    rows: Rows,
    next: u32,
}

#[derive(Default)]
struct Rows {
    texts: [StringBuilder; 4],
    position: Vec<u32>,
    counts: Vec<[u32; 4]>,
    founder_counts: Vec<[u32; 4]>,
    sex_counts: Vec<Option<SexCounts>>,
    tile: Vec<[u32; 3]>,
}

impl VariantsWriter {
    pub(crate) fn new(file: FileWriter) -> Result<Self, StoreError> {
        let schema = schema();
        let mut properties = WriterProperties::builder()
            .set_max_row_group_row_count(Some(ROW_GROUP_ROWS))
            .set_created_by(crate::tile::CREATED_BY.to_owned());
        for name in ["id", "index", "position", "row"] {
            properties = properties.set_column_dictionary_enabled(ColumnPath::from(name), false);
        }
        let properties = properties.set_statistics_enabled(EnabledStatistics::Chunk).build();
        let writer = ArrowWriter::try_new(file, Arc::clone(&schema), Some(properties))
            .map_err(StoreError::parquet(VARIANTS_FILE))?;
        Ok(Self { writer, schema, rows: Rows::default(), next: 0 })
    }

    /// Appends the next variant.
    pub(crate) fn push(&mut self, row: &VariantRow<'_>) -> Result<(), StoreError> {
        let rows = &mut self.rows;
        let texts = [&*row.chromosome.label(), row.id, row.counted_allele, row.other_allele];
        for (column, text) in rows.texts.iter_mut().zip(texts) {
            column.append_value(text);
        }
        rows.position.push(row.position);
        rows.counts.push(row.counts);
        rows.founder_counts.push(row.founder_counts);
        rows.sex_counts.push(row.sex_counts);
        rows.tile.push(row.tile);
        if rows.position.len() >= BATCH_ROWS { self.flush() } else { Ok(()) }
    }

    fn flush(&mut self) -> Result<(), StoreError> {
        let rows = std::mem::take(&mut self.rows);
        let count = rows.position.len() as u32;
        let first = self.next;
        self.next += count;
        let batch = RecordBatch::try_new(Arc::clone(&self.schema), rows.into_columns(first))
            .map_err(|error| StoreError::parquet(VARIANTS_FILE)(error.into()))?;
        self.writer.write(&batch).map_err(StoreError::parquet(VARIANTS_FILE))
    }

    /// Completes the file; it is there when this returns.
    pub(crate) fn finish(mut self) -> Result<FileEntry, StoreError> {
        self.flush()?;
        let file = self.writer.into_inner().map_err(StoreError::parquet(VARIANTS_FILE))?;
        file.finish()
    }
}

impl Rows {
    fn into_columns(self, first: u32) -> Vec<ArrayRef> {
        let Self { texts, position, counts, founder_counts, sex_counts, tile } = self;
        let rows = position.len() as u32;
        let [chromosome, id, counted, other] =
            texts.map(|mut column| Arc::new(column.finish()) as Arc<StringArray>);
        let numbers = |values: &mut dyn Iterator<Item = u32>| -> ArrayRef {
            Arc::new(UInt32Array::from_iter_values(values))
        };
        let mut columns: Vec<ArrayRef> = vec![
            numbers(&mut (first..first + rows)),
            chromosome,
            numbers(&mut position.iter().copied()),
            id,
            counted,
            other,
        ];
        for table in [&counts, &founder_counts] {
            for code in 0..4 {
                columns.push(numbers(&mut table.iter().map(|counts| counts[code])));
            }
        }
        let of_sex: [fn(&SexCounts) -> &[u32; 4]; 2] = [|counts| &counts.male, |counts| &counts.female];
        for counts_of in of_sex {
            for code in 0..4 {
                let values =
                    sex_counts.iter().map(|counts| counts.as_ref().map(|counts| counts_of(counts)[code]));
                columns.push(Arc::new(UInt32Array::from_iter(values)));
            }
        }
        for place in 0..3 {
            columns.push(numbers(&mut tile.iter().map(|tile| tile[place])));
        }
        columns
    }
}

fn schema() -> SchemaRef {
    let field = |name: String, kind: DataType, nullable: bool| Field::new(name, kind, nullable);
    let mut fields = vec![
        field("index".to_owned(), DataType::UInt32, false),
        field("chromosome".to_owned(), DataType::Utf8, false),
        field("position".to_owned(), DataType::UInt32, false),
    ];
    for name in ["id", "counted_allele", "other_allele"] {
        fields.push(field(name.to_owned(), DataType::Utf8, false));
    }
    for (prefix, nullable) in
        [("", false), ("founder_", false), ("founder_male_", true), ("founder_female_", true)]
    {
        for name in COUNTS {
            fields.push(field(format!("{prefix}{name}"), DataType::UInt32, nullable));
        }
    }
    for name in ["part", "row_group", "row"] {
        fields.push(field(name.to_owned(), DataType::UInt32, false));
    }
    Arc::new(Schema::new(fields))
}
