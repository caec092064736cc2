//! Runs that are made of scoring files.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs::{self, File, OpenOptions, TryLockError},
    path::{Path, PathBuf},
    time::Duration,
};

use serde_json::json;
use steppe_genome::GenomeBuild;
use steppe_store::{Cohort, Location};
use tempfile::TempDir;

use super::{OnDemandSource, ScoreTask, function::check_name, scoring_file};
use crate::{
    EngineError,
    output::{RUN_FILE, RunRecord, hash_file},
    score::KERNEL_SEMANTICS,
    sql::{
        runs::{NamedRun, read_record},
        session::off_runtime,
    },
};

/// Between two looks at whether another computation has ended.
const PAUSE: Duration = Duration::from_millis(50);
/// Digits of the hash in a run's name.
const DIGITS: usize = 12;

/// Computes scores of one cohort.
#[derive(Debug)]
pub(in crate::sql) struct OnDemand {
    source: OnDemandSource,
    cohort: Location,
    digest: String,
    build: GenomeBuild,
}

/// A scoring file with the run that it makes.
struct Found {
    path: PathBuf,
    /// The folder that a remote file was copied to.
    _copy: Option<TempDir>,
    run: String,
}

impl OnDemand {
    /// Looks at the cohort, and makes the folder of computed runs.
    pub(in crate::sql) async fn open(
        source: &OnDemandSource,
        cohort: &Location,
    ) -> Result<Self, EngineError> {
        let (source, cohort) = (source.clone(), cohort.clone());
        if source.computed.to_string_lossy().contains("://") {
            return Err(EngineError::refused(
                format!(
                    "{}: computed scores are kept in a folder of this machine",
                    source.computed.display()
                ),
                "name a folder, also where the cohort is elsewhere",
            ));
        }
        off_runtime(move || {
            let opened = Cohort::open(&cohort)?;
            if let Some(folder) = source.scoring_files.local_path()
                && !folder.is_dir()
            {
                return Err(EngineError::refused(
                    format!("{}: there is no folder of scoring files", folder.display()),
                    "check the path",
                ));
            }
            fs::create_dir_all(&source.computed).map_err(failed(&source.computed))?;
            let (digest, build) = (opened.digest().to_owned(), opened.manifest().genome_build()?);
            Ok(Self { source, cohort, digest, build })
        })
        .await
    }

    /// Runs of this cohort that were computed before: the latest one of each score that no other run has.
    pub(in crate::sql) async fn earlier(&self, given: &[NamedRun]) -> Result<Vec<NamedRun>, EngineError> {
        let taken: BTreeSet<String> =
            given.iter().flat_map(NamedRun::computed).map(|score| score.name.clone()).collect();
        let names: BTreeSet<String> = given.iter().map(|run| run.name.clone()).collect();
        let (folder, digest) = (self.source.computed.clone(), self.digest.clone());
        off_runtime(move || {
            let mut latest: BTreeMap<String, NamedRun> = BTreeMap::new();
            for run in runs_in(&folder)? {
                let is_new = |name: &str| !taken.contains(name);
                let is_ours = run.record.kind == "score" && run.record.cohort.digest == digest;
                if !is_ours || names.contains(&run.name) || !run.computed().all(|score| is_new(&score.name)) {
                    continue;
                }
                let Some(score) = run.computed().next().map(|score| score.name.clone()) else { continue };
                let age = |run: &NamedRun| (run.record.finished_unix, run.name.clone());
                if latest.get(&score).is_none_or(|other| age(other) < age(&run)) {
                    latest.insert(score, run);
                }
            }
            Ok(latest.into_values().collect())
        })
        .await
    }

    /// The run of a score, if it was computed before.
    pub(in crate::sql) async fn found(&self, score: &str) -> Result<Option<NamedRun>, EngineError> {
        let found = self.file(score).await?;
        self.there(score, &found.run).await
    }

    /// The run of a score, which is computed if it was not before. Who waits no longer leaves what is computed going on.
    pub(in crate::sql) async fn computed(&self, score: &str) -> Result<NamedRun, EngineError> {
        let found = self.file(score).await?;
        if let Some(run) = self.there(score, &found.run).await? {
            return Ok(run);
        }
        let lock = self.lock(&found.run).await?;
        // Somebody else may have computed it meanwhile.
        if let Some(run) = self.there(score, &found.run).await? {
            return Ok(run);
        }
        let run = found.run.clone();
        let out = self.source.computed.join(&run);
        let task = ScoreTask { cohort: self.cohort.clone(), file: found.path.clone(), out, lock };
        let work = self.source.runner.run(task);
        tracing::info!(score, run, "computing a score that a statement asks for");
        // A task of its own, which has the file as long as it works.
        let working = tokio::spawn(async move {
            let done = work.await;
            drop(found);
            done
        });
        let done = working.await.unwrap_or(Err(EngineError::Lost("what computes a score")));
        // A run that says why it has no score says more than the error.
        match self.there(score, &run).await? {
            Some(run) => Ok(run),
            None => Err(match done {
                Ok(()) => EngineError::Internal("a computed score that is not there"),
                Err(error) => self.told(score, error),
            }),
        }
    }

    /// An error in words that name no place of this machine.
    fn told(&self, score: &str, error: EngineError) -> EngineError {
        let EngineError::Refused { problem, remedy } = error else { return error };
        let folders = [
            (format!("{}/", self.source.scoring_files), ""),
            (format!("{}/", self.source.computed.display()), ""),
            (self.cohort.to_string(), "the cohort"),
        ];
        let shortened = |text: String| {
            folders.iter().fold(text, |text, (folder, instead)| text.replace(folder.as_str(), instead))
        };
        EngineError::refused(
            format!("score {score:?} can not be computed: {}", shortened(problem)),
            shortened(remedy),
        )
    }

    /// A score's file, and the name of its run.
    async fn file(&self, score: &str) -> Result<Found, EngineError> {
        check_name(score)?;
        let (score, source) = (score.to_owned(), self.source.clone());
        let (digest, build) = (self.digest.clone(), self.build);
        off_runtime(move || {
            let names = source.scoring_files.list()?;
            let name = scoring_file::choose(&score, build, names.iter().map(String::as_str))?;
            let (path, copy) = match source.scoring_files.local_path() {
                Some(folder) => (folder.join(name), None),
                None => {
                    let folder =
                        tempfile::Builder::new().prefix(".scoring-file-").tempdir_in(&source.computed);
                    let folder = folder.map_err(failed(&source.computed))?;
                    let path = folder.path().join(name);
                    source.scoring_files.child(name).copy_to(&path)?;
                    (path, Some(folder))
                }
            };
            let (_, content) = hash_file(&path).map_err(failed(&path))?;
            let identity = json!([KERNEL_SEMANTICS, digest, name, content]).to_string();
            let hash = blake3::hash(identity.as_bytes()).to_hex();
            Ok(Found { path, _copy: copy, run: format!("{score}-{}", &hash.as_str()[..DIGITS]) })
        })
        .await
    }

    /// The finished run of a score.
    async fn there(&self, score: &str, run: &str) -> Result<Option<NamedRun>, EngineError> {
        let folder = Location::local(self.source.computed.join(run));
        let (score, run, digest) = (score.to_owned(), run.to_owned(), self.digest.clone());
        off_runtime(move || {
            if !folder.child(RUN_FILE).exists()? {
                return Ok(None);
            }
            let record = read_record(&folder)?;
            check(&record, &score, &run, &digest)?;
            Ok(Some(NamedRun { name: run, folder, record }))
        })
        .await
    }

    /// Waits until nobody else computes what may not go on beside this run.
    async fn lock(&self, run: &str) -> Result<File, EngineError> {
        let name =
            if self.source.runner.is_elsewhere() { format!(".{run}.lock") } else { ".lock".to_owned() };
        let path = self.source.computed.join(name);
        let file = OpenOptions::new().create(true).truncate(false).write(true).open(&path);
        let file = file.map_err(failed(&path))?;
        loop {
            match file.try_lock() {
                Ok(()) => return Ok(file),
                Err(TryLockError::WouldBlock) => tokio::time::sleep(PAUSE).await,
                Err(TryLockError::Error(error)) => return Err(failed(&path)(error)),
            }
        }
    }
}

fn failed(path: &Path) -> impl FnOnce(std::io::Error) -> EngineError {
    EngineError::write(path.display().to_string())
}

/// The finished runs of a folder.
fn runs_in(folder: &Path) -> Result<Vec<NamedRun>, EngineError> {
    let mut runs = Vec::new();
    for entry in fs::read_dir(folder).map_err(failed(folder))? {
        let entry = entry.map_err(failed(folder))?;
        let name = entry.file_name().to_string_lossy().into_owned();
        let folder = Location::local(entry.path());
        if !name.starts_with('.') && folder.child(RUN_FILE).exists()? {
            let record = read_record(&folder)?;
            runs.push(NamedRun { name, folder, record });
        }
    }
    Ok(runs)
}

/// Makes sure that a run is what was asked for.
fn check(record: &RunRecord, score: &str, run: &str, digest: &str) -> Result<(), EngineError> {
    if record.cohort.digest != digest {
        return Err(EngineError::refused("the cohort has changed since it was opened", "open it again"));
    }
    let Some(computed) = record.scores.iter().find(|there| there.name == score) else {
        let names: Vec<String> =
            record.scores.iter().take(3).map(|score| format!("{:?}", score.name)).collect();
        return Err(EngineError::refused(
            format!("the scoring file of {score:?} has the scores {}", names.join(", ")),
            "name the file as its score is called, or give the result of steppe score instead",
        ));
    };
    match &computed.skipped {
        None => Ok(()),
        Some(reason) => Err(EngineError::refused(
            format!("score {score:?} can not be computed of this cohort: {reason}"),
            format!(
                "the match log of run {run} says of each row why, and steppe score with a lower --min-overlap computes it all the same"
            ),
        )),
    }
}
