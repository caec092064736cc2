use std::{
    fs,
    path::Path,
    sync::{
        Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use datafusion::arrow::{
    array::{ArrayRef, AsArray, Float64Array, RecordBatch, StringArray},
    datatypes::Int64Type,
};
use futures::FutureExt;
use parquet::arrow::ArrowWriter;
use serde_json::json;
use steppe_genome::GenomeBuild;
use steppe_kernels::Level;
use steppe_simulate::{SmallOptions, random_fileset};
use steppe_store::{Codec, Cohort, ImportOptions, NoProgress, import};

use super::*;
use crate::{
    output::RunRecord,
    sql::{open as open_session, query},
};

/// Writes down a run of three people instead of computing one.
#[derive(Debug, Default)]
struct MadeUp {
    delay: Duration,
    /// What goes wrong.
    failure: Mutex<Option<(String, String)>>,
    begun: AtomicUsize,
    at_once: Arc<AtomicUsize>,
}

impl ScoreRunner for MadeUp {
    fn run(&self, task: ScoreTask) -> BoxFuture<'static, Result<(), EngineError>> {
        self.begun.fetch_add(1, Ordering::Relaxed);
        let failure = self.failure.lock().expect("a lock").take();
        let (delay, at_once) = (self.delay, Arc::clone(&self.at_once));
        async move {
            assert_eq!(at_once.fetch_add(1, Ordering::Relaxed), 0, "one at a time");
            tokio::time::sleep(delay).await;
            at_once.fetch_sub(1, Ordering::Relaxed);
            match failure {
                Some((problem, remedy)) => Err(EngineError::refused(problem, remedy)),
                None => {
                    write_run(&task);
                    Ok(())
                }
            }
        }
        .boxed()
    }
}

fn write_run(task: &ScoreTask) {
    let score = task.file.file_stem().expect("a name").to_string_lossy().into_owned();
    let staging = task.out.with_extension("partial");
    fs::create_dir_all(&staging).expect("a folder");
    let ids: StringArray = ["a", "b", "c"].map(Some).into_iter().collect();
    let scores: StringArray = std::iter::repeat_n(Some(score.as_str()), 3).collect();
    let batch = RecordBatch::try_from_iter([
        ("sample_id", Arc::new(ids) as ArrayRef),
        ("score", Arc::new(scores)),
        ("sum", Arc::new(Float64Array::from(vec![1.0, 2.0, 3.0]))),
    ])
    .expect("rows");
    let file = File::create(staging.join("scores.parquet")).expect("a file");
    let mut writer = ArrowWriter::try_new(file, batch.schema(), None).expect("a writer");
    writer.write(&batch).expect("rows");
    writer.close().expect("an end");
    let digest = Cohort::open(&task.cohort).expect("a cohort").digest().to_owned();
    let record: RunRecord = serde_json::from_value(json!({
        "kind": "score", "job": "j", "steppe_version": "0.1.0", "kernel_semantics": 1, "finished_unix": 1,
        "cohort": { "location": "c", "digest": digest, "genome_build": "GRCh38", "samples": 3, "samples_kept": 3, "variants": 4 },
        "parameters": {}, "inputs": [], "timings": {},
        "scores": [{
            "name": score, "file": "a.txt", "skipped": null, "rows": 4, "rows_matched": 4, "rows_excluded": 0,
            "rows_unmatched": 0, "rows_unsupported": 0, "unsupported_weight_share": 0.0, "overlap_rows": 1.0,
            "overlap_weight": 1.0, "overlap_variance": 1.0, "rows_without_frequency": 0, "reasons": {},
            "imputed_from_founders": 0, "imputed_from_half": 0, "fixed_point_shift": 40, "error_bound": 1e-12
        }],
        "outputs": [{ "name": "scores.parquet", "bytes": 1, "blake3": "e" }]
    }))
    .expect("a record");
    fs::write(staging.join("run.json"), record.to_bytes().expect("a record")).expect("a file");
    fs::rename(staging, &task.out).expect("a folder");
}

/// A cohort of three people, with scoring files of some scores.
fn scene(folder: &Path, scores: &[&str], runner: &Arc<MadeUp>) -> SqlSources {
    let paths = random_fileset(3, 3, 4, &SmallOptions::default()).write(&folder.join("small"));
    let cohort = Location::local(folder.join("cohort"));
    import(&ImportOptions {
        filesets: vec![paths.expect("a fileset")],
        out: cohort.clone(),
        build: GenomeBuild::Grch38,
        block_samples: None,
        threads: 1,
        memory_bytes: 1 << 30,
        codec: Codec::Uncompressed,
        level: Level::best(),
        progress: Arc::new(NoProgress),
    })
    .expect("an import");
    fs::create_dir(folder.join("pgs")).expect("a folder");
    for score in scores {
        fs::write(folder.join("pgs").join(format!("{score}.txt")), score).expect("a scoring file");
    }
    let source = OnDemandSource {
        scoring_files: Location::local(folder.join("pgs")),
        computed: folder.join("computed"),
        runner: Arc::clone(runner) as Arc<dyn ScoreRunner>,
    };
    SqlSources { cohort: Some(cohort), on_demand: Some(source), ..SqlSources::default() }
}

async fn count(sources: &SqlSources, score: &str) -> Result<i64, EngineError> {
    let context = open_session(sources).await?;
    let sql = format!("SELECT count(*) FROM score('{score}') WHERE sum > 1 AND run IS NOT NULL");
    let (_, batches) = query(&context, &sql).await?;
    Ok(batches[0].column(0).as_primitive::<Int64Type>().value(0))
}

#[tokio::test]
async fn what_nobody_waits_for_any_more_goes_on_and_is_found() {
    let folder = tempfile::tempdir().expect("a folder");
    let runner = Arc::new(MadeUp { delay: Duration::from_millis(500), ..MadeUp::default() });
    let sources = scene(folder.path(), &["height"], &runner);
    let left = tokio::time::timeout(Duration::from_millis(200), count(&sources, "height")).await;
    assert!(left.is_err(), "{left:?}");
    assert_eq!(count(&sources, "height").await.expect("a count"), 2);
    assert_eq!(count(&sources, "height").await.expect("a count"), 2);
    assert_eq!(runner.begun.load(Ordering::Relaxed), 1);
}

#[tokio::test]
async fn one_is_computed_at_a_time_and_each_once() {
    let folder = tempfile::tempdir().expect("a folder");
    let runner = Arc::new(MadeUp { delay: Duration::from_millis(100), ..MadeUp::default() });
    let sources = scene(folder.path(), &["height", "weight"], &runner);
    let asked = ["height", "weight", "height", "weight"].map(|score| count(&sources, score));
    for answer in futures::future::join_all(asked).await {
        assert_eq!(answer.expect("a count"), 2);
    }
    assert_eq!(runner.begun.load(Ordering::Relaxed), 2);
}

#[tokio::test]
async fn a_failure_is_told_without_places_and_tried_again() {
    let folder = tempfile::tempdir().expect("a folder");
    let runner = Arc::new(MadeUp::default());
    let sources = scene(folder.path(), &["height"], &runner);
    let file = folder.path().join("pgs/height.txt").display().to_string();
    *runner.failure.lock().expect("a lock") = Some((format!("{file}: line 1"), "mend it".to_owned()));
    let error = count(&sources, "height").await.expect_err("a failure").to_string();
    assert_eq!(error, "score \"height\" can not be computed: height.txt: line 1; mend it");
    assert_eq!(count(&sources, "height").await.expect("a count"), 2);
}
