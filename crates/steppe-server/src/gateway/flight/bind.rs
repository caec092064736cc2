use arrow_flight::{
    decode::FlightRecordBatchStream, error::FlightError, sql::server::PeekableFlightDataStream,
};
use datafusion::{
    arrow::{
        array::{ArrayRef, RecordBatch},
        datatypes::{DataType, Field, FieldRef, Schema},
    },
    scalar::ScalarValue,
};
use futures::TryStreamExt;
use steppe_engine::{EngineError, sql::Prepared};

use crate::ServerError;

/// Most rows of parameters: each is a run of the statement.
const MOST_RUNS: usize = 1000;

/// The parameters of a statement as columns; one that nothing says the type of has none.
pub(super) fn schema(prepared: &Prepared) -> Schema {
    let field = |(index, parameter): (usize, &Option<FieldRef>)| {
        let kind = parameter.as_ref().map_or(DataType::Null, |field| field.data_type().clone());
        Field::new(format!("${}", index + 1), kind, true)
    };
    Schema::new(prepared.parameters.iter().enumerate().map(field).collect::<Vec<_>>())
}

/// The values that a client sends for the parameters: a list for every row.
///
/// # Errors
/// Columns of another number or type; too many rows.
pub(super) async fn values(
    prepared: &Prepared,
    sent: PeekableFlightDataStream,
) -> Result<Vec<Vec<ScalarValue>>, ServerError> {
    let unreadable = |error: FlightError| ServerError::Request {
        field: "parameters",
        problem: format!("can not be read: {error}"),
        remedy: "send them as Arrow record batches",
    };
    let mut batches = FlightRecordBatchStream::new_from_flight_data(sent.map_err(FlightError::from));
    let mut runs = Vec::new();
    while let Some(batch) = batches.try_next().await.map_err(unreadable)? {
        if runs.len() + batch.num_rows() > MOST_RUNS {
            return Err(ServerError::TooMany {
                what: "rows of parameters are bound",
                most: MOST_RUNS,
                remedy: "bind fewer at once",
            });
        }
        for row in 0..batch.num_rows() {
            runs.push(of_row(prepared, &batch, row)?);
        }
    }
    Ok(runs)
}

fn of_row(prepared: &Prepared, batch: &RecordBatch, row: usize) -> Result<Vec<ScalarValue>, ServerError> {
    let (wanted, sent) = (prepared.parameters.len(), batch.num_columns());
    if wanted != sent {
        return Err(ServerError::Request {
            field: "parameters",
            problem: format!("there are {sent} columns for {wanted} parameters"),
            remedy: "send one column for each of $1, $2, …",
        });
    }
    let value = |(column, parameter): (&ArrayRef, &Option<FieldRef>)| {
        let value = ScalarValue::try_from_array(column, row)?;
        match parameter {
            Some(field) => value.cast_to(field.data_type()),
            None => Ok(value),
        }
    };
    let values = batch.columns().iter().zip(&prepared.parameters).map(value).collect::<Result<_, _>>();
    values.map_err(|error| EngineError::from(error).into())
}
