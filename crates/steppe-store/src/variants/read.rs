use arrow::{
    array::{Array, BooleanArray, RecordBatch, StringArray, UInt32Array},
    buffer::BooleanBuffer,
    compute::filter_record_batch,
};
use parquet::{
    arrow::{
        ProjectionMask,
        arrow_reader::{ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReaderBuilder},
    },
    file::metadata::ParquetMetaData,
};
use steppe_genome::{Chromosome, StringColumn};

use super::{CohortVariants, SexCounts, VARIANTS_FILE, write::COUNTS};
use crate::{StoreError, checked_file::CheckedFile};

/// Variants that are decoded at once.
const BATCH_ROWS: usize = 16_384;
/// Variants that room is made for on the file's word.
const MOST_RESERVED: usize = 1 << 24;

/// Says whether a variant is wanted, by chromosome, position and id.
pub(crate) type Wanted<'a> = &'a dyn Fn(&Chromosome, u32, &str) -> bool;

/// Reads variants.parquet, or what is wanted of it, and counts all. Founders' counts are only read where not everybody
/// is a founder, counts by sex only where there are any, tile addresses never.
pub(crate) fn read_variants(
    file: &CheckedFile,
    all_founders: bool,
    wanted: Option<Wanted<'_>>,
) -> Result<(CohortVariants, u64), StoreError> {
    let failed = || StoreError::parquet(VARIANTS_FILE);
    let metadata = ArrowReaderMetadata::load(file, ArrowReaderOptions::new().with_skip_arrow_metadata(true))
        .map_err(failed())?;
    let groups = metadata.metadata().num_row_groups();
    let mut table = CohortVariants {
        numbers: wanted.map(|_| Vec::new()),
        founder_counts: (!all_founders).then(Vec::new),
        ..CohortVariants::default()
    };
    if wanted.is_none() {
        table.reserve(metadata.metadata());
    }
    let mut read = 0;
    for group in 0..groups {
        let by_sex = has_values(&metadata, group, "founder_male_n0");
        let schema = metadata.metadata().file_metadata().schema_descr();
        let columns = (0..schema.num_columns()).filter(|&column| match schema.column(column).name() {
            "index" | "part" | "row_group" | "row" => false,
            name if name.starts_with("founder_male_") || name.starts_with("founder_female_") => by_sex,
            name if name.starts_with("founder_") => !all_founders,
            _ => true,
        });
        let reader = ParquetRecordBatchReaderBuilder::new_with_metadata(file.clone(), metadata.clone())
            .with_projection(ProjectionMask::leaves(schema, columns))
            .with_row_groups(vec![group])
            .with_batch_size(BATCH_ROWS)
            .build()
            .map_err(failed())?;
        for batch in reader {
            let batch = batch.map_err(|error| failed()(error.into()))?;
            let rows = batch.num_rows() as u64;
            let batch = match wanted {
                Some(wanted) => table.only(wanted, &batch, read)?,
                None => batch,
            };
            table.append(&batch, by_sex)?;
            read += rows;
        }
    }
    Ok((table, read))
}

/// Whether a column has values in a row group; without statistics it may.
fn has_values(metadata: &ArrowReaderMetadata, group: usize, name: &str) -> bool {
    let group = metadata.metadata().row_group(group);
    let nulls = group
        .columns()
        .iter()
        .find(|column| column.column_descr().name() == name)
        .and_then(|column| column.statistics()?.null_count_opt());
    nulls.is_none_or(|nulls| i64::try_from(nulls) != Ok(group.num_rows()))
}

impl CohortVariants {
    /// Makes room for all variants, so that no column has to move as it grows.
    fn reserve(&mut self, metadata: &ParquetMetaData) {
        let rows = usize::try_from(metadata.file_metadata().num_rows()).unwrap_or(0).min(MOST_RESERVED);
        self.chromosome.reserve_exact(rows);
        self.position.reserve_exact(rows);
        self.counts.reserve_exact(rows);
        if let Some(founders) = &mut self.founder_counts {
            founders.reserve_exact(rows);
        }
        self.id = StringColumn::with_capacity(rows, 12 * rows);
        self.counted_allele = StringColumn::with_capacity(rows, rows + rows / 8);
        self.other_allele = StringColumn::with_capacity(rows, rows + rows / 8);
    }

    /// The wanted rows of a batch that begins at the cohort's variant `first`; their indices are noted.
    fn only(
        &mut self,
        wanted: Wanted<'_>,
        batch: &RecordBatch,
        first: u64,
    ) -> Result<RecordBatch, StoreError> {
        let (labels, ids) =
            (column::<StringArray>(batch, "chromosome")?, column::<StringArray>(batch, "id")?);
        let positions = column::<UInt32Array>(batch, "position")?;
        let mut last: Option<(&str, Chromosome)> = None;
        let keep: BooleanBuffer = (0..batch.num_rows())
            .map(|row| {
                let label = labels.value(row);
                let chromosome = match last.take() {
                    Some((text, chromosome)) if text == label => chromosome,
                    _ => Chromosome::parse(label),
                };
                let is_wanted = wanted(&chromosome, positions.value(row), ids.value(row));
                last = Some((label, chromosome));
                is_wanted
            })
            .collect();
        if let Some(numbers) = &mut self.numbers {
            numbers.extend(keep.set_indices_u32().map(|row| first as u32 + row));
        }
        filter_record_batch(batch, &BooleanArray::new(keep, None))
            .map_err(|error| StoreError::parquet(VARIANTS_FILE)(error.into()))
    }

    fn append(&mut self, batch: &RecordBatch, by_sex: bool) -> Result<(), StoreError> {
        let first = self.position.len();
        let mut last = None;
        for label in column::<StringArray>(batch, "chromosome")? {
            let label = label.unwrap_or_default();
            // Runs of one chromosome are the rule.
            let code = match last {
                Some((text, code)) if text == label => code,
                _ => self.chromosome_code(label),
            };
            self.chromosome.push(code);
            last = Some((label, code));
        }
        self.position.extend_from_slice(column::<UInt32Array>(batch, "position")?.values());
        let texts = [
            (&mut self.id, "id"),
            (&mut self.counted_allele, "counted_allele"),
            (&mut self.other_allele, "other_allele"),
        ];
        for (into, name) in texts {
            append_texts(column::<StringArray>(batch, name)?, into).ok_or_else(|| {
                StoreError::corrupt(VARIANTS_FILE, format!("column {name}"), "texts", "others")
            })?;
        }
        append_counts(batch, "", &mut self.counts)?;
        if let Some(founders) = &mut self.founder_counts {
            append_counts(batch, "founder_", founders)?;
        }
        if by_sex {
            self.append_sex_counts(batch, first)?;
        }
        Ok(())
    }

    fn chromosome_code(&mut self, label: &str) -> u32 {
        match self.chromosomes.iter().position(|chromosome| chromosome.label() == label) {
            Some(known) => known as u32,
            None => {
                self.chromosomes.push(Chromosome::parse(label));
                (self.chromosomes.len() - 1) as u32
            }
        }
    }

    fn append_sex_counts(&mut self, batch: &RecordBatch, first: usize) -> Result<(), StoreError> {
        let (mut male, mut female) = (Vec::new(), Vec::new());
        append_counts(batch, "founder_male_", &mut male)?;
        append_counts(batch, "founder_female_", &mut female)?;
        let present = column::<UInt32Array>(batch, "founder_male_n0")?;
        for row in (0..batch.num_rows()).filter(|&row| present.is_valid(row)) {
            self.sex_counts.push(((first + row) as u32, SexCounts { male: male[row], female: female[row] }));
        }
        Ok(())
    }
}

/// Appends a column of texts in one piece: an array holds them end to end, as a [`StringColumn`] does.
fn append_texts(array: &StringArray, into: &mut StringColumn) -> Option<()> {
    let offsets = array.value_offsets();
    let first = *offsets.first()? as usize;
    let all = array.value_data().get(first..*offsets.last()? as usize)?;
    let ends = offsets[1..].iter().map(|&end| end as usize - first);
    into.extend_from_parts(std::str::from_utf8(all).ok()?, ends).then_some(())
}

/// Appends four columns of counts; what is null reads as any number.
fn append_counts(batch: &RecordBatch, prefix: &str, into: &mut Vec<[u32; 4]>) -> Result<(), StoreError> {
    let mut columns: [&[u32]; 4] = [&[]; 4];
    for (values, name) in columns.iter_mut().zip(COUNTS) {
        *values = column::<UInt32Array>(batch, &format!("{prefix}{name}"))?.values();
    }
    let [n0, n1, n2, missing] = columns;
    into.extend(
        n0.iter().zip(n1).zip(n2).zip(missing).map(|(((n0, n1), n2), missing)| [*n0, *n1, *n2, *missing]),
    );
    Ok(())
}

/// A column of a table by name and type.
fn column<'a, T: Array + 'static>(batch: &'a RecordBatch, name: &str) -> Result<&'a T, StoreError> {
    batch.column_by_name(name).and_then(|column| column.as_any().downcast_ref()).ok_or_else(|| {
        StoreError::corrupt(VARIANTS_FILE, format!("column {name}"), "its type", "another, or none")
    })
}
