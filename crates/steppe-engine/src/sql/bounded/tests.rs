use std::time::{Duration, Instant};

use datafusion::arrow::array::AsArray;

use super::*;

type TestResult = std::result::Result<(), Box<dyn std::error::Error>>;

fn context() -> Result<SessionContext> {
    let context = SessionContext::new();
    bound_functions(&context)?;
    Ok(context)
}

async fn text(context: &SessionContext, sql: &str) -> Result<String> {
    let batches = context.sql(sql).await?.collect().await?;
    let column = datafusion::arrow::compute::cast(batches[0].column(0), &DataType::Utf8)?;
    Ok(column.as_string::<i32>().value(0).to_owned())
}

#[tokio::test]
async fn what_would_take_all_memory_is_refused_at_once() -> TestResult {
    let context = context()?;
    let doubled = (0..12).fold("SELECT repeat('a', 1000000) AS s".to_owned(), |inner, _| {
        format!("SELECT s || s AS s FROM ({inner}) AS t")
    });
    let concatenated = doubled.replace("s || s", "concat(s, s)");
    let appended = (0..12).fold("SELECT range(100000) AS s".to_owned(), |inner, _| {
        format!("SELECT array_concat(s, s) AS s FROM ({inner}) AS t")
    });
    let began = Instant::now();
    for sql in [
        "SELECT repeat('a', 2000000000)",
        "SELECT repeat(repeat('a', 100000), 100000)",
        "SELECT length(repeat(x, 2000000000)) FROM (VALUES ('a'), ('b')) AS t(x)",
        "SELECT repeat('a', n) FROM (VALUES (1), (2000000000)) AS t(n)",
        "SELECT lpad('a', 2000000000)",
        "SELECT rpad('a', 2000000000, 'xy')",
        "SELECT array_repeat(1, 2000000000)",
        "SELECT array_resize([1], 2000000000, 0)",
        "SELECT range(2000000000)",
        "SELECT range(0, 2000000000000)",
        "SELECT generate_series(0, 2000000000, 1)",
        "SELECT generate_series(timestamp '1700-01-01', timestamp '2200-01-01', interval '1 millisecond')",
        "SELECT replace(repeat('a', 100000), 'a', repeat('b', 100000))",
        "SELECT regexp_replace(repeat('a', 100000), 'a', repeat('b', 100000), 'g')",
        "SELECT array_to_string(range(1000000), repeat(',', 10000))",
        "SELECT concat_ws(repeat('a', 100000000), 'b', 'c', 'd')",
        &doubled,
        &concatenated,
        &appended,
    ] {
        let refused = text(&context, sql).await;
        let told = refused.err().map(|error| error.to_string()).unwrap_or_default();
        assert!(told.contains("MiB in one step"), "{}: {told}", &sql[..sql.len().min(80)]);
    }
    assert!(began.elapsed() < Duration::from_secs(60), "{:?}", began.elapsed());
    Ok(())
}

#[tokio::test]
async fn ordinary_calls_answer_as_before() -> TestResult {
    let (bounded, plain) = (context()?, SessionContext::new());
    for sql in [
        "SELECT repeat('ab', 3)",
        "SELECT lpad('a', 5, 'xy') || rpad('b', 3, '.')",
        "SELECT 'a' || 1 || 'b'",
        "SELECT coalesce('a' || NULL, 'null')",
        "SELECT concat('a', NULL, 'b') || concat_ws('-', 'c', 'd')",
        "SELECT replace('banana', 'an', 'o')",
        "SELECT regexp_replace('banana', 'a(.)', '<\\1>', 'g')",
        "SELECT array_to_string(range(1, 10, 3), ',')",
        "SELECT array_to_string(array_repeat(7, 3) || [8], ',')",
        "SELECT string_agg(x || '!', ',') FROM (VALUES ('a'), ('b')) AS t(x)",
        "SELECT count(*) FROM generate_series(1, 100000)",
        "SELECT array_length(generate_series(date '2026-01-01', date '2026-12-01', interval '1 month'))",
        "SELECT array_to_string(array_append([1, 2], 3), '')",
        "SELECT encode('abc', 'hex')",
    ] {
        assert_eq!(text(&bounded, sql).await?, text(&plain, sql).await?, "{sql}");
    }
    Ok(())
}

#[tokio::test]
async fn where_files_lie_can_not_be_asked() -> TestResult {
    let context = context()?;
    for sql in ["SELECT input_file_name()", "SELECT arrow_cast('a', 'FixedSizeBinary(2000000000)')"] {
        assert!(text(&context, sql).await.is_err(), "{sql}");
    }
    Ok(())
}

#[tokio::test]
async fn aggregates_set_no_more_aside_than_they_need() -> TestResult {
    let context = context()?;
    let plan = async |sql: &str| context.state().create_logical_plan(sql).await;
    for sql in [
        "SELECT approx_percentile_cont(x, 0.5, 2000000000) FROM (VALUES (1.0)) AS t(x)",
        "SELECT approx_percentile_cont(x, 0.5, 1000 * 1000000) FROM (VALUES (1.0)) AS t(x)",
        "SELECT approx_percentile_cont(0.5, 2000000000) WITHIN GROUP (ORDER BY x) FROM (VALUES (1.0)) AS t(x)",
        "SELECT approx_percentile_cont(x, 0.5, 2000000000) OVER () FROM (VALUES (1.0)) AS t(x)",
        "SELECT 1 WHERE 1 < (SELECT approx_percentile_cont(x, 0.5, 2000000000) FROM (VALUES (1.0)) AS t(x))",
    ] {
        // Some of these spellings are none to the planner.
        if let Ok(plan) = plan(sql).await {
            assert!(check_aggregates(&plan).is_err(), "{sql}");
        }
    }
    let fine =
        plan("SELECT approx_percentile_cont(x, 0.5, 200), approx_median(x) FROM (VALUES (1.0)) AS t(x)")
            .await?;
    assert!(check_aggregates(&fine).is_ok());
    Ok(())
}
