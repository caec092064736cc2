use std::sync::Arc;

use arrow_pg::datatypes::{
    PG_OID_ALIAS_KEY, arrow_schema_to_pg_fields, df::deserialize_parameters_with_server_types,
    encode_recordbatch, into_pg_type, pg_type_for_alias_kind,
};
use datafusion::{
    arrow::datatypes::{DataType, FieldRef},
    common::ParamValues,
    scalar::ScalarValue,
};
use futures::{Stream, StreamExt, stream};
use pgwire::{
    api::{
        Type,
        portal::{Format, Portal},
        results::{DataRowEncoder, FieldFormat, FieldInfo, QueryResponse},
    },
    error::{PgWireError, PgWireResult},
    messages::data::DataRow,
};

use super::{connection::told, extended::Bound};
use crate::{
    ServerError,
    gateway::statements::{Planned, Rows},
};

/// The columns of a statement's rows.
pub(super) fn fields(planned: &Planned, format: &Format) -> PgWireResult<Vec<FieldInfo>> {
    if let Format::Individual(formats) = format
        && formats.len() != planned.schema.fields().len()
    {
        return Err(told(&ServerError::Request {
            field: "result formats",
            problem: "there are not as many as columns".to_owned(),
            remedy: "send one for all, or one for each",
        }));
    }
    arrow_schema_to_pg_fields(&planned.schema, format, None)
}

/// The rows of a statement as the protocol has them.
pub(super) fn response(planned: &Planned, format: &Format, rows: Rows) -> PgWireResult<QueryResponse> {
    let fields = Arc::new(fields(planned, format)?);
    let encoded = Arc::clone(&fields);
    let rows = rows.into_stream().flat_map(move |batch| match batch {
        Ok(batch) => stream::iter(encode_recordbatch(Arc::clone(&encoded), batch)).left_stream(),
        Err(error) => stream::iter([Err(told(&error))]).right_stream(),
    });
    Ok(QueryResponse::new(fields, sendable(rows)))
}

/// States what the encoders' opaque iterators are.
fn sendable<S>(rows: S) -> impl Stream<Item = PgWireResult<DataRow>> + Send
where
    S: Stream<Item = PgWireResult<DataRow>> + Send,
{
    rows
}

/// A single text, in a column of this name.
pub(super) fn one_text(name: &str, value: &str, format: FieldFormat) -> PgWireResult<QueryResponse> {
    let fields = Arc::new(text_field(name, format));
    let mut encoder = DataRowEncoder::new(Arc::clone(&fields));
    encoder.encode_field(&Some(value))?;
    Ok(QueryResponse::new(fields, stream::iter([Ok(encoder.take_row())])))
}

/// The column of [`one_text`].
pub(super) fn text_field(name: &str, format: FieldFormat) -> Vec<FieldInfo> {
    vec![FieldInfo::new(name.to_owned(), None, None, Type::TEXT, format)]
}

/// The types of a statement's parameters as clients are to send them.
pub(super) fn parameter_types(planned: &Planned) -> PgWireResult<Vec<Type>> {
    planned.prepared.parameters.iter().map(parameter_type).collect()
}

fn parameter_type(parameter: &Option<FieldRef>) -> PgWireResult<Type> {
    let Some(field) = parameter else { return Ok(Type::UNKNOWN) };
    let alias = field.metadata().get(PG_OID_ALIAS_KEY).filter(|_| *field.data_type() == DataType::Int32);
    match alias.and_then(|kind| pg_type_for_alias_kind(kind)) {
        Some(kind) => Ok(kind),
        None => into_pg_type(field.data_type()),
    }
}

/// The values that a client has bound, in order.
pub(super) fn parameters(planned: &Planned, portal: &Portal<Bound>) -> PgWireResult<Vec<ScalarValue>> {
    if let Format::Individual(formats) = &portal.parameter_format
        && formats.len() != portal.parameter_len()
    {
        return Err(told(&ServerError::Request {
            field: "parameter formats",
            problem: "there are not as many as parameters".to_owned(),
            remedy: "send one for all, or one for each",
        }));
    }
    let kinds: Vec<Option<&DataType>> = planned
        .prepared
        .parameters
        .iter()
        .map(|field| field.as_ref().map(|field| field.data_type()))
        .collect();
    let types = parameter_types(planned)?;
    let types: Vec<Option<&Type>> = types.iter().map(Some).collect();
    match deserialize_parameters_with_server_types(portal, &kinds, &types)? {
        ParamValues::List(values) => Ok(values.into_iter().map(|value| value.value).collect()),
        ParamValues::Map(_) => Err(PgWireError::ParameterIndexOutOfBound(0)),
    }
}
