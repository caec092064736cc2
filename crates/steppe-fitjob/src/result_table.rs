//! Tables of results, read back: whole, and as their record says.

use arrow::{
    array::{Array, BooleanArray, Float64Array, RecordBatch, RecordBatchReader, StringArray},
    compute::concat_batches,
};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use serde_json::Value;
use steppe_engine::{
    EngineError,
    output::{InputRecord, OutputRecord, RUN_FILE, unseal},
};
use steppe_store::Location;

use super::inputs::Inputs;

/// What of a result's record is asked for here.
#[derive(Debug, serde::Deserialize, serde::Serialize)]
struct Record {
    kind: String,
    outputs: Vec<OutputRecord>,
    #[serde(flatten)]
    others: serde_json::Map<String, Value>,
}

/// What a result was made from.
#[derive(Debug, serde::Deserialize, serde::Serialize)]
pub(super) struct MadeFrom {
    kind: String,
    /// Parameters by name.
    pub(super) parameters: serde_json::Map<String, Value>,
    /// Input files.
    pub(super) inputs: Vec<InputRecord>,
}

impl MadeFrom {
    /// What the record of a command's result says.
    pub(super) fn read(folder: &Location, kind: &str) -> Result<Self, EngineError> {
        let run = folder.child("run.json");
        let remedy = format!("give the folder that steppe {kind} wrote with --out");
        let record: Self = unseal(&run.read()?)
            .map_err(|error| EngineError::refused(format!("{run}: {error}"), remedy.clone()))?;
        match record.kind == kind {
            true => Ok(record),
            false => {
                Err(EngineError::refused(format!("{folder}: it is the result of '{}'", record.kind), remedy))
            }
        }
    }
}

/// A Parquet table of a result.
#[derive(Debug)]
pub(super) struct ResultTable {
    place: String,
    batch: RecordBatch,
}

impl ResultTable {
    /// Reads a table of the result of a command, and checks its hash.
    pub(super) fn read(
        folder: &Location,
        kind: &str,
        name: &str,
        inputs: &mut Inputs,
    ) -> Result<Self, EngineError> {
        let bytes = read_output(folder, kind, name, inputs)?;
        let place = folder.child(name).to_string();
        let failed = |error| EngineError::parquet(&place)(error);
        let reader = ParquetRecordBatchReaderBuilder::try_new(bytes)
            .and_then(ParquetRecordBatchReaderBuilder::build)
            .map_err(failed)?;
        let schema = reader.schema();
        let batches = reader.collect::<Result<Vec<_>, _>>().map_err(|error| failed(error.into()))?;
        let batch = concat_batches(&schema, &batches).map_err(|error| failed(error.into()))?;
        Ok(Self { place, batch })
    }

    /// Rows.
    pub(super) fn rows(&self) -> usize {
        self.batch.num_rows()
    }

    fn column<T: 'static>(&self, name: &str) -> Result<&T, EngineError> {
        let column = self.batch.column_by_name(name).and_then(|of| of.as_any().downcast_ref::<T>());
        column.ok_or_else(|| {
            EngineError::refused(
                format!("{}: it has no column {name} of the right kind", self.place),
                "make the result again with this version of steppe",
            )
        })
    }

    /// A column of text.
    pub(super) fn texts(&self, name: &str) -> Result<Vec<Option<String>>, EngineError> {
        Ok(self.column::<StringArray>(name)?.iter().map(|text| text.map(str::to_owned)).collect())
    }

    /// A column of numbers; NaN where there is none.
    pub(super) fn numbers(&self, name: &str) -> Result<Vec<f64>, EngineError> {
        Ok(self.column::<Float64Array>(name)?.iter().map(|value| value.unwrap_or(f64::NAN)).collect())
    }

    /// A column of flags.
    pub(super) fn flags(&self, name: &str) -> Result<Vec<bool>, EngineError> {
        Ok(self.column::<BooleanArray>(name)?.iter().map(|flag| flag == Some(true)).collect())
    }

    /// The names of columns that begin in a way, with what follows.
    pub(super) fn names_after(&self, prefix: &str) -> Vec<String> {
        let fields = self.batch.schema();
        let after = |field: &arrow::datatypes::FieldRef| field.name().strip_prefix(prefix).map(str::to_owned);
        fields.fields().iter().filter_map(after).collect()
    }
}

/// A file of the result of a command, checked against its record.
pub(super) fn read_output(
    folder: &Location,
    kind: &str,
    name: &str,
    inputs: &mut Inputs,
) -> Result<bytes::Bytes, EngineError> {
    let remedy = format!("give the folder that steppe {kind} wrote with --out");
    let run = folder.child(RUN_FILE);
    if !run.exists()? {
        return Err(EngineError::refused(format!("{folder}: there is no result of steppe {kind}"), remedy));
    }
    let record: Record = unseal(&run.read()?)
        .map_err(|error| EngineError::refused(format!("{run}: {error}"), remedy.clone()))?;
    let output = record.outputs.iter().find(|output| output.name == name && record.kind == kind);
    let Some(output) = output else {
        let problem =
            format!("{folder}: it is the result of '{}', without {name} of steppe {kind}", record.kind);
        return Err(EngineError::refused(problem, remedy));
    };
    let file = folder.child(name);
    let bytes = file.read()?;
    if blake3::hash(&bytes).to_hex().as_str() != output.blake3 {
        return Err(EngineError::refused(
            format!("{file}: its content is not what run.json says"),
            format!("run steppe {kind} again, or copy the folder again"),
        ));
    }
    inputs.push(InputRecord {
        path: file.to_string(),
        role: format!("{kind}:{name}"),
        blake3: output.blake3.clone(),
        bytes: output.bytes,
        notes: Vec::new(),
    });
    Ok(bytes)
}
