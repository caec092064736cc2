//! Jobs over a real store: a fileset is imported, and passes run on an engine in this process.

use std::{
    path::Path,
    sync::{Arc, Mutex},
};

use steppe_engine::{EngineError, LocalEngine, PassProgress, SilentProgress};
use steppe_fitjob::{
    AssociationOptions, AssociationReport, CohortJob, RidgeJobOptions, RidgeReport, StepObserver,
    associate_cohort, ridge_cohort,
};
use steppe_formats::plink1::FilesetPaths;
use steppe_genome::{Chromosome, GenomeBuild};
use steppe_kernels::Level;
use steppe_simulate::{SmallFileset, SmallOptions, random_fileset};
use steppe_store::{Codec, ImportOptions, Location, NoProgress, import};

/// A cohort store.
pub(crate) struct Stored {
    pub(crate) cohort: Location,
    pub(crate) threads: usize,
}

impl Stored {
    /// Imports a fileset, in blocks of 100 samples.
    pub(crate) fn import(paths: FilesetPaths, out: &Path) -> Self {
        let cohort = Location::local(out);
        import(&ImportOptions {
            filesets: vec![paths],
            out: cohort.clone(),
            build: GenomeBuild::Grch38,
            block_samples: Some(100),
            threads: 2,
            memory_bytes: 1 << 28,
            codec: Codec::Zstd,
            level: Level::best(),
            progress: Arc::new(NoProgress),
        })
        .expect("an import");
        Self { cohort, threads: 2 }
    }

    /// Imports a random fileset with some calls missing.
    pub(crate) fn random(
        folder: &Path,
        samples: usize,
        variants: usize,
        chromosomes: &[Chromosome],
    ) -> (Self, SmallFileset) {
        let options =
            SmallOptions { missing_rate: 0.02, chromosomes: chromosomes.to_vec(), ..SmallOptions::default() };
        let fileset = random_fileset(5, samples, variants, &options);
        let paths = fileset.write(&folder.join("random")).expect("a fileset");
        (Self::import(paths, &folder.join("cohort")), fileset)
    }

    /// A job with these options.
    pub(crate) fn job<O>(&self, options: O, out: &Path) -> CohortJob<O> {
        CohortJob {
            cohort: self.cohort.clone(),
            out: Location::local(out),
            overwrite: false,
            scratch: None,
            checkpoints: None,
            options,
            level: Level::best(),
            threads: self.threads,
        }
    }

    pub(crate) fn engine(&self) -> LocalEngine {
        LocalEngine::new(self.threads).expect("an engine")
    }

    pub(crate) fn associate(
        &self,
        options: &AssociationOptions,
        out: &Path,
        observer: &mut dyn StepObserver,
    ) -> Result<AssociationReport, EngineError> {
        let progress: Arc<dyn PassProgress> = Arc::new(SilentProgress);
        associate_cohort(&self.job(options.clone(), out), &self.engine(), &progress, observer)
    }

    /// An association whose finished runs of variants are kept in a folder.
    pub(crate) fn associate_kept(
        &self,
        options: &AssociationOptions,
        (out, checkpoints): (&Path, &Path),
        progress: &Arc<Passes>,
        observer: &mut dyn StepObserver,
    ) -> Result<AssociationReport, EngineError> {
        let checkpoints = Some(Location::local(checkpoints));
        let job = CohortJob { checkpoints, ..self.job(options.clone(), out) };
        let progress: Arc<dyn PassProgress> = Arc::<Passes>::clone(progress);
        associate_cohort(&job, &self.engine(), &progress, observer)
    }

    pub(crate) fn ridge(
        &self,
        options: &RidgeJobOptions,
        out: &Path,
        observer: &mut dyn StepObserver,
    ) -> Result<RidgeReport, EngineError> {
        let progress: Arc<dyn PassProgress> = Arc::new(SilentProgress);
        ridge_cohort(&self.job(options.clone(), out), &self.engine(), &progress, observer)
    }
}

/// The passes that were begun.
#[derive(Debug, Default)]
pub(crate) struct Passes(Mutex<Vec<String>>);

impl Passes {
    pub(crate) fn names(&self) -> Vec<String> {
        self.0.lock().expect("no test panics in it").clone()
    }
}

impl PassProgress for Passes {
    fn stage(&self, name: &str, _total: u64) {
        self.0.lock().expect("no test panics in it").push(name.to_owned());
    }

    fn advance(&self, _units: u64) {}
}

/// Stops a job after some steps, and keeps what it was told.
#[derive(Default)]
pub(crate) struct Steps {
    pub(crate) stop_after: Option<u64>,
    pub(crate) stages: Vec<(&'static str, u64)>,
    /// Calls of `done`.
    pub(crate) calls: u64,
    pub(crate) notices: Vec<String>,
}

impl Steps {
    pub(crate) fn stopping_after(calls: u64) -> Self {
        Self { stop_after: Some(calls), ..Self::default() }
    }
}

impl StepObserver for Steps {
    fn stage(&mut self, name: &'static str, steps: u64) {
        self.stages.push((name, steps));
    }

    fn done(&mut self, steps: u64) {
        assert!(self.stages.last().is_some_and(|(_, all)| steps <= *all), "{steps} of {:?}", self.stages);
        self.calls += 1;
    }

    fn notice(&mut self, text: &str) {
        self.notices.push(text.to_owned());
    }

    fn cancelled(&self) -> bool {
        self.stop_after.is_some_and(|after| self.calls >= after)
    }
}
