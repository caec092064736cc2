use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::Instant,
};

use steppe_store::{Cohort, Location};

use super::{
    OutputRecord, RunRecord, ScoreRecord,
    folder::{Existing, ResultFolder, existing},
    match_log,
    run::{Run, score_record},
    scores_parquet::ScoresFile,
    sequel::{NoSequel, ScoreSequel, SequelPlan},
    sscore, summary,
    values::KeptSamples,
};
use crate::{
    Engine, EngineError, PassProgress,
    score::{MatchSettings, ScoreJob, ScoreOptions, Scores},
};

/// A scoring job and where its result goes.
#[derive(Debug, Clone)]
pub struct ScoreRequest {
    /// The cohort store.
    pub cohort: Location,
    /// The folder of the result.
    pub out: Location,
    /// Replace a result of other inputs.
    pub overwrite: bool,
    /// Write `scores.sscore` beside `scores.parquet`.
    pub sscore: bool,
    /// Where a result that goes to an object store is staged; by default the system's temporary folder.
    pub scratch: Option<PathBuf>,
    /// What to score, and how.
    pub options: ScoreOptions,
}

/// A matching job and where its result goes.
#[derive(Debug, Clone)]
pub struct MatchRequest {
    /// The cohort store.
    pub cohort: Location,
    /// The folder of the result.
    pub out: Location,
    /// Replace a result of other inputs.
    pub overwrite: bool,
    /// What to match, and how.
    pub settings: MatchSettings,
    /// Threads for reading and matching.
    pub threads: usize,
}

/// What a job did.
#[derive(Debug, Clone)]
pub struct ScoreReport {
    /// The result was there already.
    pub reused: bool,
    /// The job's identity.
    pub job: String,
    /// The hash of the cohort's manifest.
    pub cohort_digest: String,
    /// Samples in the cohort.
    pub samples: u64,
    /// Samples written.
    pub samples_kept: u64,
    /// Entries of --keep and --remove that name nobody in the cohort.
    pub unknown_selected: u64,
    /// Every score, in order.
    pub scores: Vec<ScoreSummary>,
    /// The names of the files written.
    pub files: Vec<String>,
    /// What the user should know besides.
    pub notices: Vec<String>,
}

/// What became of a score.
#[derive(Debug, Clone)]
pub struct ScoreSummary {
    /// Its name.
    pub name: String,
    /// Its scoring file.
    pub file: String,
    /// All rows.
    pub rows: u64,
    /// Rows that count.
    pub matched: u64,
    /// Matched rows of all.
    pub by_rows: f64,
    /// Matched Σ|weight| of all.
    pub by_weight: f64,
    /// Matched variance of all.
    pub by_variance: f64,
    /// Why it was skipped.
    pub skipped: Option<String>,
    /// The largest rounding error of a sum.
    pub error_bound: f64,
    /// Rows of kinds that are not scored yet.
    pub unsupported_rows: u64,
    /// Their share of Σ|weight|.
    pub unsupported_weight_share: f64,
    /// Rows by reason.
    pub reasons: Vec<(String, u64)>,
}

/// Scores a cohort and commits the result.
///
/// # Errors
/// Any input that can not be used, before anything is written; corrupt tiles; a result of other inputs in the way.
/// When no score passes the gate the match log and summary are written, and [`EngineError::NothingToScore`] says so.
pub fn score(
    request: &ScoreRequest,
    engine: &dyn Engine,
    progress: &Arc<dyn PassProgress>,
) -> Result<ScoreReport, EngineError> {
    score_and(request, engine, progress, &mut NoSequel)
}

/// The same with files that are made of the scores, in the same folder.
///
/// # Errors
/// As [`score`], and whatever the sequel refuses.
pub fn score_and(
    request: &ScoreRequest,
    engine: &dyn Engine,
    progress: &Arc<dyn PassProgress>,
    sequel: &mut dyn ScoreSequel,
) -> Result<ScoreReport, EngineError> {
    let started = Instant::now();
    let cohort = Cohort::open(&request.cohort)?;
    let mut job = ScoreJob::prepare(cohort, request.options.clone(), progress.as_ref())?;
    let planned = sequel.prepare(&job)?;
    let mut run = Run::describe("score", &request.cohort, &job, request.sscore, planned)?;
    if let Existing::Same(record) = existing(&request.out, &run.record.job, request.overwrite)? {
        return Ok(ScoreReport { reused: true, ..ScoreReport::of(&record) });
    }
    run.timing("prepare", started);
    let folder =
        ResultFolder::stage(&request.out, &run.record.job, request.overwrite, request.scratch.as_deref())?;
    if job.passing().is_empty() {
        return Err(nothing_to_score(run, folder, &job, &request.out)?);
    }
    let kept = KeptSamples::of(&job);
    refuse_wide_table_beyond_memory(&job, &kept, request.sscore)?;
    let summing = Instant::now();
    let (files, variants) = (Arc::clone(&job.files), Arc::clone(&job.variants));
    let id = run.record.job.clone();
    let target = Target { folder: folder.path(), kept: &kept, job: &id, sscore: request.sscore };
    let threads = job.options.threads;
    // The log needs no sums: it is written while they are made.
    let outputs = std::thread::scope(|scope| {
        let log = scope.spawn(|| match_log::write(folder.path(), &files, &variants, threads));
        let scores = write_scores(&mut job, engine, progress, &target, &mut run);
        let log = log.join().unwrap_or(Err(EngineError::Lost("the match log")));
        let mut outputs = scores?;
        outputs.push(log?);
        Ok::<_, EngineError>(outputs)
    })
    .map_err(|error| error.in_folder(folder.path()))?;
    run.timing("score_and_write", summing);
    run.record.outputs = outputs;
    run.record.scores = job.columns.iter().map(|column| score_record(&job, column)).collect();
    run.record.outputs.push(summary::write(folder.path(), &run.record.scores)?);
    let more = sequel.write(&job, &run.record, folder.path())?;
    run.record.outputs.extend(more.outputs);
    run.record.notices.extend(more.notices);
    run.timing("total", started);
    match run.commit(folder) {
        Ok(record) => Ok(ScoreReport::of(&record)),
        // Another coordinator may have done the same job meanwhile.
        Err(error @ EngineError::Occupied { .. }) => match existing(&request.out, &id, false)? {
            Existing::Same(record) => Ok(ScoreReport { reused: true, ..ScoreReport::of(&record) }),
            Existing::Absent => Err(error),
        },
        Err(error) => Err(error),
    }
}

/// Matches scoring files to a cohort and commits the log.
///
/// # Errors
/// As [`score`]; scores below the gate are no error here.
pub fn match_only(
    request: &MatchRequest,
    progress: &Arc<dyn PassProgress>,
) -> Result<ScoreReport, EngineError> {
    let started = Instant::now();
    let cohort = Cohort::open(&request.cohort)?;
    let level = steppe_kernels::Level::Scalar;
    let options = ScoreOptions::for_matching(request.settings.clone(), level, request.threads);
    let job = ScoreJob::prepare(cohort, options, progress.as_ref())?;
    let mut run = Run::describe("match", &request.cohort, &job, false, SequelPlan::default())?;
    if let Existing::Same(record) = existing(&request.out, &run.record.job, request.overwrite)? {
        return Ok(ScoreReport { reused: true, ..ScoreReport::of(&record) });
    }
    let folder = ResultFolder::stage(&request.out, &run.record.job, request.overwrite, None)?;
    run.write_matching(&folder, &job)?;
    run.timing("total", started);
    Ok(ScoreReport::of(&run.commit(folder)?))
}

/// Runs the passes; each one's scores go to the Parquet file as soon as they are there, and to the text table when
/// all are.
fn write_scores(
    job: &mut ScoreJob,
    engine: &dyn Engine,
    progress: &Arc<dyn PassProgress>,
    target: &Target<'_>,
    run: &mut Run,
) -> Result<Vec<OutputRecord>, EngineError> {
    let mut file = ScoresFile::create(target.folder, target.job)?;
    let mut passes: Vec<Scores> = Vec::new();
    let summing = Instant::now();
    job.run(engine, progress, &mut |job, pass, is_last| {
        if !is_last {
            progress.stage("writing scores.parquet", 0);
            file.write(job, target.kept, &pass)?;
        }
        if is_last || target.sscore {
            passes.push(pass);
        }
        Ok(())
    })?;
    run.timing("passes", summing);
    progress.stage("writing scores", 0);
    let writing = Instant::now();
    let job = &*job;
    // Both files at once: one is formatted while the other waits for the disk.
    let outputs = std::thread::scope(|scope| {
        let table =
            target.sscore.then(|| scope.spawn(|| sscore::write(target.folder, job, target.kept, &passes)));
        if let Some(pass) = passes.last() {
            file.write(job, target.kept, pass)?;
        }
        let mut outputs = vec![file.finish()?];
        if let Some(table) = table {
            outputs.push(table.join().unwrap_or(Err(EngineError::Lost("the text table")))?);
        }
        Ok::<_, EngineError>(outputs)
    })?;
    run.timing("write_scores", writing);
    Ok(outputs)
}

/// Where scores go.
struct Target<'a> {
    folder: &'a Path,
    kept: &'a KeptSamples,
    job: &'a str,
    sscore: bool,
}

/// The wide text table needs all sums at once.
fn refuse_wide_table_beyond_memory(
    job: &ScoreJob,
    kept: &KeptSamples,
    sscore: bool,
) -> Result<(), EngineError> {
    let needed = (kept.len() * job.passing().len() * size_of::<i64>()) as u64;
    if sscore && needed > job.options.memory {
        return Err(EngineError::refused(
            format!(
                "scores.sscore holds all {} scores of a person in one line, which needs {} MiB at once; --memory allows {}",
                job.passing().len(),
                needed >> 20,
                job.options.memory >> 20
            ),
            "raise --memory, or leave the text table out with --no-sscore (scores.parquet has the same numbers)",
        ));
    }
    Ok(())
}

/// Writes the match log of a job none of whose scores can be computed, and makes its error.
fn nothing_to_score(
    mut run: Run,
    folder: ResultFolder,
    job: &ScoreJob,
    out: &Location,
) -> Result<EngineError, EngineError> {
    run.write_matching(&folder, job)?;
    let reasons: Vec<String> = run
        .record
        .scores
        .iter()
        .filter_map(|score| score.skipped.as_ref().map(|reason| format!("{}: {reason}", score.name)))
        .take(3)
        .collect();
    let scores = run.record.scores.len();
    let ellipsis = if scores > reasons.len() { "; …" } else { "" };
    run.commit(folder)?;
    Ok(EngineError::NothingToScore {
        scores,
        reasons: format!("{}{ellipsis}", reasons.join("; ")),
        summary: Path::new(&out.to_string()).join(summary::FILE),
    })
}

impl ScoreReport {
    /// What a finished job's record says.
    pub fn of(record: &RunRecord) -> Self {
        Self {
            reused: false,
            job: record.job.clone(),
            cohort_digest: record.cohort.digest.clone(),
            samples: record.cohort.samples,
            samples_kept: record.cohort.samples_kept,
            unknown_selected: record.unknown_selected,
            scores: record.scores.iter().map(summarise).collect(),
            files: record
                .outputs
                .iter()
                .map(|output| output.name.clone())
                .chain(["run.json".to_owned()])
                .collect(),
            notices: record.notices.clone(),
        }
    }
}

fn summarise(score: &ScoreRecord) -> ScoreSummary {
    ScoreSummary {
        name: score.name.clone(),
        file: score.file.clone(),
        rows: score.rows,
        matched: score.rows_matched,
        by_rows: score.overlap_rows,
        by_weight: score.overlap_weight,
        by_variance: score.overlap_variance,
        skipped: score.skipped.clone(),
        error_bound: score.error_bound,
        unsupported_rows: score.rows_unsupported,
        unsupported_weight_share: score.unsupported_weight_share,
        reasons: score.reasons.iter().map(|(reason, rows)| (reason.clone(), *rows)).collect(),
    }
}
