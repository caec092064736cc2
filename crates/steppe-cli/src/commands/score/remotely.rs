//! Scoring on a coordinator.

use std::path::{Path, PathBuf};

use steppe_engine::output::{RUN_FILE, RunRecord, ScoreReport};
use steppe_fitjob::{ApplyOptions, CALIBRATION_FILE};
use steppe_formats::scoring_file::discover;
use steppe_server::wire::job::{Calibration, ResultsResponse, ScoreJob, job_spec};
use steppe_store::Location;

use super::ScoreCommand;
use crate::{
    commands::{Session, report},
    console::print,
    exit::Outcome,
    options::RemoteOptions,
    remote::{self, Remote, Sending, location_url},
};

impl ScoreCommand {
    /// Submits the job, watches it, and shows what came of it.
    pub(super) fn run_remotely(
        &self,
        calibration: Option<&ApplyOptions>,
        options: &RemoteOptions,
        session: Session,
    ) -> anyhow::Result<Outcome> {
        let settings = self.matching.settings();
        let files = discover(&settings.scores)?;
        if let Some(calibration) = calibration.filter(|of| !is_url(&of.calibration)) {
            // What is wrong with a calibration of this machine is said before anything is sent.
            calibration.check()?;
        }
        let remote = Remote::connect(options)?;
        let (spec, download) = self.spec(&remote, &files, calibration)?;
        let Some(job) = remote::run(&remote, job_spec::Job::Score(spec), session.console)? else {
            return Ok(Outcome::Done);
        };
        let results = remote::results(&remote, &job.id)?;
        let report = show_record(&results)?;
        report::notes(&report, session.console);
        let out = match &download {
            Some(folder) => {
                remote::download(&remote, &results, folder)?;
                Location::local(folder)
            }
            None => Location::parse(&results.location)?,
        };
        report::whereabouts(&report, &Location::parse(&self.cohort)?, &out, session.console);
        Ok(report::outcome(&report))
    }

    /// The job for the coordinator, and the folder that its result is to be brought to.
    fn spec(
        &self,
        remote: &Remote,
        files: &[PathBuf],
        calibration: Option<&ApplyOptions>,
    ) -> anyhow::Result<(ScoreJob, Option<PathBuf>)> {
        let (out, download) = match is_url(&self.out) {
            true => (self.out.clone(), None),
            false => (String::new(), Some(PathBuf::from(&self.out))),
        };
        let mut sending = Sending::new(remote);
        let spec = ScoreJob {
            cohort: location_url(&self.cohort)?,
            out,
            scoring_files: files.iter().map(|file| sending.file(file)).collect::<Result<_, _>>()?,
            missing: self.missing.as_str().to_owned(),
            frequencies: sending.optional(self.freq.as_deref())?,
            keep: sending.optional(self.keep.as_deref())?,
            remove: sending.optional(self.remove.as_deref())?,
            no_sscore: self.no_sscore,
            matching: Some(self.matching.rules.for_coordinator()),
            overwrite: self.overwrite,
            calibration: calibration.map(|of| applied(of, &mut sending)).transpose()?,
        };
        Ok((spec, download))
    }
}

/// A calibration as the API has it: a folder's model with its record, a file alone, or a URL.
fn applied(options: &ApplyOptions, sending: &mut Sending<'_>) -> anyhow::Result<Calibration> {
    let place = Path::new(&options.calibration);
    let (model, record, url) = match (is_url(&options.calibration), place.is_file()) {
        (true, _) => (None, None, options.calibration.clone()),
        (false, true) => (Some(sending.file(place)?), None, String::new()),
        (false, false) => {
            let [model, record] = [CALIBRATION_FILE, RUN_FILE].map(|name| sending.file(&place.join(name)));
            (Some(model?), Some(record?), String::new())
        }
    };
    Ok(Calibration {
        model,
        record,
        url,
        population: options.population.as_ref().map(|of| sending.sample_column(of)).transpose()?,
        target: options.target.clone().unwrap_or_default(),
        covariates: sending.optional(options.covariates.as_deref())?,
    })
}

fn is_url(place: &str) -> bool {
    place.contains("://")
}

/// Shows a line per score of a result.
pub(crate) fn show_record(results: &ResultsResponse) -> anyhow::Result<ScoreReport> {
    let record = RunRecord::from_bytes("run.json", results.record.as_bytes())?;
    let report = ScoreReport::of(&record);
    print(&report::table(&report))?;
    Ok(report)
}
