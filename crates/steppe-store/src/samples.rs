use std::{collections::HashMap, sync::Arc};

use arrow::{
    array::{Array, BooleanArray, RecordBatch, StringArray, UInt32Array},
    datatypes::{DataType, Field, Schema},
};
use bytes::Bytes;
use parquet::arrow::{ArrowWriter, arrow_reader::ParquetRecordBatchReaderBuilder};
use steppe_formats::sample_list::SampleSelector;
use steppe_genome::{Sex, StringColumn};

use crate::StoreError;

/// The samples' file, relative to the cohort.
pub(crate) const SAMPLES_FILE: &str = "samples.parquet";

/// The samples of a cohort, in matrix order, column by column.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SampleTable {
    /// Family ids.
    pub family_id: StringColumn,
    /// Sample ids.
    pub sample_id: StringColumn,
    /// Sexes.
    pub sex: Vec<Sex>,
    /// The father's sample id; `0` where there is none.
    pub father: StringColumn,
    /// The mother's sample id; `0` where there is none.
    pub mother: StringColumn,
    /// Whether both parents are unknown: allele frequencies come from founders.
    pub founder: Vec<bool>,
    /// The phenotype column of the .fam, as it stands.
    pub phenotype: StringColumn,
}

impl SampleTable {
    /// How many samples there are.
    pub fn len(&self) -> usize {
        self.sex.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.sex.is_empty()
    }

    /// How many founders there are.
    pub fn founders(&self) -> usize {
        self.founder.iter().filter(|&&founder| founder).count()
    }

    /// Whether each sample is on a list, and how many entries of the list name nobody here.
    pub fn listed(&self, selectors: &[SampleSelector]) -> (Vec<bool>, u64) {
        let mut by_id: HashMap<&str, Vec<usize>> = HashMap::with_capacity(self.len());
        for (index, id) in self.sample_id.iter().enumerate() {
            by_id.entry(id).or_default().push(index);
        }
        let (mut listed, mut unknown) = (vec![false; self.len()], 0);
        for selector in selectors {
            let same_id = by_id.get(selector.sample_id.as_str()).into_iter().flatten();
            let mut found = false;
            for &index in
                same_id.filter(|index| selector.matches(self.family_id.get(**index), &selector.sample_id))
            {
                listed[index] = true;
                found = true;
            }
            unknown += u64::from(!found);
        }
        (listed, unknown)
    }

    /// The hash of the ordered sample ids, as manifests and parts hold it.
    pub(crate) fn ids_blake3(&self) -> String {
        crate::hash::sample_ids_blake3(self.family_id.iter().zip(self.sample_id.iter()))
    }

    /// The table as a Parquet file.
    pub(crate) fn to_parquet(&self) -> Result<Vec<u8>, StoreError> {
        let strings = |column: &StringColumn| Arc::new(StringArray::from_iter_values(column.iter())) as _;
        let field = |name: &str, kind: DataType| Field::new(name, kind, false);
        let schema = Arc::new(Schema::new(vec![
            field("index", DataType::UInt32),
            field("family_id", DataType::Utf8),
            field("sample_id", DataType::Utf8),
            field("sex", DataType::Utf8),
            field("father", DataType::Utf8),
            field("mother", DataType::Utf8),
            field("founder", DataType::Boolean),
            field("phenotype", DataType::Utf8),
        ]));
        let failed = || StoreError::parquet(SAMPLES_FILE);
        let batch = RecordBatch::try_new(
            Arc::clone(&schema),
            vec![
                Arc::new(UInt32Array::from_iter_values(0..self.len() as u32)),
                strings(&self.family_id),
                strings(&self.sample_id),
                Arc::new(StringArray::from_iter_values(self.sex.iter().map(ToString::to_string))),
                strings(&self.father),
                strings(&self.mother),
                Arc::new(BooleanArray::from(self.founder.clone())),
                strings(&self.phenotype),
            ],
        )
        .map_err(|error| failed()(error.into()))?;
        let mut bytes = Vec::new();
        let mut writer = ArrowWriter::try_new(&mut bytes, schema, None).map_err(failed())?;
        writer.write(&batch).map_err(failed())?;
        writer.close().map_err(failed())?;
        Ok(bytes)
    }

    /// Reads what [`Self::to_parquet`] wrote; its hash has been checked before.
    pub(crate) fn from_parquet(bytes: Bytes) -> Result<Self, StoreError> {
        let failed = || StoreError::parquet(SAMPLES_FILE);
        let reader = ParquetRecordBatchReaderBuilder::try_new(bytes)
            .and_then(|builder| builder.with_batch_size(65_536).build())
            .map_err(failed())?;
        let mut table = Self::default();
        for batch in reader {
            table.append(&batch.map_err(|error| failed()(error.into()))?)?;
        }
        Ok(table)
    }

    fn append(&mut self, batch: &RecordBatch) -> Result<(), StoreError> {
        let texts = |name: &str| column::<StringArray>(batch, name);
        let push = |into: &mut StringColumn, name: &str| -> Result<(), StoreError> {
            texts(name)?.iter().for_each(|text| into.push(text.unwrap_or_default()));
            Ok(())
        };
        push(&mut self.family_id, "family_id")?;
        push(&mut self.sample_id, "sample_id")?;
        push(&mut self.father, "father")?;
        push(&mut self.mother, "mother")?;
        push(&mut self.phenotype, "phenotype")?;
        self.sex.extend(texts("sex")?.iter().map(|sex| match sex {
            Some("male") => Sex::Male,
            Some("female") => Sex::Female,
            _ => Sex::Unknown,
        }));
        let founders = column::<BooleanArray>(batch, "founder")?;
        self.founder.extend(founders.iter().map(|founder| founder == Some(true)));
        Ok(())
    }
}

/// A column of a table by name and type.
fn column<'a, T: Array + 'static>(batch: &'a RecordBatch, name: &str) -> Result<&'a T, StoreError> {
    batch.column_by_name(name).and_then(|column| column.as_any().downcast_ref()).ok_or_else(|| {
        StoreError::corrupt(SAMPLES_FILE, format!("column {name}"), "its type", "another, or none")
    })
}
