mod remotely;

use std::{path::PathBuf, sync::Arc, time::Instant};

use clap::{Args, ValueEnum};
use steppe_calibrate::{
    ancestry::{DegreesOfFreedom, ForestOptions},
    projection::ProjectionMethod,
};
use steppe_engine::{LocalEngine, PassProgress};
use steppe_fitjob::{
    AncestryJobOptions, AncestryMethod, AncestryRecord, AncestryReport, PopulationRecord, SimilarityMethod,
    ancestry_cohort,
};
use steppe_store::Location;

use super::Session;
use crate::{
    console::print,
    exit::Outcome,
    interrupt::raise_on_interrupt,
    options::{CohortJobOptions, RemoteOptions, ThreadsOption, fraction, note_end},
    progress::StepBar,
    remote,
    render::{self, Align},
};

const EXAMPLES: &str = "\
Examples:
  People of a biobank against a panel of steppe pca:
    steppe ancestry --cohort biobank --reference panel-pca --out biobank-ancestry

  As pgscatalog-utils with Mahalanobis distances:
    steppe ancestry --cohort biobank --reference panel-pca --similarity mahalanobis --degrees one-less --out ancestry

The result folder:
  ancestry.*      a row per person: the most similar population and how sure that is, whether the person lies outside of
                  all populations of the reference, proportions of descent, places on the components
  populations.*   a row per population of the reference
  run.json        inputs with hashes, parameters, which variants were left out and why

Nobody is excluded: everyone gets every number, and flags. `outside` is calibrated: of people like those of the reference a
share of --false-flags is flagged.

On a coordinator (steppe --profile DIR ancestry ...) reference.cbor of a folder travels with the job; of a URL the
coordinator reads it. The files are the same ones, to the bit.

Exit status: 0 done, 2 input or command line refused (nothing was written), 130 interrupted, 1 other failures.";

/// Say whom people of a cohort descend from, compared to a reference: similarity, admixture, and who lies outside.
#[derive(Debug, Args)]
#[command(after_long_help = EXAMPLES)]
pub(crate) struct AncestryCommand {
    #[command(flatten)]
    place: CohortJobOptions,
    /// The reference: the folder or URL that steppe pca wrote, with --population.
    #[arg(long, value_name = "PCA")]
    reference: String,
    /// Only the samples of this list (one IID, or FID and IID, a line).
    #[arg(long, value_name = "FILE", help_heading = "People")]
    keep: Option<PathBuf>,
    /// Not the samples of this list.
    #[arg(long, value_name = "FILE", help_heading = "People")]
    remove: Option<PathBuf>,
    #[command(flatten)]
    method: MethodArguments,
    #[command(flatten)]
    threads: ThreadsOption,
}

#[derive(Debug, Args)]
#[command(next_help_heading = "Method")]
struct MethodArguments {
    /// How people are projected.
    #[arg(long, value_enum, default_value_t = ProjectionOption::Oadp)]
    projection: ProjectionOption,
    /// What says which population is the most similar.
    #[arg(long, value_enum, default_value_t = SimilarityOption::Forest)]
    similarity: SimilarityOption,
    /// Components that the forest looks at.
    #[arg(long, value_name = "N", default_value_t = 5)]
    forest_pcs: usize,
    /// Trees of the forest.
    #[arg(long, value_name = "N", default_value_t = 100)]
    trees: usize,
    /// Degrees of freedom of Mahalanobis distances.
    #[arg(long, value_enum, default_value_t = DegreesOption::Components)]
    degrees: DegreesOption,
    /// Share of people like those of the reference who are flagged as outside.
    #[arg(long, value_name = "SHARE", default_value = "1%", value_parser = fraction)]
    false_flags: f64,
    /// Seed of the forest.
    #[arg(long, value_name = "N", default_value_t = 32)]
    seed: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum ProjectionOption {
    /// Online augmentation, decomposition and Procrustes, as FRAPOSA: undoes shrinkage towards the origin
    Oadp,
    /// The product with the loadings
    Simple,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum SimilarityOption {
    /// A random forest, as pgscatalog-utils by default
    Forest,
    /// Mahalanobis distances
    Mahalanobis,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum DegreesOption {
    /// As many as components, which is right
    Components,
    /// One less, as pgscatalog-utils
    OneLess,
}

impl AncestryCommand {
    /// Projects and compares, and shows a line per population.
    pub(crate) fn run(&self, remote: &RemoteOptions, session: Session) -> anyhow::Result<Outcome> {
        if remote::is_named(remote) {
            return self.run_remotely(remote, session);
        }
        let started = Instant::now();
        let job = self.place.job(self.options()?, &self.threads, session)?;
        let engine = LocalEngine::new(job.threads)?;
        let mut bar = StepBar::new(session.console, raise_on_interrupt(session.console), "steps");
        let progress: Arc<dyn PassProgress> = bar.passes();
        let found = ancestry_cohort(&job, &engine, &progress, &mut bar);
        bar.clear();
        self.show(&found?, &self.place.out, started, session)
    }

    fn show(
        &self,
        report: &AncestryReport,
        place: &str,
        started: Instant,
        session: Session,
    ) -> anyhow::Result<Outcome> {
        print(&table(&report.record))?;
        note_end(place, report.reused, started, session);
        Ok(Outcome::Done)
    }

    fn options(&self) -> anyhow::Result<AncestryJobOptions> {
        let of = &self.method;
        Ok(AncestryJobOptions {
            keep: self.keep.clone(),
            remove: self.remove.clone(),
            method: AncestryMethod {
                projection: match of.projection {
                    ProjectionOption::Oadp => ProjectionMethod::Oadp,
                    ProjectionOption::Simple => ProjectionMethod::Simple,
                },
                similarity: match of.similarity {
                    SimilarityOption::Forest => SimilarityMethod::Forest,
                    SimilarityOption::Mahalanobis => SimilarityMethod::Mahalanobis,
                },
                forest: ForestOptions { components: of.forest_pcs, trees: of.trees, seed: of.seed },
                degrees: match of.degrees {
                    DegreesOption::Components => DegreesOfFreedom::Components,
                    DegreesOption::OneLess => DegreesOfFreedom::OneLess,
                },
                false_flags: of.false_flags,
            },
            ..AncestryJobOptions::new(Location::parse(&self.reference)?)
        })
    }
}

/// A line per population.
fn table(record: &AncestryRecord) -> String {
    let columns = [
        ("population", Align::Left),
        ("reference", Align::Right),
        ("most similar", Align::Right),
        ("unsure", Align::Right),
        ("outside", Align::Right),
        ("mean admixture", Align::Right),
        ("error", Align::Right),
    ];
    let row = |of: &PopulationRecord| {
        vec![
            of.name.clone(),
            render::count(of.reference),
            render::count(of.most_similar),
            render::count(of.low_confidence),
            render::count(of.outside),
            format!("{:.3}", of.mean_admixture),
            format!("{:.3}", of.admixture_error),
        ]
    };
    let mut text = render::table(columns, record.traits.iter().map(row));
    text.push_str(&format!(
        "\n{} people, {} variants of the reference\n",
        render::count(record.samples.used),
        render::count(record.variants.used)
    ));
    text
}
