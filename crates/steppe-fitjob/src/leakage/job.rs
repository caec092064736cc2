//! From scoring files to rows, and to a folder where one is asked for.

use std::time::Instant;

use rayon::prelude::*;
use serde_json::json;
use steppe_engine::{
    EngineError, SilentProgress,
    output::InputRecord,
    score::{ScoreJob, ScoreOptions, ScoringSource, read_sources_of_any_build},
};
use steppe_fit::FitError;
use steppe_formats::frequency::read_frequencies;
use steppe_kernels::Level;
use steppe_privacy::leakage::{Leakage, People, Variant, measure};
use steppe_store::{Cohort, Location};

use super::{
    super::{
        StepObserver,
        inputs::Inputs,
        job::FitRequest,
        record::{Beginning, SampleCounts},
    },
    LeakageOptions, LeakageRecord, LeakageRow, Verdict,
    releases::{NamedRelease, releases},
    scores::{Score, of_cohort, of_file},
    tables,
};

/// Changes when the same inputs may give other numbers.
const LEAKAGE_SEMANTICS: u32 = 1;
/// One variant may be given away by more than this without a word.
const EXPOSED: f64 = 0.05;
/// Why a release that is too fine for the grid is held back.
const TOO_FINE: &str = "the attack can not be run exactly at this precision on so many variants: it counts as giving away all of them";

/// What was measured.
#[derive(Debug, Clone)]
pub struct LeakageReport {
    /// The result was there already.
    pub reused: bool,
    /// A row for each score and precision; one for a score that was not measured.
    pub rows: Vec<LeakageRow>,
    /// What the user should know.
    pub notices: Vec<String>,
}

/// Runs the attack on every score at every precision, on the threads of the caller's pool, and commits the tables where a
/// folder is given (replacing another result where the flag says so).
///
/// # Errors
/// Input that can not be used, a result of other inputs in the way, or the observer asks to stop.
pub fn measure_leakage(
    options: &LeakageOptions,
    out: Option<(&Location, bool)>,
    observer: &mut dyn StepObserver,
) -> Result<LeakageReport, EngineError> {
    let started = Instant::now();
    options.check()?;
    let read = Read::new(options)?;
    let request = out.map(|(out, overwrite)| read.request(options, out, overwrite));
    let record = request.as_ref().map(|request| read.begin(options, request));
    if let (Some(record), Some(request)) = (&record, &request)
        && let Some(earlier) = record.earlier(request)?
    {
        return Ok(LeakageReport { reused: true, rows: earlier.traits, notices: earlier.notices });
    }
    let rows = attack(&read.scores, options, observer)?;
    let notices = notices(&rows);
    notices.iter().for_each(|notice| observer.notice(notice));
    if let (Some(mut record), Some(request)) = (record, &request) {
        record.notices.clone_from(&notices);
        let folder = record.stage(request)?;
        record.outputs = tables::write(folder.path(), &rows)?;
        record.traits.clone_from(&rows);
        record.timing("total", started);
        record.commit(folder, request)?;
    }
    Ok(LeakageReport { reused: false, rows, notices })
}

/// What was read.
struct Read {
    scores: Vec<Score>,
    inputs: Vec<InputRecord>,
    cohort: Option<Cohort>,
    samples: u64,
}

impl Read {
    fn new(options: &LeakageOptions) -> Result<Self, EngineError> {
        let mut inputs = Inputs::default();
        let input = |source: &ScoringSource| InputRecord {
            path: source.file.path.display().to_string(),
            role: "scoring_file".to_owned(),
            blake3: source.blake3.clone(),
            bytes: source.file.bytes,
            notes: source.file.notes.iter().map(Into::into).collect(),
        };
        let Some(location) = &options.cohort else {
            let sources = read_sources_of_any_build(&options.matching, options.threads)?;
            sources.iter().for_each(|source| inputs.push(input(source)));
            inputs.add_if("frequencies", options.frequency_file.as_deref())?;
            let table = options.frequency_file.as_deref().map(read_frequencies).transpose()?;
            let scores = sources.iter().map(|source| of_file(source, table.as_ref()));
            let scores = scores.collect::<Result<Vec<_>, _>>()?.into_iter().flatten().collect();
            return Ok(Self { scores, inputs: inputs.into_records(false), cohort: None, samples: 0 });
        };
        let scoring = ScoreOptions {
            frequency_file: options.frequency_file.clone(),
            ..ScoreOptions::for_matching(options.matching.clone(), Level::Scalar, options.threads)
        };
        let job = ScoreJob::prepare(Cohort::open(location)?, scoring, &SilentProgress)?;
        job.files.iter().for_each(|file| inputs.push(input(&file.source)));
        inputs.add_if("frequencies", options.frequency_file.as_deref())?;
        let (scores, samples) = (of_cohort(&job), job.samples.len() as u64);
        Ok(Self { scores, inputs: inputs.into_records(false), cohort: Some(job.cohort), samples })
    }

    fn request(&self, options: &LeakageOptions, out: &Location, overwrite: bool) -> FitRequest {
        let without = FitRequest::without_cohort(out, overwrite, None);
        match (&self.cohort, &options.cohort) {
            (Some(cohort), Some(location)) => FitRequest {
                cohort: location.to_string(),
                digest: cohort.digest().to_owned(),
                genome_build: cohort.manifest().genome_build().ok(),
                ..without
            },
            _ => without,
        }
    }

    fn begin(&self, options: &LeakageOptions, request: &FitRequest) -> LeakageRecord {
        LeakageRecord::begin(Beginning {
            kind: "leakage",
            identity: json!([]),
            semantics: LEAKAGE_SEMANTICS,
            request,
            cohort_samples: self.samples,
            parameters: options.parameters(),
            inputs: &self.inputs,
            unknown_selected: 0,
            samples: &SampleCounts::default(),
            notices: &[],
        })
    }
}

/// An attack that is to be run.
struct Task<'a> {
    score: &'a Score,
    variants: Vec<Variant>,
    release: NamedRelease,
}

/// An attack, or the row of a score that is not attacked.
type Planned<'a> = Result<Task<'a>, Box<LeakageRow>>;

fn attack(
    scores: &[Score],
    options: &LeakageOptions,
    observer: &mut dyn StepObserver,
) -> Result<Vec<LeakageRow>, EngineError> {
    let tasks: Vec<Planned<'_>> = scores.iter().flat_map(|of| tasks(of, options)).collect();
    let people = People::Simulated { people: options.people, seed: options.seed };
    observer.stage("attacking scores", tasks.len() as u64);
    let mut rows = Vec::with_capacity(tasks.len());
    for some in tasks.chunks(rayon::current_num_threads()) {
        if observer.cancelled() {
            return Err(FitError::Cancelled.into());
        }
        let attacked = some.par_iter().map(|task| match task {
            Ok(task) => {
                let leakage = measure(&task.variants, &task.release.release, people)?;
                Ok(measured(task, &leakage, options.max_leakage))
            }
            Err(row) => Ok(LeakageRow::clone(row)),
        });
        rows.extend(attacked.collect::<Result<Vec<_>, EngineError>>()?);
        observer.done(rows.len() as u64);
    }
    Ok(rows)
}

/// The attacks on a score, or its only row.
fn tasks<'a>(score: &'a Score, options: &LeakageOptions) -> Vec<Planned<'a>> {
    let named = match &score.variants {
        Ok(named) => named,
        Err(reason) => return vec![Err(not_measured(score, reason.clone()).into())],
    };
    let variants: Vec<Variant> = named.iter().map(|named| named.variant).collect();
    let is_still = |of: &Variant| of.frequency <= 0.0 || of.frequency >= 1.0;
    if variants.iter().all(is_still) {
        let reason = "everybody has the same score by these frequencies".to_owned();
        return vec![Err(not_measured(score, reason).into())];
    }
    let task = |release| Ok(Task { score, variants: variants.clone(), release });
    releases(&variants, options).into_iter().map(task).collect()
}

fn not_measured(score: &Score, reason: String) -> LeakageRow {
    LeakageRow {
        score: score.name.clone(),
        file: score.file.clone(),
        variants: score.count as u64,
        release: None,
        people: 0,
        baseline: None,
        recovered: None,
        excess: None,
        whole: None,
        consistent: None,
        most_exposed: None,
        most_exposed_excess: None,
        verdict: Verdict::NotMeasured,
        reason: Some(reason),
    }
}

fn measured(task: &Task<'_>, leakage: &Leakage, most: f64) -> LeakageRow {
    let excess = leakage.excess();
    // What rounding alone made is no measurement.
    let known = excess.map(|_| leakage);
    let (place, exposed) = leakage.most_exposed;
    let name = task.score.variants.as_ref().ok().and_then(|all| all.get(place)).map(|of| of.name.clone());
    LeakageRow {
        release: Some(task.release.name.clone()),
        people: leakage.people as u64,
        baseline: Some(leakage.baseline),
        recovered: known.map(|of| of.recovered),
        excess,
        whole: known.map(|of| of.whole as u64),
        consistent: known.map(|of| of.consistent),
        most_exposed: known.and(name),
        most_exposed_excess: known.map(|_| exposed),
        verdict: if leakage.exceeds(most) { Verdict::Withhold } else { Verdict::Release },
        reason: excess.is_none().then(|| TOO_FINE.to_owned()),
        ..not_measured(task.score, String::new())
    }
}

/// Single variants that are given away by releases that the rule allows, which is about means.
fn notices(rows: &[LeakageRow]) -> Vec<String> {
    let allowed = rows.iter().filter(|row| row.verdict == Verdict::Release);
    let exposed = allowed.filter_map(|row| {
        let excess = row.most_exposed_excess.filter(|excess| *excess > EXPOSED)?;
        let (variant, release) = (row.most_exposed.as_deref()?, row.release.as_deref()?);
        Some(format!(
            "{} as {release} is within the rule, which is about the mean over variants, but gives {variant} away in {:.0} more people of 100",
            row.score,
            100.0 * excess
        ))
    });
    exposed.collect()
}
