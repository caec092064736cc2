//! Importing on a coordinator.

use anyhow::Context;
use steppe_server::{
    client::answer,
    wire::job::{ImportJob, JobSpec, JobState, SubmitRequest, job_spec},
};

use super::{CodecOption, ImportCommand};
use crate::{
    commands::{Session, jobs::failed},
    console::print,
    exit::Outcome,
    options::RemoteOptions,
    remote::{self, Ended, Remote, location_url},
    render,
};

impl ImportCommand {
    /// Submits the job, watches it, and shows the cohort.
    pub(super) fn run_remotely(&self, options: &RemoteOptions, session: Session) -> anyhow::Result<Outcome> {
        let prefixes = self.prefixes()?;
        let url = |prefix: &std::path::PathBuf| location_url(&prefix.display().to_string());
        let import = ImportJob {
            filesets: prefixes.iter().map(url).collect::<Result<_, _>>()?,
            out: location_url(&self.out)?,
            genome_build: self.build.to_string(),
            codec: match self.codec {
                CodecOption::None => "none".to_owned(),
                CodecOption::Zstd => "zstd".to_owned(),
            },
            block_samples: self.block_samples.unwrap_or(0),
        };
        let remote = Remote::connect(options)?;
        let request = SubmitRequest {
            spec: Some(JobSpec { job: Some(job_spec::Job::Import(import)) }),
            idempotency_key: String::new(),
        };
        let submitted = remote.runtime.block_on(async { remote.connection.jobs().submit(request).await });
        let job = submitted.map_err(answer)?.into_inner().job;
        let job = job.context("the coordinator has answered without a job")?;
        session.console.note(&format!("job {}", job.id));
        let job = match remote::watch(&remote, &job.id, session.console)? {
            Ended::Job(job) => job,
            Ended::Detached => return Ok(Outcome::Done),
        };
        if job.state() != JobState::Succeeded {
            return Err(failed(&job));
        }
        let results = remote::results(&remote, &job.id)?;
        let record: serde_json::Value = serde_json::from_str(&results.record)?;
        let number = |name: &str| record[name].as_u64().unwrap_or_default();
        print(&render::facts(&[
            ("cohort", self.out.clone()),
            ("digest", record["digest"].as_str().unwrap_or_default().to_owned()),
            (
                "samples",
                format!(
                    "{} ({} founders)",
                    render::count(number("samples")),
                    render::count(number("founders"))
                ),
            ),
            ("variants", render::count(number("variants"))),
            ("stored", render::bytes(number("stored_bytes"))),
        ]))?;
        session.console.note(&format!("next:  steppe score --cohort {} --score FILES --out DIR", self.out));
        Ok(Outcome::Done)
    }
}
