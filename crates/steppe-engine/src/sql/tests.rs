use std::{fs::File, path::Path, sync::Arc};

use datafusion::arrow::{
    array::{ArrayRef, AsArray, Float64Array, StringArray},
    datatypes::{Float64Type, Int64Type},
};
use parquet::arrow::ArrowWriter;
use serde_json::json;

use super::*;

type TestResult = Result<(), Box<dyn std::error::Error>>;

/// A result folder as `steppe score` leaves it: one computed and one skipped score.
fn result(folder: &Path, job: &str, sums: &[f64]) -> Result<Location, Box<dyn std::error::Error>> {
    std::fs::create_dir_all(folder)?;
    let samples: StringArray = (0..sums.len()).map(|index| Some(format!("{index:03}"))).collect();
    let batch = RecordBatch::try_from_iter([
        ("sample_id", Arc::new(samples) as ArrayRef),
        ("sum", Arc::new(Float64Array::from(sums.to_vec())) as ArrayRef),
    ])?;
    let mut writer =
        ArrowWriter::try_new(File::create(folder.join("scores.parquet"))?, batch.schema(), None)?;
    writer.write(&batch)?;
    writer.close()?;
    let score = |name: &str, skipped: Option<&str>| {
        json!({
            "name": name, "file": "a.txt", "skipped": skipped, "rows": 10, "rows_matched": 9, "rows_excluded": 1,
            "rows_unmatched": 0, "rows_unsupported": 0, "unsupported_weight_share": 0.0, "overlap_rows": 0.9,
            "overlap_weight": 0.9, "overlap_variance": 0.95, "rows_without_frequency": 0,
            "reasons": { "matched": 9, "ambiguous": 1 }, "imputed_from_founders": 0, "imputed_from_half": 0,
            "fixed_point_shift": 40, "error_bound": 1e-12
        })
    };
    let record = json!({
        "kind": "score", "job": job, "steppe_version": "0.1.0", "kernel_semantics": 1, "finished_unix": 1_700_000_000,
        "cohort": { "location": "c", "digest": "d", "genome_build": "GRCh38", "samples": 3, "samples_kept": 3, "variants": 9 },
        "parameters": { "missing": "mean" },
        "inputs": [{ "path": "a.txt", "role": "scoring_file", "blake3": "b", "bytes": 7, "notes": [] }],
        "scores": [score("height", None), score("odd", Some("too little"))],
        "outputs": [{ "name": "scores.parquet", "bytes": 1, "blake3": "e" }],
        "timings": { "total": 0.5 }
    });
    let record: crate::output::RunRecord = serde_json::from_value(record)?;
    std::fs::write(folder.join("run.json"), record.to_bytes()?)?;
    Ok(Location::local(folder))
}

async fn number(context: &SessionContext, sql: &str) -> Result<i64, Box<dyn std::error::Error>> {
    let (_, batches) = query(context, sql).await?;
    Ok(batches[0].column(0).as_primitive::<Int64Type>().value(0))
}

#[tokio::test]
async fn runs_stand_one_under_the_other() -> TestResult {
    let folder = tempfile::tempdir()?;
    let first = result(&folder.path().join("one"), "aaaaaaaaaaaaaaaa", &[1.0, 2.0])?;
    let second = result(&folder.path().join("more [1]/two"), "bbbbbbbbbbbbbbbb", &[3.0])?;
    let context = open(&SqlSources { scores: vec![first, second], ..SqlSources::default() }).await?;
    assert_eq!(number(&context, "SELECT count(*) FROM scores").await?, 3);
    assert_eq!(
        number(&context, "SELECT count(*) FROM runs WHERE scores = 2 AND scores_skipped = 1").await?,
        2
    );
    assert_eq!(number(&context, "SELECT count(*) FROM run_scores WHERE skipped = 'too little'").await?, 2);
    assert_eq!(number(&context, "SELECT count(*) FROM run_inputs WHERE bytes = 7").await?, 2);
    let sql = "SELECT sum FROM scores WHERE run = 'two' AND sample_id = '000'";
    let (schema, batches) = query(&context, sql).await?;
    assert_eq!(schema.field(0).name(), "sum");
    assert_eq!(batches[0].column(0).as_primitive::<Float64Type>().values(), &[3.0]);
    Ok(())
}

#[tokio::test]
async fn runs_of_one_name_are_told_apart_by_job() -> TestResult {
    let folder = tempfile::tempdir()?;
    let first = result(&folder.path().join("a/run"), "aaaaaaaaaaaaaaaa", &[1.0])?;
    let second = result(&folder.path().join("b/run"), "bbbbbbbbbbbbbbbb", &[2.0])?;
    let scores = vec![first.clone(), second];
    let context = open(&SqlSources { scores, ..SqlSources::default() }).await?;
    assert_eq!(number(&context, "SELECT count(*) FROM scores WHERE run = 'run#bbbbbbbbbbbb'").await?, 1);
    let twice = SqlSources { scores: vec![first.clone(), first.clone(), first], ..SqlSources::default() };
    assert!(open(&twice).await.is_err_and(|error| error.to_string().contains("given twice")));
    Ok(())
}

/// A result of another kind: one table, and a record without scores.
fn other(
    folder: &Path,
    kind: &str,
    table: &str,
    columns: Vec<(&str, ArrayRef)>,
) -> Result<Location, Box<dyn std::error::Error>> {
    std::fs::create_dir_all(folder)?;
    let batch = RecordBatch::try_from_iter(columns)?;
    let mut writer = ArrowWriter::try_new(File::create(folder.join(table))?, batch.schema(), None)?;
    writer.write(&batch)?;
    writer.close()?;
    let record = json!({
        "kind": kind, "job": "cccccccccccccccc", "steppe_version": "0.1.0", "kernel_semantics": 1, "finished_unix": 1,
        "cohort": { "location": "", "digest": "", "genome_build": "", "samples": 3, "samples_kept": 3, "variants": 0 },
        "parameters": {}, "inputs": [], "outputs": [{ "name": table, "bytes": 1, "blake3": "e" }], "timings": {}
    });
    let record: crate::output::RunRecord = serde_json::from_value(record)?;
    std::fs::write(folder.join("run.json"), record.to_bytes()?)?;
    Ok(Location::local(folder))
}

fn texts<const N: usize>(values: [&str; N]) -> ArrayRef {
    Arc::new(StringArray::from(values.to_vec()))
}

#[tokio::test]
async fn calibrations_and_evaluations_are_tables_whose_columns_need_no_quotes() -> TestResult {
    let folder = tempfile::tempdir()?;
    let place = |name: &str| folder.path().join(name);
    let numbers = |values: &[f64]| Arc::new(Float64Array::from(values.to_vec())) as ArrayRef;
    let calibrated =
        vec![("#FID", texts(["0", "0"])), ("IID", texts(["a", "b"])), ("risk", numbers(&[0.1, 0.4]))];
    let calibration = other(&place("kaz"), "calibrate", "calibrated.parquet", calibrated.clone())?;
    // Of a later version, with a column more.
    let wider = [calibrated, vec![("absolute_risk", numbers(&[0.2, 0.3]))]].concat();
    let later = other(&place("later"), "calibrate", "calibrated.parquet", wider)?;
    let metrics = vec![
        ("group", texts(["KAZ", "EUR"])),
        ("metric", texts(["auc", "auc"])),
        ("estimate", numbers(&[0.6, 0.7])),
        ("interval", texts(["delong", "delong"])),
    ];
    let evaluation = other(&place("evaluation"), "evaluate", "metrics.parquet", metrics)?;
    // The metrics of a fit are another table.
    let fit = other(&place("fit"), "fit", "metrics.parquet", vec![("lambda", numbers(&[1.0]))])?;
    let scores = vec![calibration, later, evaluation, fit];
    let context = open(&SqlSources { scores, ..SqlSources::default() }).await?;
    let of = "SELECT count(*) FROM calibrated WHERE risk > 0.3 AND sample_id = 'b' AND family_id = '0'";
    assert_eq!(number(&context, of).await?, 2);
    assert_eq!(number(&context, "SELECT count(absolute_risk) FROM calibrated WHERE run = 'later'").await?, 2);
    assert_eq!(number(&context, "SELECT count(absolute_risk) FROM calibrated WHERE run = 'kaz'").await?, 0);
    let of = "SELECT count(*) FROM metrics WHERE group_name = 'KAZ' AND interval_method = 'delong' AND estimate < 0.65";
    assert_eq!(number(&context, of).await?, 1);
    assert_eq!(number(&context, "SELECT count(*) FROM metrics").await?, 2);
    assert_eq!(number(&context, "SELECT count(*) FROM runs").await?, 4);
    assert!(query(&context, "SELECT * FROM deciles").await.is_err(), "no run has them");
    let tables = vec![("calibrated".to_owned(), Location::local(place("mine.csv")))];
    let taken = open(&SqlSources { tables, ..SqlSources::default() }).await;
    assert!(taken.is_err_and(|error| error.to_string().contains("own tables")));
    Ok(())
}

#[tokio::test]
async fn filters_and_columns_are_pushed_down() -> TestResult {
    let folder = tempfile::tempdir()?;
    let run = result(&folder.path().join("one"), "aaaaaaaaaaaaaaaa", &[1.0, 2.0])?;
    let context = open(&SqlSources { scores: vec![run], ..SqlSources::default() }).await?;
    let (_, batches) = query(&context, "EXPLAIN SELECT sum FROM scores WHERE sample_id = '001'").await?;
    let text = datafusion::arrow::util::pretty::pretty_format_batches(&batches)?.to_string();
    assert!(text.contains("predicate=sample_id") && text.contains("projection=[sum]"), "{text}");
    Ok(())
}

#[tokio::test]
async fn nothing_can_be_written() -> TestResult {
    let context = open(&SqlSources::default()).await?;
    for sql in [
        "CREATE TABLE t AS SELECT 1",
        "CREATE EXTERNAL TABLE t STORED AS PARQUET LOCATION '/tmp'",
        "COPY (SELECT 1) TO 'file.parquet'",
        "DROP VIEW scores",
        "INSERT INTO runs VALUES (1)",
        "SET datafusion.execution.batch_size = 1",
        "SELECT * FROM '/etc/passwd'",
    ] {
        assert!(query(&context, sql).await.is_err(), "{sql}");
    }
    assert_eq!(number(&context, "WITH t AS (SELECT 7 AS n) SELECT n FROM t").await?, 7);
    assert!(query(&context, "SHOW TABLES").await.is_ok());
    Ok(())
}

#[tokio::test]
async fn what_is_not_there_is_refused() -> TestResult {
    let folder = tempfile::tempdir()?;
    let empty = Location::local(folder.path());
    let no_run = open(&SqlSources { scores: vec![empty.clone()], ..SqlSources::default() }).await;
    assert!(no_run.is_err_and(|error| error.to_string().contains("no run.json")));
    assert!(open(&SqlSources { cohort: Some(empty.clone()), ..SqlSources::default() }).await.is_err());
    for (name, file) in [("runs", "a.csv"), ("people", "none.csv"), ("people", "people.xlsx")] {
        let tables = vec![(name.to_owned(), empty.child(file))];
        assert!(open(&SqlSources { tables, ..SqlSources::default() }).await.is_err(), "{name} {file}");
    }
    Ok(())
}
