use arrow::{
    array::RecordBatch,
    datatypes::Schema,
    error::ArrowError,
    util::display::{ArrayFormatter, FormatOptions},
};

use crate::render::Align;

/// The columns of a table for people; numbers stand at the right.
pub(super) fn columns(schema: &Schema) -> impl Iterator<Item = (&str, Align)> {
    schema.fields().iter().map(|field| {
        let align = if field.data_type().is_numeric() { Align::Right } else { Align::Left };
        (field.name().as_str(), align)
    })
}

/// The rows of a batch as text.
pub(super) fn rows(batch: &RecordBatch) -> Result<Vec<Vec<String>>, ArrowError> {
    let options = FormatOptions::default().with_null("NULL");
    let formatters = batch
        .columns()
        .iter()
        .map(|column| ArrayFormatter::try_new(column.as_ref(), &options))
        .collect::<Result<Vec<_>, _>>()?;
    (0..batch.num_rows())
        .map(|row| formatters.iter().map(|formatter| formatter.value(row).try_to_string()).collect())
        .collect()
}
