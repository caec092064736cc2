use std::time::Instant;

use clap::Args;
use steppe_fitjob::CohortJob;
use steppe_store::Location;

use super::ThreadsOption;
use crate::{commands::Session, render};

/// The cohort of a job and the place of its result.
#[derive(Debug, Args)]
pub(crate) struct CohortJobOptions {
    /// The cohort: the folder or object-store URL that steppe import wrote.
    #[arg(long, value_name = "COHORT")]
    pub(crate) cohort: String,
    /// The folder or URL of the result.
    #[arg(long, value_name = "DIR")]
    pub(crate) out: String,
    /// Replace a result of other inputs or parameters.
    #[arg(long)]
    pub(crate) overwrite: bool,
}

impl CohortJobOptions {
    /// The job on this machine.
    pub(crate) fn job<O>(
        &self,
        options: O,
        threads: &ThreadsOption,
        session: Session,
    ) -> anyhow::Result<CohortJob<O>> {
        Ok(CohortJob {
            cohort: Location::parse(&self.cohort)?,
            out: Location::parse(&self.out)?,
            overwrite: self.overwrite,
            scratch: None,
            checkpoints: None,
            options,
            level: session.level,
            threads: threads.count(),
        })
    }
}

/// Says at the end of a job how long it took, or that its result was there already.
pub(crate) fn note_end(place: &str, reused: bool, started: Instant, session: Session) {
    session.console.note(&if reused {
        format!("{place}: this result was there already; nothing was computed")
    } else {
        format!("done in {}", render::duration(started.elapsed()))
    });
}
