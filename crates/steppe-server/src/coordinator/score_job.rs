//! A scoring job: the same one as `steppe score`, over the cluster.

use std::{path::Path, str::FromStr, sync::Arc};

use steppe_engine::{
    PassProgress,
    output::{ScoreRequest, score},
    score::{MatchSettings, MissingPolicy, ScoreOptions},
};
use steppe_fitjob::{ApplyOptions, score_calibrated};
use steppe_formats::scoring_file::{ReadOptions, ScoringFormat, TableColumns, TableHeader};
use steppe_genome::{
    EffectType,
    matching::{Ambiguous, MatchBy, MatchOptions},
};
use steppe_kernels::Level;
use steppe_store::Location;
use tokio_util::sync::CancellationToken;

use super::{
    Core, calibration, progress::JobProgress, results::score_digest, run::Made, staged::Staged,
    submission::refuse,
};
use crate::{
    ServerError,
    jobs::JobId,
    wire::job::{InputFile, Matching, ScoreJob},
};

/// Least share of rows that must match, where a job does not say.
const MIN_OVERLAP: f64 = 0.75;

/// Checks what can be without files.
pub(super) fn check(job: &ScoreJob) -> Result<(), ServerError> {
    missing(&job.missing)?;
    settings(job.matching.as_ref(), Vec::new())?;
    match &job.calibration {
        Some(applied) => calibration::options(applied, &|_, _| Ok(Path::new("checked").to_owned())).map(drop),
        None => Ok(()),
    }
}

/// Runs the job. Blocks.
pub(super) fn run(
    core: &Core,
    id: &JobId,
    job: &ScoreJob,
    progress: &Arc<JobProgress>,
    cancel: CancellationToken,
) -> Result<Made, ServerError> {
    progress.stage("fetching inputs", 0);
    let staged = Staged::new(core, id);
    let calibration = calibration_of(job, &staged)?;
    let scores = job.scoring_files.iter().map(|file| Ok(staged.file("scores", file)?.display().to_string()));
    let scores = scores.collect::<Result<_, ServerError>>()?;
    let out = core.place_of_result(id, &job.out)?;
    let request = ScoreRequest {
        cohort: Location::parse(&job.cohort)?,
        out: out.clone(),
        overwrite: job.overwrite,
        sscore: !job.no_sscore,
        scratch: Some(core.job_scratch(id)),
        options: ScoreOptions {
            matching: settings(job.matching.as_ref(), scores)?,
            missing: missing(&job.missing)?,
            frequency_file: staged.optional("frequencies", job.frequencies.as_ref())?,
            keep: staged.optional("keep", job.keep.as_ref())?,
            remove: staged.optional("remove", job.remove.as_ref())?,
            copied_inputs: true,
            memory: core.memory,
            level: Level::best(),
            threads: std::thread::available_parallelism().map_or(1, std::num::NonZeroUsize::get),
        },
    };
    let engine = core.engine(id, cancel);
    let told: Arc<dyn PassProgress> = Arc::<JobProgress>::clone(progress);
    let report = match &calibration {
        Some(calibration) => score_calibrated(&request, calibration, &engine, &told)?,
        None => score(&request, &engine, &told)?,
    };
    core.catalog.note(&job.cohort, &report.cohort_digest)?;
    Ok(Made { location: out.to_string(), digest: score_digest(&out, &report.job)? })
}

fn calibration_of(job: &ScoreJob, staged: &Staged<'_>) -> Result<Option<ApplyOptions>, ServerError> {
    let stage = |used_as: &str, file: &InputFile| staged.file(used_as, file);
    job.calibration.as_ref().map(|applied| calibration::options(applied, &stage)).transpose()
}

fn missing(word: &str) -> Result<MissingPolicy, ServerError> {
    match word {
        "" => Ok(MissingPolicy::Mean),
        word => word.parse().map_err(|_| unknown("missing", word, "give mean, zero or fail")),
    }
}

pub(super) fn unknown(field: &'static str, word: &str, remedy: &'static str) -> ServerError {
    refuse(field, format!("{:?} is unknown", word.chars().take(100).collect::<String>()), remedy)
}

/// The settings of a job, with the defaults of `steppe score`.
pub(super) fn settings(
    matching: Option<&Matching>,
    scores: Vec<String>,
) -> Result<MatchSettings, ServerError> {
    let default = Matching::default();
    let matching = matching.unwrap_or(&default);
    let min_overlap = matching.min_overlap.unwrap_or(MIN_OVERLAP);
    if !(0.0..=1.0).contains(&min_overlap) {
        return Err(refuse("min_overlap", min_overlap.to_string(), "give a share, 0 to 1"));
    }
    let by = match matching.by.as_str() {
        "" | "auto" => MatchBy::Auto,
        "position" => MatchBy::Position,
        "id" => MatchBy::Id,
        word => return Err(unknown("by", word, "give auto, position or id")),
    };
    let ambiguous = match matching.ambiguous.as_str() {
        "" | "drop" => Ambiguous::Drop,
        "keep" => Ambiguous::Keep,
        "by-frequency" => Ambiguous::by_frequency(),
        word => return Err(unknown("ambiguous", word, "give drop, keep or by-frequency")),
    };
    Ok(MatchSettings {
        scores,
        read: reading(matching)?,
        rules: MatchOptions {
            by,
            ambiguous,
            keep_multiallelic: matching.keep_multiallelic,
            ignore_strand_flips: matching.ignore_strand_flips,
            keep_first_match: matching.keep_first_match,
        },
        min_overlap,
        accept_unknown_build: matching.assume_build,
    })
}

fn reading(matching: &Matching) -> Result<ReadOptions, ServerError> {
    let default_effect = match matching.effect_type.as_str() {
        "" | "additive" => EffectType::Additive,
        "dominant" => EffectType::Dominant,
        "recessive" => EffectType::Recessive,
        word => return Err(unknown("effect_type", word, "give additive, dominant or recessive")),
    };
    let header = match matching.header.as_str() {
        "" => TableHeader::Read,
        word => {
            TableHeader::from_str(word).map_err(|_| unknown("header", word, "give read, skip or none"))?
        }
    };
    let format = match matching.columns.as_str() {
        "" => ScoringFormat::Auto,
        columns => {
            let columns = TableColumns::from_str(columns).map_err(|error| {
                refuse("columns", error.to_string(), "write them as --score-columns takes them")
            })?;
            ScoringFormat::Table(TableColumns { header, ..columns })
        }
    };
    Ok(ReadOptions { format, default_effect })
}
