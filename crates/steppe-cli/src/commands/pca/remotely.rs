//! Principal components on a coordinator.

use steppe_calibrate::pca::{LdWindow, PruneOptions};
use steppe_fitjob::{PcaJobOptions, PcaReport};
use steppe_server::wire::job::{PcaJob, Pruning, Selection, job_spec, pruning::Window};

use super::{PcaCommand, ScaleOption};
use crate::{
    commands::Session,
    exit::Outcome,
    options::RemoteOptions,
    remote::{Done, Place, Sending, count, location_url, run_cohort_job},
};

impl PcaCommand {
    /// Submits the job, watches it, and shows what came of it.
    pub(super) fn run_remotely(&self, remote: &RemoteOptions, session: Session) -> anyhow::Result<Outcome> {
        // What the command line alone says wrong is refused before anything is sent.
        let options = self.options()?;
        options.check()?;
        let job =
            |sending: &mut Sending<'_>, place| self.job(&options, sending, place).map(job_spec::Job::Pca);
        let done = run_cohort_job(remote, &self.place, job, session.console)?;
        let Some(Done { record, place, started }) = done else { return Ok(Outcome::Done) };
        self.show(&PcaReport { reused: false, record }, &place, started, session)
    }

    fn job(
        &self,
        options: &PcaJobOptions,
        sending: &mut Sending<'_>,
        place: Place,
    ) -> anyhow::Result<PcaJob> {
        Ok(PcaJob {
            cohort: place.cohort,
            out: place.out,
            overwrite: place.overwrite,
            population: options.population.as_ref().map(|of| sending.sample_column(of)).transpose()?,
            selection: Some(Selection {
                keep: sending.optional(options.keep.as_deref())?,
                remove: sending.optional(options.remove.as_deref())?,
                extract: sending.optional(options.extract.as_deref())?,
                exclude: sending.optional(options.exclude.as_deref())?,
                min_frequency: Some(options.selection.least_maf),
                max_missing: Some(options.selection.most_missing),
            }),
            unrelated: sending.optional(options.unrelated.as_deref())?,
            shared_with: match &self.variants.shared_with {
                Some(cohort) => location_url(cohort)?,
                None => String::new(),
            },
            hardy_weinberg_p: Some(options.selection.least_hardy_weinberg_p),
            keep_long_range_ld: options.keep_long_range_ld,
            pruning: Some(pruning(options.prune)),
            components: Some(count(options.pca.components)),
            scale: match self.search.scale {
                ScaleOption::Observed => "observed",
                ScaleOption::HardyWeinberg => "hardy-weinberg",
            }
            .to_owned(),
            angle: Some(options.pca.angle),
            held_out_folds: Some(count(options.held_out_folds)),
            seed: Some(options.pca.seed),
        })
    }
}

fn pruning(prune: Option<PruneOptions>) -> Pruning {
    let Some(PruneOptions { window, most_r2 }) = prune else {
        return Pruning { window: Some(Window::None(true)), ..Pruning::default() };
    };
    let (window, step) = match window {
        LdWindow::Variants { size, step } => (Window::Variants(count(size)), count(step)),
        LdWindow::BasePairs(size) => (Window::BasePairs(size), 0),
    };
    Pruning { window: Some(window), step, r2: most_r2 }
}
