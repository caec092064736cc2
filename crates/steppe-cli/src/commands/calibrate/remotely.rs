//! Calibrations on a coordinator.

use std::path::{Path, PathBuf};

use steppe_engine::output::RUN_FILE;
use steppe_fitjob::{CalibrateOptions, CalibrationReport, REFERENCE_FILE};
use steppe_formats::scoring_file::discover;
use steppe_server::wire::job::{CalibrateJob, ResultFiles, TraitFiles, job_spec};

use super::CalibrateCommand;
use crate::{
    commands::Session,
    exit::{Outcome, Usage},
    options::RemoteOptions,
    remote::{Done, Sending, count, location_url, run_job},
};

/// What of a result travels.
const OF_PCA: [&str; 3] = ["pcs.parquet", REFERENCE_FILE, RUN_FILE];
const OF_ANCESTRY: [&str; 2] = ["ancestry.parquet", RUN_FILE];
const OF_SCORES: [&str; 2] = ["scores.parquet", RUN_FILE];

/// Where a result is.
enum Found {
    /// In a place that the coordinator reads.
    There(String),
    /// Here.
    Here(Vec<PathBuf>),
}

/// The results that a calibration reads, and the scoring files.
struct Results {
    reference: Found,
    reference_scores: Vec<Found>,
    ancestry: Found,
    scores: Vec<Found>,
    scoring_files: Vec<PathBuf>,
}

impl CalibrateCommand {
    /// Submits the job, watches it, and shows what came of it.
    pub(super) fn run_remotely(&self, remote: &RemoteOptions, session: Session) -> anyhow::Result<Outcome> {
        // What the command line alone says wrong is refused before anything is sent.
        let options = self.options(session)?;
        options.check()?;
        let results = self.results()?;
        let job = |sending: &mut Sending<'_>, out| {
            self.job(&options, &results, sending, out).map(job_spec::Job::Calibrate)
        };
        let done = run_job(remote, &self.out, job, session.console)?;
        let Some(Done { record, place, started }) = done else { return Ok(Outcome::Done) };
        let report = CalibrationReport { reused: false, record };
        report.record.notices.iter().for_each(|notice| session.console.note(notice));
        self.show(&report, &place, started, session)
    }

    fn results(&self) -> anyhow::Result<Results> {
        let scores = |option: &str, places: &[String]| {
            places.iter().map(|place| scores(option, place)).collect::<anyhow::Result<Vec<_>>>()
        };
        let scoring_files = match self.sources.reference_cohort {
            Some(_) => discover(&self.sources.score_file)?,
            None => Vec::new(),
        };
        Ok(Results {
            reference: result("--reference", "pca", &self.reference, &OF_PCA)?,
            reference_scores: scores("--reference-scores", &self.reference_scores)?,
            ancestry: result("--ancestry", "ancestry", &self.ancestry, &OF_ANCESTRY)?,
            scores: scores("--scores", &self.scores)?,
            scoring_files,
        })
    }

    fn job(
        &self,
        options: &CalibrateOptions,
        results: &Results,
        sending: &mut Sending<'_>,
        out: String,
    ) -> anyhow::Result<CalibrateJob> {
        let mut all = |found: &[Found]| {
            found.iter().map(|found| sent(found, sending)).collect::<anyhow::Result<Vec<_>>>()
        };
        let (reference_scores, scores) = (all(&results.reference_scores)?, all(&results.scores)?);
        let matching = options.sources.as_ref().map(|_| self.rules.for_coordinator());
        let files = results.scoring_files.iter();
        Ok(CalibrateJob {
            out,
            overwrite: self.overwrite,
            reference: Some(sent(&results.reference, sending)?),
            reference_scores,
            ancestry: Some(sent(&results.ancestry, sending)?),
            scores,
            score_names: self.score_name.clone(),
            population: options.population.as_ref().map(|of| sending.sample_column(of)).transpose()?,
            target: options.target.clone(),
            learn: sending.optional(options.learn.as_deref())?,
            reference_only: !options.own_cohort,
            traits: self.traits(options, sending)?,
            prevalence: options.prevalence.map(|known| known.prevalence),
            prevalence_error: options.prevalence.map_or(0.0, |known| known.standard_error),
            rates: sending.optional(options.rates.as_deref())?,
            age: options.age.as_ref().map(|of| sending.sample_column(of)).transpose()?,
            years: options.years,
            components: Some(count(options.components)),
            combine: options.combine,
            trained_on: options.trained_on.clone(),
            trained_in: options.trained_in.clone().unwrap_or_default(),
            reference_cohort: match &self.sources.reference_cohort {
                Some(cohort) => location_url(cohort)?,
                None => String::new(),
            },
            scoring_files: files.map(|file| sending.file(file)).collect::<Result<_, _>>()?,
            matching,
        })
    }

    fn traits(
        &self,
        options: &CalibrateOptions,
        sending: &mut Sending<'_>,
    ) -> anyhow::Result<Option<TraitFiles>> {
        let Some(phenotypes) = &options.phenotypes else { return Ok(None) };
        let covariates = options.covariates.as_ref();
        Ok(Some(TraitFiles {
            phenotypes: Some(sending.file(&phenotypes.file)?),
            traits: phenotypes.traits.clone(),
            family: self.phenotype.family.clone(),
            coding: if self.phenotype.coding_01 { "01" } else { "12" }.to_owned(),
            missing_code: Some(phenotypes.missing_code),
            covariates: sending.optional(covariates.map(|of| of.file.as_path()))?,
            covariate_names: covariates.map_or_else(Vec::new, |of| of.names.clone()),
            covariate_categories: Vec::new(),
        }))
    }
}

fn sent(found: &Found, sending: &mut Sending<'_>) -> anyhow::Result<ResultFiles> {
    Ok(match found {
        Found::There(url) => ResultFiles { files: Vec::new(), url: url.clone() },
        Found::Here(files) => {
            let files = files.iter().map(|file| sending.file(file)).collect::<Result<_, _>>()?;
            ResultFiles { files, url: String::new() }
        }
    })
}

/// The result of a command: its URL, or the files of its folder that are needed.
fn result(option: &str, command: &str, place: &str, needed: &[&str]) -> anyhow::Result<Found> {
    if place.contains("://") {
        return Ok(Found::There(place.to_owned()));
    }
    let files: Vec<PathBuf> = needed.iter().map(|name| Path::new(place).join(name)).collect();
    match files.iter().find(|file| !file.is_file()) {
        None => Ok(Found::Here(files)),
        Some(absent) => Err(Usage::refuse(
            format!("{option}: there is no {}", absent.display()),
            format!("name the folder that steppe {command} wrote, or its URL"),
        )),
    }
}

/// Scores: a result, or a table.
fn scores(option: &str, place: &str) -> anyhow::Result<Found> {
    match Path::new(place) {
        table if table.is_file() => Ok(Found::Here(vec![table.to_owned()])),
        _ => result(option, "score", place, &OF_SCORES),
    }
}
