//! Ancestries on a coordinator.

use std::path::{Path, PathBuf};

use steppe_engine::output::RUN_FILE;
use steppe_fitjob::{AncestryJobOptions, AncestryReport, REFERENCE_FILE};
use steppe_server::wire::job::{AncestryJob, job_spec};

use super::{AncestryCommand, DegreesOption, ProjectionOption, SimilarityOption};
use crate::{
    commands::Session,
    exit::{Outcome, Usage},
    options::RemoteOptions,
    remote::{Done, Place, Sending, count, run_cohort_job},
};

impl AncestryCommand {
    /// Submits the job, watches it, and shows what came of it.
    pub(super) fn run_remotely(&self, remote: &RemoteOptions, session: Session) -> anyhow::Result<Outcome> {
        // What the command line alone says wrong is refused before anything is sent.
        let options = self.options()?;
        options.method.check()?;
        let job = |sending: &mut Sending<'_>, place| {
            self.job(&options, sending, place).map(job_spec::Job::Ancestry)
        };
        let done = run_cohort_job(remote, &self.place, job, session.console)?;
        let Some(Done { record, place, started }) = done else { return Ok(Outcome::Done) };
        self.show(&AncestryReport { reused: false, record }, &place, started, session)
    }

    fn job(
        &self,
        options: &AncestryJobOptions,
        sending: &mut Sending<'_>,
        place: Place,
    ) -> anyhow::Result<AncestryJob> {
        let (reference, reference_record, reference_url) = match self.reference.contains("://") {
            true => (None, None, self.reference.clone()),
            false => {
                let [reference, record] = reference_files(&self.reference)?;
                (sending.optional(Some(&reference))?, sending.optional(Some(&record))?, String::new())
            }
        };
        Ok(AncestryJob {
            cohort: place.cohort,
            out: place.out,
            overwrite: place.overwrite,
            reference,
            reference_record,
            reference_url,
            keep: sending.optional(options.keep.as_deref())?,
            remove: sending.optional(options.remove.as_deref())?,
            projection: match self.method.projection {
                ProjectionOption::Oadp => "oadp",
                ProjectionOption::Simple => "simple",
            }
            .to_owned(),
            similarity: match self.method.similarity {
                SimilarityOption::Forest => "forest",
                SimilarityOption::Mahalanobis => "mahalanobis",
            }
            .to_owned(),
            forest_components: Some(count(options.method.forest.components)),
            trees: Some(count(options.method.forest.trees)),
            degrees_of_freedom: match self.method.degrees {
                DegreesOption::Components => "components",
                DegreesOption::OneLess => "one-less",
            }
            .to_owned(),
            false_flags: Some(options.method.false_flags),
            seed: Some(options.method.forest.seed),
        })
    }
}

/// The reference and the record of its result in a folder of this machine.
fn reference_files(folder: &str) -> anyhow::Result<[PathBuf; 2]> {
    let files = [REFERENCE_FILE, RUN_FILE].map(|name| Path::new(folder).join(name));
    match files.iter().find(|file| !file.is_file()) {
        None => Ok(files),
        Some(absent) => Err(Usage::refuse(
            format!("--reference: there is no {}", absent.display()),
            "name the folder that steppe pca wrote, or its URL",
        )),
    }
}
