use std::sync::Arc;

use datafusion::{
    arrow::{
        array::{
            ArrayRef, Float64Array, Int32Array, RecordBatch, StringArray, TimestampSecondArray, UInt64Array,
        },
        error::ArrowError,
    },
    prelude::SessionContext,
};

use super::runs::NamedRun;
use crate::{
    EngineError,
    output::{InputRecord, ScoreRecord},
};

/// Registers what `run.json` holds: `runs`, `run_scores` and `run_inputs`.
pub(super) fn register(context: &SessionContext, runs: &[NamedRun]) -> Result<(), EngineError> {
    let tables =
        [("runs", runs_table(runs)), ("run_scores", scores_table(runs)), ("run_inputs", inputs_table(runs))];
    for (name, batch) in tables {
        let batch = batch.map_err(datafusion::error::DataFusionError::from)?;
        context.register_table(name, context.read_batch(batch)?.into_view())?;
    }
    Ok(())
}

fn texts<'a>(values: impl Iterator<Item = Option<&'a str>>) -> ArrayRef {
    Arc::new(values.collect::<StringArray>())
}

fn counts(values: impl Iterator<Item = u64>) -> ArrayRef {
    Arc::new(values.map(Some).collect::<UInt64Array>())
}

fn numbers(values: impl Iterator<Item = f64>) -> ArrayRef {
    Arc::new(values.map(Some).collect::<Float64Array>())
}

/// JSON as text; what could not be written as JSON is null.
fn json_texts<'a, T: serde::Serialize + 'a>(values: impl Iterator<Item = &'a T>) -> ArrayRef {
    Arc::new(values.map(|value| serde_json::to_string(value).ok()).collect::<StringArray>())
}

/// What `run.json` says of runs.
pub(super) fn runs_table(runs: &[NamedRun]) -> Result<RecordBatch, ArrowError> {
    let records = || runs.iter().map(|run| &run.record);
    let finished: TimestampSecondArray =
        records().map(|record| i64::try_from(record.finished_unix).ok()).collect();
    let locations: StringArray = runs.iter().map(|run| Some(run.folder.to_string())).collect();
    let skipped =
        |scores: &[ScoreRecord]| scores.iter().filter(|score| score.skipped.is_some()).count() as u64;
    let columns: [(&str, ArrayRef); 17] = [
        ("run", texts(runs.iter().map(|run| Some(run.name.as_str())))),
        ("kind", texts(records().map(|record| Some(record.kind.as_str())))),
        ("job", texts(records().map(|record| Some(record.job.as_str())))),
        ("out", Arc::new(locations)),
        ("finished", Arc::new(finished.with_timezone("UTC"))),
        ("cohort", texts(records().map(|record| Some(record.cohort.location.as_str())))),
        ("cohort_digest", texts(records().map(|record| Some(record.cohort.digest.as_str())))),
        ("genome_build", texts(records().map(|record| Some(record.cohort.genome_build.as_str())))),
        ("samples", counts(records().map(|record| record.cohort.samples))),
        ("samples_kept", counts(records().map(|record| record.cohort.samples_kept))),
        ("variants", counts(records().map(|record| record.cohort.variants))),
        ("scores", counts(records().map(|record| record.scores.len() as u64))),
        ("scores_skipped", counts(records().map(|record| skipped(&record.scores)))),
        ("steppe_version", texts(records().map(|record| Some(record.steppe_version.as_str())))),
        ("kernel_semantics", counts(records().map(|record| u64::from(record.kernel_semantics)))),
        ("parameters", json_texts(records().map(|record| &record.parameters))),
        ("timings", json_texts(records().map(|record| &record.timings))),
    ];
    RecordBatch::try_from_iter_with_nullable(columns.map(|(name, array)| (name, array, true)))
}

/// What `run.json` says of scores.
pub(super) fn scores_table(runs: &[NamedRun]) -> Result<RecordBatch, ArrowError> {
    let all: Vec<(&NamedRun, &ScoreRecord)> =
        runs.iter().flat_map(|run| run.record.scores.iter().map(move |score| (run, score))).collect();
    let scores = || all.iter().map(|&(_, score)| score);
    let result = |score: &ScoreRecord| if score.skipped.is_some() { "skipped" } else { "pass" };
    let shifts: Int32Array = scores().map(|score| score.fixed_point_shift).collect();
    let columns: [(&str, ArrayRef); 20] = [
        ("run", texts(all.iter().map(|(run, _)| Some(run.name.as_str())))),
        ("score", texts(scores().map(|score| Some(score.name.as_str())))),
        ("file", texts(scores().map(|score| Some(score.file.as_str())))),
        ("result", texts(scores().map(|score| Some(result(score))))),
        ("skipped", texts(scores().map(|score| score.skipped.as_deref()))),
        ("rows", counts(scores().map(|score| score.rows))),
        ("rows_matched", counts(scores().map(|score| score.rows_matched))),
        ("rows_excluded", counts(scores().map(|score| score.rows_excluded))),
        ("rows_unmatched", counts(scores().map(|score| score.rows_unmatched))),
        ("rows_unsupported", counts(scores().map(|score| score.rows_unsupported))),
        ("unsupported_weight_share", numbers(scores().map(|score| score.unsupported_weight_share))),
        ("overlap_rows", numbers(scores().map(|score| score.overlap_rows))),
        ("overlap_weight", numbers(scores().map(|score| score.overlap_weight))),
        ("overlap_variance", numbers(scores().map(|score| score.overlap_variance))),
        ("rows_without_frequency", counts(scores().map(|score| score.rows_without_frequency))),
        ("reasons", json_texts(scores().map(|score| &score.reasons))),
        ("imputed_from_founders", counts(scores().map(|score| score.imputed_from_founders))),
        ("imputed_from_half", counts(scores().map(|score| score.imputed_from_half))),
        ("fixed_point_shift", Arc::new(shifts)),
        ("error_bound", numbers(scores().map(|score| score.error_bound))),
    ];
    RecordBatch::try_from_iter_with_nullable(columns.map(|(name, array)| (name, array, true)))
}

fn inputs_table(runs: &[NamedRun]) -> Result<RecordBatch, ArrowError> {
    let all: Vec<(&NamedRun, &InputRecord)> =
        runs.iter().flat_map(|run| run.record.inputs.iter().map(move |input| (run, input))).collect();
    let inputs = || all.iter().map(|&(_, input)| input);
    let columns: [(&str, ArrayRef); 6] = [
        ("run", texts(all.iter().map(|(run, _)| Some(run.name.as_str())))),
        ("path", texts(inputs().map(|input| Some(input.path.as_str())))),
        ("role", texts(inputs().map(|input| Some(input.role.as_str())))),
        ("bytes", counts(inputs().map(|input| input.bytes))),
        ("blake3", texts(inputs().map(|input| Some(input.blake3.as_str())))),
        ("notes", json_texts(inputs().map(|input| &input.notes))),
    ];
    RecordBatch::try_from_iter_with_nullable(columns.map(|(name, array)| (name, array, true)))
}
