use std::{
    path::Path,
    sync::Arc,
    time::{Instant, SystemTime, UNIX_EPOCH},
};

use serde_json::{Map, Value, json};
use steppe_formats::{FileNote, FormatError};
use steppe_store::{Cohort, Location};

use super::{
    InputRecord, OutputRecord, RunRecord, ScoreRecord,
    folder::{Existing, ResultFolder, existing},
    match_log,
    run_record::{CohortRecord, NoteRecord},
    scores_parquet::ScoresFile,
    sscore, summary,
    values::KeptSamples,
};
use crate::{
    EngineError, LocalEngine, PassProgress,
    score::{Gate, KERNEL_SEMANTICS, MatchSettings, MissingPolicy, ScoreColumn, ScoreJob, ScoreOptions, Scores},
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
    engine: &LocalEngine,
    progress: &Arc<dyn PassProgress>,
) -> Result<ScoreReport, EngineError> {
    let started = Instant::now();
    let cohort = Cohort::open(&request.cohort)?;
    let mut job = ScoreJob::prepare(cohort, request.options.clone(), progress.as_ref())?;
    let mut run = Run::describe("score", &request.cohort, &job, request.sscore)?;
    if let Existing::Same(record) = existing(&request.out, &run.record.job, request.overwrite)? {
        return Ok(report(&record, true, job.unknown_selected()));
    }
    run.timing("prepare", started);
    let folder = ResultFolder::stage(&request.out, &run.record.job, request.overwrite)?;
    if job.passing().is_empty() {
        return Err(nothing_to_score(run, folder, &job, &request.out)?);
    }
    let kept = KeptSamples::of(&job);
    refuse_wide_table_beyond_memory(&job, &kept, request.sscore)?;
    let summing = Instant::now();
    let scored = sum_and_write(&mut job, engine, progress, &folder, &kept, request.sscore, &run.record.job)?;
    run.timing("score_and_write", summing);
    run.record.scores = job.columns.iter().map(|column| score_record(&job, column)).collect();
    let log = std::thread::scope(|scope| {
        let log = scope.spawn(|| match_log::write(folder.path(), &job.files, &job.variants));
        let table = if request.sscore {
            progress.stage("writing scores.sscore", 0);
            Some(sscore::write(folder.path(), &job, &kept, &scored.passes))
        } else {
            None
        };
        (log.join().unwrap_or(Err(EngineError::Lost("the match log"))), table)
    });
    run.record.outputs.push(scored.file);
    if let Some(table) = log.1 {
        run.record.outputs.push(table?);
    }
    run.record.outputs.push(log.0?);
    run.record.outputs.push(summary::write(folder.path(), &run.record.scores)?);
    run.timing("total", started);
    run.commit(folder, job.unknown_selected())
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
    let options = ScoreOptions {
        matching: request.settings.clone(),
        missing: MissingPolicy::Zero,
        frequency_file: None,
        keep: None,
        remove: None,
        memory: u64::MAX,
        level: steppe_kernels::Level::Scalar,
        threads: request.threads,
    };
    let job = ScoreJob::prepare(cohort, options, progress.as_ref())?;
    let mut run = Run::describe("match", &request.cohort, &job, false)?;
    if let Existing::Same(record) = existing(&request.out, &run.record.job, request.overwrite)? {
        return Ok(report(&record, true, 0));
    }
    let folder = ResultFolder::stage(&request.out, &run.record.job, request.overwrite)?;
    run.write_matching(&folder, &job)?;
    run.timing("total", started);
    run.commit(folder, 0)
}

struct Scored {
    file: OutputRecord,
    passes: Vec<Scores>,
}

/// Runs the passes; each one's scores go to the Parquet file as soon as they are there.
fn sum_and_write(
    job: &mut ScoreJob,
    engine: &LocalEngine,
    progress: &Arc<dyn PassProgress>,
    folder: &ResultFolder,
    kept: &KeptSamples,
    keep_sums: bool,
    job_id: &str,
) -> Result<Scored, EngineError> {
    let mut file = ScoresFile::create(folder.path(), job_id)?;
    let mut passes = Vec::new();
    job.run(engine, progress, &mut |job, pass| {
        progress.stage("writing scores.parquet", 0);
        file.write(job, kept, &pass)?;
        if keep_sums {
            passes.push(pass);
        }
        Ok(())
    })?;
    Ok(Scored { file: file.finish()?, passes })
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
    run.commit(folder, job.unknown_selected())?;
    Ok(EngineError::NothingToScore {
        scores,
        reasons: format!("{}{ellipsis}", reasons.join("; ")),
        summary: Path::new(&out.to_string()).join(summary::FILE),
    })
}

/// The record of a run while it is filled in.
struct Run {
    record: RunRecord,
}

impl Run {
    fn describe(kind: &str, location: &Location, job: &ScoreJob, sscore: bool) -> Result<Self, EngineError> {
        let inputs = inputs(job)?;
        let parameters = parameters(job, sscore);
        let manifest = job.cohort.manifest();
        let cohort = CohortRecord {
            location: location.to_string(),
            digest: job.cohort.digest().to_owned(),
            genome_build: manifest.genome_build()?.to_string(),
            samples: job.samples.len() as u64,
            samples_kept: job.kept_count() as u64,
            variants: steppe_genome::VariantTable::len(&job.variants) as u64,
        };
        let hashes: Vec<(&str, &str)> =
            inputs.iter().map(|input| (input.role.as_str(), input.blake3.as_str())).collect();
        let identity = json!([kind, KERNEL_SEMANTICS, cohort.digest, parameters, hashes]);
        let record = RunRecord {
            kind: kind.to_owned(),
            job: blake3::hash(identity.to_string().as_bytes()).to_hex().to_string(),
            steppe_version: env!("CARGO_PKG_VERSION").to_owned(),
            kernel_semantics: KERNEL_SEMANTICS,
            finished_unix: 0,
            cohort,
            parameters,
            inputs,
            scores: Vec::new(),
            outputs: Vec::new(),
            timings: Map::new(),
        };
        Ok(Self { record })
    }

    fn timing(&mut self, stage: &str, since: Instant) {
        let seconds = (since.elapsed().as_secs_f64() * 1e6).round() / 1e6;
        self.record.timings.insert(stage.to_owned(), json!(seconds));
    }

    fn write_matching(&mut self, folder: &ResultFolder, job: &ScoreJob) -> Result<(), EngineError> {
        self.record.scores = job.columns.iter().map(|column| score_record(job, column)).collect();
        self.record.outputs.push(match_log::write(folder.path(), &job.files, &job.variants)?);
        self.record.outputs.push(summary::write(folder.path(), &self.record.scores)?);
        Ok(())
    }

    fn commit(mut self, folder: ResultFolder, unknown_selected: u64) -> Result<ScoreReport, EngineError> {
        self.record.finished_unix =
            SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
        folder.commit(&self.record)?;
        Ok(report(&self.record, false, unknown_selected))
    }
}

fn inputs(job: &ScoreJob) -> Result<Vec<InputRecord>, EngineError> {
    let mut inputs: Vec<InputRecord> = job
        .files
        .iter()
        .map(|matched| {
            let file = &matched.source.file;
            InputRecord {
                path: file.path.display().to_string(),
                role: "scoring_file".to_owned(),
                blake3: matched.source.blake3.clone(),
                bytes: file.bytes,
                notes: file.notes.iter().map(note_record).collect(),
            }
        })
        .collect();
    let options = &job.options;
    let lists = [("frequencies", &options.frequency_file), ("keep", &options.keep), ("remove", &options.remove)];
    for (role, path) in lists {
        let Some(path) = path else { continue };
        let bytes = std::fs::read(path).map_err(|source| FormatError::io(path, "can not open", source))?;
        inputs.push(InputRecord {
            path: path.display().to_string(),
            role: role.to_owned(),
            blake3: blake3::hash(&bytes).to_hex().to_string(),
            bytes: bytes.len() as u64,
            notes: Vec::new(),
        });
    }
    Ok(inputs)
}

fn note_record(note: &FileNote) -> NoteRecord {
    NoteRecord {
        kind: note.kind.as_str().to_owned(),
        count: note.count,
        first_line: note.first_line,
        detail: note.detail.clone(),
    }
}

/// Everything that can change a result; threads, memory and kernel level can not.
fn parameters(job: &ScoreJob, sscore: bool) -> Map<String, Value> {
    let matching = &job.options.matching;
    let mut map = Map::new();
    map.insert("missing".into(), json!(job.options.missing.as_str()));
    map.insert("min_overlap".into(), json!(matching.min_overlap));
    map.insert("matching".into(), json!(format!("{:?}", matching.rules)));
    map.insert("reading".into(), json!(format!("{:?}", matching.read)));
    map.insert("assume_build".into(), json!(matching.accept_unknown_build));
    map.insert("sscore".into(), json!(sscore));
    map
}

fn score_record(job: &ScoreJob, column: &ScoreColumn) -> ScoreRecord {
    let overlap = &column.overlap;
    let (rows_unsupported, unsupported_weight) =
        overlap.unsupported.iter().fold((0, 0.0), |(rows, weight), kind| (rows + kind.rows, weight + kind.weight));
    let mut reasons: std::collections::BTreeMap<String, u64> =
        overlap.reasons.iter().map(|(reason, (rows, _))| ((*reason).to_owned(), *rows)).collect();
    for kind in &overlap.unsupported {
        reasons.insert(format!("unsupported_{}", kind.kind), kind.rows);
    }
    ScoreRecord {
        name: column.name.clone(),
        file: job.files[column.file].source.file.path.display().to_string(),
        skipped: match &column.gate {
            Gate::Pass => None,
            Gate::Skip(reason) => Some(reason.clone()),
        },
        rows: overlap.rows,
        rows_matched: overlap.rows_matched,
        rows_excluded: overlap.rows_excluded,
        rows_unmatched: overlap.rows_unmatched,
        rows_unsupported,
        unsupported_weight_share: if overlap.weight > 0.0 { unsupported_weight / overlap.weight } else { 0.0 },
        overlap_rows: overlap.by_rows(),
        overlap_weight: overlap.by_weight(),
        overlap_variance: overlap.by_variance(),
        rows_without_frequency: overlap.rows_without_frequency,
        reasons,
        fixed_point_shift: column.scale.map(|scale| scale.shift),
        error_bound: column.error_bound(),
    }
}

fn report(record: &RunRecord, reused: bool, unknown_selected: u64) -> ScoreReport {
    ScoreReport {
        reused,
        job: record.job.clone(),
        samples: record.cohort.samples,
        samples_kept: record.cohort.samples_kept,
        unknown_selected,
        scores: record.scores.iter().map(summarise).collect(),
        files: record.outputs.iter().map(|output| output.name.clone()).chain(["run.json".to_owned()]).collect(),
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
