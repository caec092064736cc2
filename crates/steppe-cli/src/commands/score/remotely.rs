//! Scoring on a coordinator.

use std::path::{Path, PathBuf};

use steppe_engine::output::{RunRecord, ScoreReport};
use steppe_formats::scoring_file::discover;
use steppe_server::{
    client::Uploaded,
    wire::job::{InputFile, ResultsResponse, ScoreJob, job_spec},
};
use steppe_store::Location;

use super::ScoreCommand;
use crate::{
    commands::{Session, report},
    console::print,
    exit::Outcome,
    options::RemoteOptions,
    remote::{self, Remote, location_url},
};

impl ScoreCommand {
    /// Submits the job, watches it, and shows what came of it.
    pub(super) fn run_remotely(&self, options: &RemoteOptions, session: Session) -> anyhow::Result<Outcome> {
        let settings = self.matching.settings();
        let files = discover(&settings.scores)?;
        let remote = Remote::connect(options)?;
        let (spec, download) = self.spec(&remote, &files)?;
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
    fn spec(&self, remote: &Remote, files: &[PathBuf]) -> anyhow::Result<(ScoreJob, Option<PathBuf>)> {
        let (out, download) = match self.out.contains("://") {
            true => (self.out.clone(), None),
            false => (String::new(), Some(PathBuf::from(&self.out))),
        };
        let cohort = location_url(&self.cohort)?;
        let missing = self.missing.as_str().to_owned();
        let spec = remote.runtime.block_on(async {
            let mut uploaded = Uploaded::default();
            let mut scoring_files = Vec::with_capacity(files.len());
            for file in files {
                scoring_files.push(uploaded.file(&remote.connection, file).await?);
            }
            let lists = [&self.freq, &self.keep, &self.remove];
            let mut listed: [Option<InputFile>; 3] = [None, None, None];
            for (file, list) in lists.into_iter().zip(&mut listed) {
                if let Some(file) = file.as_deref().map(Path::to_owned) {
                    *list = Some(uploaded.file(&remote.connection, &file).await?);
                }
            }
            let [frequencies, keep, remove] = listed;
            Ok::<_, anyhow::Error>(ScoreJob {
                cohort,
                out,
                scoring_files,
                missing,
                frequencies,
                keep,
                remove,
                no_sscore: self.no_sscore,
                matching: Some(self.matching.rules.for_coordinator()),
                overwrite: self.overwrite,
            })
        })?;
        Ok((spec, download))
    }
}

/// Shows a line per score of a result.
pub(crate) fn show_record(results: &ResultsResponse) -> anyhow::Result<ScoreReport> {
    let record = RunRecord::from_bytes("run.json", results.record.as_bytes())?;
    let report = ScoreReport::of(&record);
    print(&report::table(&report))?;
    Ok(report)
}
