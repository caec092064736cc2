//! Fitting a block ridge on a coordinator.

use steppe_fitjob::RidgeReport;
use steppe_server::wire::job::{RidgeJob, job_spec};

use super::RidgeCommand;
use crate::{
    commands::Session,
    exit::Outcome,
    options::RemoteOptions,
    remote::{Done, Place, Sending, count, run_cohort_job},
};

impl RidgeCommand {
    /// Submits the job, watches it, and shows what came of it.
    pub(super) fn run_remotely(&self, options: &RemoteOptions, session: Session) -> anyhow::Result<Outcome> {
        // What the command line alone says wrong is refused before anything is sent.
        self.options()?.check()?;
        let job = |sending: &mut Sending<'_>, place| self.job(sending, place).map(job_spec::Job::Ridge);
        let done = run_cohort_job(options, &self.place, job, session.console)?;
        let Some(Done { record, place, started }) = done else { return Ok(Outcome::Done) };
        self.show(&RidgeReport { reused: false, record }, started, session)?;
        session.console.note(&match place.contains("://") {
            true => format!("next:  fetch {place}, and there regenie --step 2 --pred pred.list ..."),
            false => format!("next:  cd {place} && regenie --step 2 --pred pred.list ..."),
        });
        Ok(Outcome::Done)
    }

    fn job(&self, sending: &mut Sending<'_>, place: Place) -> anyhow::Result<RidgeJob> {
        Ok(RidgeJob {
            cohort: place.cohort,
            out: place.out,
            overwrite: place.overwrite,
            traits: Some(sending.traits(&self.traits, &self.family)?),
            selection: Some(sending.selection(&self.selection, (self.maf, self.geno))?),
            block_size: Some(count(self.block_size)),
            folds: (!self.loocv).then(|| count(self.folds)),
            leave_one_out: self.loocv,
            level0_shares: self.l0.clone(),
            level1_shares: self.l1.clone(),
            seed: Some(self.seed),
        })
    }
}
