//! What jobs over the traits or the people of a cohort share: they are those of the command line, their passes over the cluster.

use std::{path::Path, sync::Arc};

use steppe_engine::{Engine, EngineError, PassProgress};
use steppe_fitjob::{CohortJob, FitObserver, FitProgress, JobRecord, Stage, StepObserver};
use steppe_kernels::Level;
use steppe_store::Location;
use tokio_util::sync::CancellationToken;

use super::{
    Core, progress::JobProgress, results::score_digest, run::Made, staged::Staged, trait_inputs::Stager,
};
use crate::{ServerError, jobs::JobId, wire::job::InputFile};

/// A message of the API that describes such a job.
pub(super) trait CohortSpec {
    /// What the job runs with.
    type Options;

    /// Changes when the same inputs may give other bits; part of the job's identity.
    const SEMANTICS: u32;

    /// Partial sums go once a pass is merged: the job has many passes, and other checkpoints of what they gave.
    const PASSING_SUMS: bool;

    /// The cohort, and where the result goes.
    fn place(&mut self) -> Place<'_>;

    /// Every file that comes with the job.
    fn files(&mut self) -> Vec<&mut InputFile>;

    /// Other places that the job reads.
    fn others(&mut self) -> Vec<OtherPlace<'_>> {
        Vec::new()
    }

    /// The options, with files where `stage` brings them.
    fn options(&self, stage: &Stager<'_>) -> Result<Self::Options, ServerError>;

    /// Does the work.
    fn solve(
        job: &CohortJob<Self::Options>,
        engine: &dyn Engine,
        passes: &Arc<dyn PassProgress>,
        told: &mut Told,
    ) -> Result<Solved, EngineError>;
}

/// The cohort of a job, and where its result goes.
pub(super) struct Place<'a> {
    pub(super) cohort: &'a mut String,
    pub(super) out: &'a mut String,
    pub(super) overwrite: bool,
}

/// A place that a job reads beside its cohort; an empty URL is none.
pub(super) struct OtherPlace<'a> {
    pub(super) field: &'static str,
    pub(super) url: &'a mut String,
    pub(super) holds: Holds,
}

/// What is in a place, whose state is part of the job's identity.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Holds {
    /// A cohort.
    Cohort,
    /// A result with a file of this name.
    Result(&'static str),
}

/// Whose result was committed, of which state of the cohort.
pub(super) struct Solved {
    identity: String,
    cohort_digest: String,
}

impl Solved {
    pub(super) fn of<T>(record: JobRecord<T>) -> Self {
        Self { identity: record.job, cohort_digest: record.cohort.digest }
    }
}

/// Checks what can be without files.
pub(super) fn check<J: CohortSpec>(job: &J) -> Result<(), ServerError> {
    job.options(&|_, _| Ok(Path::new("checked").to_owned())).map(drop)
}

/// Runs the job. Blocks.
pub(super) fn run<J: CohortSpec>(
    core: &Core,
    id: &JobId,
    mut job: J,
    progress: &Arc<JobProgress>,
    cancel: CancellationToken,
) -> Result<Made, ServerError> {
    progress.stage("fetching inputs", 0);
    let staged = Staged::new(core, id);
    let options = job.options(&|used_as, file| staged.file(used_as, file))?;
    let Place { cohort, out, overwrite } = job.place();
    let out = core.place_of_result(id, out)?;
    let request = CohortJob {
        cohort: Location::parse(cohort)?,
        out: out.clone(),
        overwrite,
        scratch: Some(core.job_scratch(id)),
        // In the store, where the next coordinator finds them too.
        checkpoints: Some(core.job_folder(id)),
        options,
        level: Level::best(),
        threads: std::thread::available_parallelism().map_or(1, std::num::NonZeroUsize::get),
    };
    let mut engine = core.engine(id, cancel.clone());
    if J::PASSING_SUMS {
        engine = engine.with_passing_sums();
    }
    let mut told = Told::new(progress, cancel);
    let passes: Arc<dyn PassProgress> = Arc::<JobProgress>::clone(progress);
    let Solved { identity, cohort_digest } = J::solve(&request, &engine, &passes, &mut told)?;
    core.catalog.note(cohort, &cohort_digest)?;
    Ok(Made { location: out.to_string(), digest: score_digest(&out, &identity)? })
}

/// The observer of the work over the job's progress.
pub(super) struct Told {
    progress: Arc<JobProgress>,
    cancel: CancellationToken,
    /// The stage that goes on in steps, and how many it has.
    steps: (&'static str, u64),
}

impl Told {
    pub(super) fn new(progress: &Arc<JobProgress>, cancel: CancellationToken) -> Self {
        Self { progress: Arc::clone(progress), cancel, steps: ("", 0) }
    }
}

impl FitObserver for Told {
    fn progress(&mut self, progress: &FitProgress<'_>) {
        let FitProgress { name, accepted, planned, active, .. } = progress;
        let again = if progress.stage == Stage::Refit { ", again" } else { "" };
        self.progress
            .fixed_stage(&format!("{name}: lambda {accepted} of {planned}, {active} variants{again}"));
    }

    fn cancelled(&self) -> bool {
        self.cancel.is_cancelled()
    }
}

impl StepObserver for Told {
    fn stage(&mut self, name: &'static str, steps: u64) {
        self.steps = (name, steps);
    }

    fn done(&mut self, steps: u64) {
        let (name, all) = self.steps;
        // A pass between steps has its own name.
        self.progress.stage(&format!("{name}: {steps} of {all}"), 0);
    }

    fn cancelled(&self) -> bool {
        self.cancel.is_cancelled()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_and_passes_take_turns_and_lambdas_stay() {
        let cancel = CancellationToken::new();
        let progress = JobProgress::new(cancel.clone(), crate::operations::Metrics::default());
        let passes: Arc<dyn PassProgress> = Arc::<JobProgress>::clone(&progress);
        let mut told = Told::new(&progress, cancel.clone());
        let stage = || progress.report().stage;
        passes.stage("counting genotypes", 7);
        StepObserver::stage(&mut told, "fitting blocks", 45);
        assert_eq!(stage(), "counting genotypes");
        told.done(12);
        assert_eq!(stage(), "fitting blocks: 12 of 45");
        passes.stage("gradients", 7);
        assert_eq!(stage(), "gradients");
        told.done(13);
        assert_eq!(stage(), "fitting blocks: 13 of 45");
        let lambda = FitProgress {
            stage: Stage::Refit,
            name: "QT",
            accepted: 3,
            planned: 100,
            lambda: 0.1,
            active: 17,
            violations: 0,
            validation: None,
        };
        told.progress(&lambda);
        passes.stage("gradients", 7);
        assert_eq!(stage(), "QT: lambda 3 of 100, 17 variants, again");
        cancel.cancel();
        assert!(StepObserver::cancelled(&told) && FitObserver::cancelled(&told));
    }
}
