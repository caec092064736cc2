//! A submission: everything that can be checked before a job is queued is checked here.

mod calibrate;

use std::{collections::BTreeSet, sync::Arc};

use serde_json::json;
use steppe_engine::score::KERNEL_SEMANTICS;
use steppe_fitjob::{APPLICATION_SEMANTICS, CALIBRATION_FILE};
use steppe_store::{Cohort, Location, StoreError};
use url::Url;

use super::{
    Core, blocking, calibration,
    cohort_job::{self, CohortSpec, Holds, OtherPlace, Place},
    import_job, now,
    run::enqueue,
    score_job,
};
use crate::{
    ServerError,
    identity::roles::Principal,
    jobs::{JobId, JobState, NewJob, Submitted},
    wire::job::{ImportJob, InputFile, JobSpec, ScoreJob, SubmitRequest, input_file, job_spec},
};

/// Scoring files of one job.
const MOST_FILES: usize = 10_000;
/// Bytes of a file that comes inside a submission.
const LARGEST_INLINE: usize = 1 << 20;

/// For `map_err` and the like: a request that can not be served.
pub(super) fn refuse(field: &'static str, problem: impl Into<String>, remedy: &'static str) -> ServerError {
    ServerError::Request { field, problem: problem.into(), remedy }
}

/// Checks a submission and queues its job, once.
pub(crate) async fn submit(
    core: &Arc<Core>,
    principal: &Principal,
    request: SubmitRequest,
) -> Result<Submitted, ServerError> {
    if core.stop.is_cancelled() {
        return Err(ServerError::Unavailable { problem: "stops" });
    }
    let nothing = || {
        let remedy = "give one of score, import, lasso, ridge, assoc, pca, ancestry and calibrate";
        refuse("spec", "it names no job", remedy)
    };
    let job = request.spec.and_then(|spec| spec.job).ok_or_else(nothing)?;
    let (kind, job, identity) = match job {
        job_spec::Job::Score(score) => {
            let (score, identity) = check_score(core, principal, score).await?;
            ("score", job_spec::Job::Score(score), identity)
        }
        job_spec::Job::Import(import) => {
            let (import, identity) = check_import(core, principal, import).await?;
            ("import", job_spec::Job::Import(import), identity)
        }
        job_spec::Job::Lasso(lasso) => {
            let (lasso, identity) = check_cohort_job(core, principal, lasso).await?;
            ("lasso", job_spec::Job::Lasso(lasso), identity)
        }
        job_spec::Job::Ridge(ridge) => {
            let (ridge, identity) = check_cohort_job(core, principal, ridge).await?;
            ("ridge", job_spec::Job::Ridge(ridge), identity)
        }
        job_spec::Job::Assoc(assoc) => {
            let (assoc, identity) = check_cohort_job(core, principal, assoc).await?;
            ("assoc", job_spec::Job::Assoc(assoc), identity)
        }
        job_spec::Job::Pca(pca) => {
            let (pca, identity) = check_cohort_job(core, principal, pca).await?;
            ("pca", job_spec::Job::Pca(pca), identity)
        }
        job_spec::Job::Ancestry(ancestry) => {
            let (ancestry, identity) = check_cohort_job(core, principal, ancestry).await?;
            ("ancestry", job_spec::Job::Ancestry(ancestry), identity)
        }
        job_spec::Job::Calibrate(calibrate) => {
            let (calibrate, identity) = calibrate::check(core, principal, calibrate).await?;
            ("calibrate", job_spec::Job::Calibrate(calibrate), identity)
        }
    };
    let spec = JobSpec { job: Some(job) };
    let unspeakable = |_| refuse("spec", "it can not be written down", "leave odd numbers out");
    let payload = serde_json::to_string(&spec).map_err(unspeakable)?;
    let id = job_id(&identity, &payload)?;
    let new = NewJob {
        id,
        kind: kind.to_owned(),
        payload,
        idempotency_key: Some(request.idempotency_key).filter(|key| !key.is_empty()),
        submitter: principal.subject.clone(),
        now: now(),
        again: false,
    };
    let submitted = core.log.submit(new.clone()).await?;
    let submitted = match submitted {
        Submitted::Existing(job) if job.state == JobState::Succeeded && !is_there(&job).await? => {
            core.log.submit(NewJob { again: true, ..new }).await?
        }
        submitted => submitted,
    };
    match &submitted {
        Submitted::Created(job) => enqueue(core, job.id.clone()),
        // Whoever queued it may not have lived to run it; a job that runs already is left alone.
        Submitted::Existing(job) if job.state == JobState::Queued => enqueue(core, job.id.clone()),
        Submitted::Existing(_) => {}
    }
    core.notify();
    Ok(submitted)
}

/// The identity of a job: of its parameters and inputs' hashes, of the state of what it reads, and of the arithmetic.
fn job_id(identity: &str, payload: &str) -> Result<JobId, ServerError> {
    let hashed = json!(["steppe job 1", KERNEL_SEMANTICS, identity, payload]).to_string();
    blake3::hash(hashed.as_bytes()).to_hex().as_str().parse()
}

/// Whether what a job has made is still there.
async fn is_there(job: &crate::jobs::Job) -> Result<bool, ServerError> {
    match super::results_of(job).await {
        Ok(_) => Ok(true),
        Err(
            ServerError::Store(StoreError::NoCohort { .. })
            | ServerError::ResultsGone { .. }
            | ServerError::JobNotDone { .. },
        ) => Ok(false),
        Err(error) => Err(error),
    }
}

/// Checks a scoring job; gives it with all files in the store, and the digest of its cohort and of a calibration that is
/// in a place.
async fn check_score(
    core: &Arc<Core>,
    principal: &Principal,
    mut score: ScoreJob,
) -> Result<(ScoreJob, String), ServerError> {
    let cohort = allowed_cohort(core, principal, "cohort", &score.cohort)?;
    score.cohort = cohort.to_string();
    if !score.out.is_empty() {
        score.out = core.allowed.check_as("out", &score.out)?.to_string();
    }
    if score.scoring_files.is_empty() || score.scoring_files.len() > MOST_FILES {
        let problem = format!("{} files", score.scoring_files.len());
        return Err(refuse("scoring_files", problem, "give 1 to 10,000 scoring files"));
    }
    let mut names = BTreeSet::new();
    for file in &mut score.scoring_files {
        keep(core, file).await?;
        if !names.insert(file.name.clone()) {
            let problem = format!("two files are named {:?}", file.name);
            return Err(refuse("scoring_files", problem, "give each file its own name"));
        }
    }
    for file in [&mut score.frequencies, &mut score.keep, &mut score.remove].into_iter().flatten() {
        keep(core, file).await?;
    }
    for file in score.calibration.iter_mut().flat_map(calibration::files) {
        keep(core, file).await?;
    }
    score_job::check(&score)?;
    let mut states = vec![state_of(cohort, Holds::Cohort).await?];
    if let Some(applied) = &mut score.calibration {
        states.push(APPLICATION_SEMANTICS.to_string());
        if !applied.url.is_empty() {
            let place = core.allowed.check_as("calibration", &applied.url)?;
            applied.url = place.to_string();
            states.push(state_of(place, Holds::Result(CALIBRATION_FILE)).await?);
        }
    }
    Ok((score, states.join(" ")))
}

/// Checks a job over the traits of a cohort; gives it with all files in the store, and its cohort's digest and its
/// arithmetic's version.
async fn check_cohort_job<J: CohortSpec>(
    core: &Arc<Core>,
    principal: &Principal,
    mut job: J,
) -> Result<(J, String), ServerError> {
    let Place { cohort: url, out, .. } = job.place();
    let cohort = allowed_cohort(core, principal, "cohort", url)?;
    *url = cohort.to_string();
    if !out.is_empty() {
        *out = core.allowed.check_as("out", out)?.to_string();
    }
    for file in job.files() {
        keep(core, file).await?;
    }
    cohort_job::check(&job)?;
    let mut states = vec![state_of(cohort, Holds::Cohort).await?, J::SEMANTICS.to_string()];
    for OtherPlace { field, url, holds } in job.others() {
        if url.is_empty() {
            continue;
        }
        let place = match holds {
            Holds::Cohort => allowed_cohort(core, principal, field, url)?,
            Holds::Result(_) => core.allowed.check_as(field, url)?,
        };
        *url = place.to_string();
        states.push(state_of(place, holds).await?);
    }
    Ok((job, states.join(" ")))
}

/// What changes when the content of a place does.
async fn state_of(place: Url, holds: Holds) -> Result<String, ServerError> {
    blocking(move || {
        let place = location(&place)?;
        Ok(match holds {
            Holds::Cohort => Cohort::open(&place)?.digest().to_owned(),
            Holds::Result(file) => blake3::hash(&place.child(file).read()?).to_hex().to_string(),
        })
    })
    .await
}

fn allowed_cohort(
    core: &Core,
    principal: &Principal,
    field: &'static str,
    cohort: &str,
) -> Result<Url, ServerError> {
    if cohort.is_empty() {
        return Err(refuse(field, "it is empty", "name the cohort's URL"));
    }
    let url = core.allowed.check_as(field, cohort)?;
    if principal.may_use_cohort(url.as_str()) { Ok(url) } else { Err(ServerError::CohortDenied) }
}

/// A checked URL as a location.
pub(super) fn location(url: &Url) -> Result<Location, ServerError> {
    Ok(Location::parse(url.as_str())?)
}

/// Puts a file that came with the submission into the store, and makes sure of one that was uploaded.
async fn keep(core: &Core, file: &mut InputFile) -> Result<(), ServerError> {
    check_name(&file.name)?;
    match file.source.take() {
        Some(input_file::Source::Content(content)) => {
            if content.len() > LARGEST_INLINE {
                let problem = format!("{}: {} bytes", file.name, content.len());
                return Err(refuse("content", problem, "upload files of more than 1 MiB"));
            }
            let (blake3, _) = core.inputs.put(content.into()).await?;
            file.source = Some(input_file::Source::Blake3(blake3));
        }
        Some(input_file::Source::Blake3(blake3)) => {
            if core.inputs.size(&blake3).await?.is_none() {
                let problem = format!("{}: there is no file of BLAKE3 {blake3}", file.name);
                return Err(refuse("blake3", problem, "upload the file first"));
            }
            file.source = Some(input_file::Source::Blake3(blake3));
        }
        None => {
            let problem = format!("{}: it has neither content nor hash", file.name);
            return Err(refuse("source", problem, "give one of content and blake3"));
        }
    }
    Ok(())
}

/// A name that is only a name, on every system and in every pattern.
fn check_name(name: &str) -> Result<(), ServerError> {
    let odd = |c: char| c.is_control() || "/\\*?[]{}".contains(c);
    if name.is_empty() || name.len() > 200 || name.starts_with('.') || name.chars().any(odd) {
        let problem = format!("{:?} is no name of a file", name.chars().take(200).collect::<String>());
        return Err(refuse("name", problem, "give up to 200 characters without folders and patterns"));
    }
    Ok(())
}

/// Checks an import; gives it with plain URLs, and the state of its files.
async fn check_import(
    core: &Arc<Core>,
    principal: &Principal,
    mut import: ImportJob,
) -> Result<(ImportJob, String), ServerError> {
    let out = allowed_cohort(core, principal, "out", &import.out)?;
    import.out = out.to_string();
    if import.filesets.is_empty() || import.filesets.len() > MOST_FILES {
        let problem = format!("{} filesets", import.filesets.len());
        return Err(refuse("filesets", problem, "give 1 to 10,000 filesets"));
    }
    for fileset in &mut import.filesets {
        for suffix in ["", ".bed", ".bim", ".fam"] {
            core.allowed.check_as("filesets", &format!("{fileset}{suffix}"))?;
        }
    }
    let checked = import.clone();
    let state = blocking(move || import_job::check(&checked)).await?;
    Ok((import, state))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::job::{AssocJob, Calibration, RidgeJob};

    fn id(identity: &str, job: job_spec::Job) -> JobId {
        let payload = serde_json::to_string(&JobSpec { job: Some(job) }).expect("JSON");
        job_id(identity, &payload).expect("an id")
    }

    #[test]
    fn a_job_is_its_parameters_its_cohort_and_its_arithmetic() {
        let ridge = |seed| job_spec::Job::Ridge(RidgeJob { seed, ..RidgeJob::default() });
        let (one, cohort) = (ridge(Some(1)), "0123 1");
        assert_eq!(id(cohort, one.clone()), id(cohort, one.clone()));
        let others = [
            id(cohort, ridge(Some(2))),
            id("4567 1", one.clone()),
            id("0123 2", one.clone()),
            id(cohort, job_spec::Job::Assoc(AssocJob::default())),
        ];
        assert!(!others.contains(&id(cohort, one)));
        let distinct: BTreeSet<&JobId> = others.iter().collect();
        assert_eq!(distinct.len(), others.len());
    }

    #[test]
    fn scores_without_a_calibration_are_the_job_that_they_were() {
        let payload = serde_json::to_string(&ScoreJob::default()).expect("JSON");
        assert!(!payload.contains("calibration"), "{payload}");
        let applied = Calibration { target: "KAZ".to_owned(), ..Calibration::default() };
        let with = ScoreJob { calibration: Some(applied), ..ScoreJob::default() };
        let scores = |job: &ScoreJob| id("0123", job_spec::Job::Score(job.clone()));
        assert_ne!(scores(&with), scores(&ScoreJob::default()));
        let payload = serde_json::to_string(&with).expect("JSON");
        assert_eq!(serde_json::from_str::<ScoreJob>(&payload).expect("a job"), with);
    }

    #[test]
    fn a_job_reads_back_as_it_was_written() {
        let ridge = RidgeJob { level0_shares: vec![0.1, 0.5], folds: Some(3), ..RidgeJob::default() };
        for job in [job_spec::Job::Ridge(ridge), job_spec::Job::Assoc(AssocJob::default())] {
            let spec = JobSpec { job: Some(job) };
            let payload = serde_json::to_string(&spec).expect("JSON");
            assert_eq!(serde_json::from_str::<JobSpec>(&payload).expect("a job"), spec);
        }
    }
}
