//! Scoring on a coordinator.

use std::path::{Path, PathBuf};

use anyhow::Context;
use steppe_engine::output::{RunRecord, ScoreReport};
use steppe_formats::scoring_file::{discover, read_scoring_file};
use steppe_server::{
    client::{Uploaded, answer},
    wire::job::{InputFile, JobSpec, JobState, ResultsResponse, ScoreJob, SubmitRequest, job_spec},
};
use steppe_store::Location;

use super::ScoreCommand;
use crate::{
    commands::{Session, jobs::failed, report},
    console::print,
    exit::Outcome,
    options::RemoteOptions,
    remote::{self, Ended, Remote, location_url},
};

impl ScoreCommand {
    /// Submits the job, watches it, and shows what came of it.
    pub(super) fn run_remotely(&self, options: &RemoteOptions, session: Session) -> anyhow::Result<Outcome> {
        let settings = self.matching.settings();
        let files = discover(&settings.scores)?;
        // A file that can not be read is refused here, by the name that the user knows.
        for file in &files {
            read_scoring_file(file, &settings.read)?;
        }
        let remote = Remote::connect(options)?;
        let (spec, download) = self.spec(&remote, &files)?;
        let request = SubmitRequest {
            spec: Some(JobSpec { job: Some(job_spec::Job::Score(spec)) }),
            idempotency_key: String::new(),
        };
        let submitted = remote.runtime.block_on(async { remote.connection.jobs().submit(request).await });
        let submitted = submitted.map_err(answer)?.into_inner();
        let job = submitted.job.context("the coordinator has answered without a job")?;
        let found = if submitted.existed { " (it was there already)" } else { "" };
        session.console.note(&format!("job {}{found}", job.id));
        let job = match remote::watch(&remote, &job.id, session.console)? {
            Ended::Job(job) => job,
            Ended::Detached => return Ok(Outcome::Done),
        };
        if job.state() != JobState::Succeeded {
            return Err(failed(&job));
        }
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
                matching: Some(self.matching.for_coordinator()),
                overwrite: self.overwrite,
            })
        })?;
        Ok((spec, download))
    }
}

/// Shows a line per score of a result.
pub(crate) fn show_record(results: &ResultsResponse) -> anyhow::Result<ScoreReport> {
    let record: RunRecord =
        serde_json::from_str(&results.record).context("the result's run.json can not be read")?;
    let report = ScoreReport::of(&record);
    print(&report::table(&report))?;
    Ok(report)
}
