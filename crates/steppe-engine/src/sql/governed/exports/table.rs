//! Requests as rows.

use std::sync::{Arc, LazyLock};

use datafusion::arrow::{
    array::{ArrayRef, RecordBatch, StringArray, TimestampMillisecondArray, UInt64Array},
    datatypes::{DataType, Field, Schema, SchemaRef, TimeUnit},
    error::ArrowError,
};

use super::Filed;

/// Columns: which request, whose, what leaves, and what became of it.
static SCHEMA: LazyLock<SchemaRef> = LazyLock::new(|| {
    let text = |name| Field::new(name, DataType::Utf8, false);
    let maybe_text = |name| Field::new(name, DataType::Utf8, true);
    let number = |name| Field::new(name, DataType::UInt64, false);
    let time = |name, may_lack| {
        Field::new(name, DataType::Timestamp(TimeUnit::Millisecond, Some("UTC".into())), may_lack)
    };
    Arc::new(Schema::new(vec![
        text("cohort"),
        number("number"),
        text("requested_by"),
        time("requested", false),
        number("rows"),
        text("columns"),
        text("plan"),
        text("state"),
        number("approvals_needed"),
        text("approved_by"),
        time("last_approved", true),
        maybe_text("refused_by"),
        time("used", true),
    ]))
});

pub(super) fn schema_ref() -> &'static SchemaRef {
    &SCHEMA
}

pub(super) fn schema() -> SchemaRef {
    Arc::clone(&SCHEMA)
}

/// Requests as they are now, in Unix milliseconds.
pub(super) fn batch(filed: &[Filed], now: u64) -> Result<RecordBatch, ArrowError> {
    let texts = |of: &dyn Fn(&Filed) -> String| -> ArrayRef {
        Arc::new(filed.iter().map(|filed| Some(of(filed))).collect::<StringArray>())
    };
    let numbers = |of: &dyn Fn(&Filed) -> u64| -> ArrayRef {
        Arc::new(filed.iter().map(|filed| Some(of(filed))).collect::<UInt64Array>())
    };
    let times = |of: &dyn Fn(&Filed) -> Option<u64>| -> ArrayRef {
        let times = filed.iter().map(|filed| of(filed).map(u64::cast_signed));
        Arc::new(times.collect::<TimestampMillisecondArray>().with_timezone("UTC"))
    };
    let listed = |names: &mut dyn Iterator<Item = &String>| names.cloned().collect::<Vec<_>>().join(", ");
    let refused_by = filed.iter().map(|filed| filed.request.refused.as_ref().map(|(steward, _)| steward));
    RecordBatch::try_new(
        schema(),
        vec![
            texts(&|filed| filed.cohort.clone()),
            numbers(&|filed| filed.number),
            texts(&|filed| filed.request.export.user.clone()),
            times(&|filed| Some(filed.request.requested)),
            numbers(&|filed| filed.request.export.rows),
            texts(&|filed| listed(&mut filed.request.export.columns.iter())),
            texts(&|filed| filed.request.export.plan.clone()),
            texts(&|filed| filed.request.state(now).name().to_owned()),
            numbers(&|filed| u64::from(filed.request.needed)),
            texts(&|filed| listed(&mut filed.request.approvals.keys())),
            times(&|filed| filed.request.approvals.values().max().copied()),
            Arc::new(refused_by.collect::<StringArray>()),
            times(&|filed| filed.request.used),
        ],
    )
}
