//! Importing on a coordinator.

use steppe_server::wire::job::{ImportJob, job_spec};

use super::{CodecOption, ImportCommand};
use crate::{
    commands::Session,
    console::print,
    exit::Outcome,
    options::RemoteOptions,
    remote::{self, Remote, location_url},
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
        let Some(job) = remote::run(&remote, job_spec::Job::Import(import), session.console)? else {
            return Ok(Outcome::Done);
        };
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
