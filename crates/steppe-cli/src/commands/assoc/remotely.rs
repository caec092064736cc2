//! Testing variants on a coordinator.

use steppe_fitjob::AssociationReport;
use steppe_server::wire::job::{AssocJob, job_spec};

use super::{AssocCommand, FirthOption};
use crate::{
    commands::Session,
    exit::Outcome,
    options::RemoteOptions,
    remote::{Done, Place, Sending, run_cohort_job},
};

impl AssocCommand {
    /// Submits the job, watches it, and shows what came of it.
    pub(super) fn run_remotely(&self, options: &RemoteOptions, session: Session) -> anyhow::Result<Outcome> {
        // What the command line alone says wrong is refused before anything is sent.
        self.options()?.check()?;
        let job = |sending: &mut Sending<'_>, place| self.job(sending, place).map(job_spec::Job::Assoc);
        let done = run_cohort_job(options, &self.place, job, session.console)?;
        let Some(Done { record, place, started }) = done else { return Ok(Outcome::Done) };
        self.show(&AssociationReport { reused: false, record }, &place, started, session)
    }

    fn job(&self, sending: &mut Sending<'_>, place: Place) -> anyhow::Result<AssocJob> {
        Ok(AssocJob {
            cohort: place.cohort,
            out: place.out,
            overwrite: place.overwrite,
            traits: Some(sending.traits(&self.traits, &self.family)?),
            selection: Some(sending.selection(&self.selection, (self.maf, self.geno))?),
            firth: match self.firth {
                FirthOption::Fallback => "fallback",
                FirthOption::Never => "never",
                FirthOption::Always => "always",
            }
            .to_owned(),
            tested_allele: if self.omit_ref { "counted" } else { "minor" }.to_owned(),
            prefix: self.prefix.clone(),
        })
    }
}
