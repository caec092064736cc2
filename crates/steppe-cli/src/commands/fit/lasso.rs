mod remotely;

use std::{path::PathBuf, sync::Arc, time::Instant};

use clap::Args;
use steppe_engine::{LocalEngine, PassProgress};
use steppe_fitjob::{
    Family, FitOptions, FitReport, PathOptions, PopulationOptions, PopulationWeights, SplitOption, fit_cohort,
};

use super::shown;
use crate::{
    commands::Session,
    console::print,
    exit::Outcome,
    interrupt::raise_on_interrupt,
    options::{
        CohortJobOptions, ColumnName, RemoteOptions, SelectionOptions, ThreadsOption, TraitOptions,
        column_name, fraction, note_end,
    },
    progress::FitBar,
    remote,
};

const EXAMPLES: &str = "\
Examples:
  A lasso of one trait; a fifth of the people, drawn at random, chooses lambda:
    steppe fit lasso --cohort biobank --pheno traits.tsv --trait height --covar covar.tsv --out height

  Several traits in shared passes; a column says who trains, validates and tests; the chosen model is fitted again on
  the first two together:
    steppe fit lasso --cohort biobank --pheno traits.tsv --trait height bmi t2d --split split --refit --out fit

  A small population beside a large one: intercepts and metrics by population, and each population weighs the same:
    steppe fit lasso --cohort pooled --pheno traits.tsv --trait t2d --population population \\
      --population-weights equal --split split --out fit

  Then score anyone with the weights, unchanged:
    steppe score --cohort others --score fit/height.score.txt --out scores

The result folder:
  TRAIT.score.txt  weights as a PGS Catalog scoring file
  TRAIT.html       what was fitted and how well it predicts: path, validation curve, metrics, certificate
  TRAIT.*.svg      its plots
  path.parquet     every effect at every lambda
  lambdas.*        every lambda: active variants, metrics, largest violation of the optimality conditions, duality gap
  metrics.*        R2, AUC or C-index by population and part of the split, with and without the score
  run.json         inputs with hashes, parameters, who and what was left out and why

Killed or interrupted, the same command goes on from the last lambda.

Exit status: 0 done, 2 input or command line refused (nothing was written), 130 interrupted, 1 other failures.";

/// Fit a lasso, elastic net or ridge path on all variants of a cohort, and choose lambda by validation.
///
/// Every lambda carries a certificate: its largest violation of the optimality conditions over all variants, and its
/// duality gap.
#[derive(Debug, Args)]
#[command(after_long_help = EXAMPLES)]
pub(crate) struct LassoCommand {
    #[command(flatten)]
    place: CohortJobOptions,
    #[command(flatten)]
    traits: TraitOptions,
    /// The kind of traits: auto (binary where a column has only the two codes), gaussian, binomial, or cox:TIME,EVENT
    /// with the columns of times and events.
    #[arg(long, value_name = "FAMILY", default_value = "auto", help_heading = "Phenotypes and covariates")]
    family: String,
    #[command(flatten)]
    selection: SelectionOptions,
    /// Least frequency of the rarer allele over the training samples.
    #[arg(long, value_name = "SHARE", default_value = "0.001", value_parser = fraction, help_heading = "Samples and variants")]
    maf: f64,
    /// Largest share of missing calls over the training samples.
    #[arg(long, value_name = "SHARE", default_value = "0.1", value_parser = fraction, help_heading = "Samples and variants")]
    geno: f64,
    #[command(flatten)]
    split: SplitOptions,
    #[command(flatten)]
    population: PopulationArguments,
    #[command(flatten)]
    path: PathArguments,
    #[command(flatten)]
    threads: ThreadsOption,
}

/// Who trains, who validates.
#[derive(Debug, Args)]
struct SplitOptions {
    /// A column of train, valid and test: COLUMN of the phenotype file, or FILE:COLUMN.
    #[arg(long, value_name = "COLUMN", value_parser = column_name, conflicts_with_all = ["validation", "cv"],
        help_heading = "Choosing lambda")]
    split: Option<ColumnName>,
    /// The share of the samples that validates, drawn at random within populations, cases and controls
    /// [default: 0.2].
    #[arg(long, value_name = "SHARE", value_parser = fraction, conflicts_with = "cv", help_heading = "Choosing lambda")]
    validation: Option<f64>,
    /// Cross-validation over K folds.
    #[arg(long, value_name = "K", help_heading = "Choosing lambda")]
    cv: Option<usize>,
    /// Fit the chosen lambda again on training and validation samples together (cross-validation always does).
    #[arg(long, help_heading = "Choosing lambda")]
    refit: bool,
    /// Fit the whole path, although the validation metric declines.
    #[arg(long, help_heading = "Choosing lambda")]
    no_early_stopping: bool,
    /// Seed of random splits.
    #[arg(long, value_name = "N", default_value_t = 1, help_heading = "Choosing lambda")]
    seed: u64,
    /// A column of sample weights, 0 or more: COLUMN of the phenotype file, or FILE:COLUMN.
    #[arg(long, value_name = "COLUMN", value_parser = column_name, help_heading = "Choosing lambda")]
    weights: Option<ColumnName>,
}

/// Several populations in one fit.
#[derive(Debug, Args)]
struct PopulationArguments {
    /// A column of populations, which get their own intercepts and metrics: COLUMN of the phenotype file, or
    /// FILE:COLUMN.
    #[arg(long, value_name = "COLUMN", value_parser = column_name, help_heading = "Populations")]
    population: Option<ColumnName>,
    /// What training samples weigh by population: equal (every population as much in total), or NAME=WEIGHT,... for a
    /// weight of each sample (1 in populations that are not named).
    #[arg(long, value_name = "WEIGHTS", requires = "population", help_heading = "Populations")]
    population_weights: Option<String>,
    /// Give each effect a shared part and a part of each population's own, whose penalty is FACTOR times the shared
    /// part's: 1 for effects of their own only where there is much evidence, less for more of them.
    #[arg(long, value_name = "FACTOR", requires = "population", num_args = 0..=1, default_missing_value = "0.7",
        help_heading = "Populations")]
    shared_plus_specific: Option<f64>,
}

/// The path.
#[derive(Debug, Args)]
struct PathArguments {
    /// 1 is the lasso, 0 ridge regression, between them the elastic net.
    #[arg(long, default_value_t = 1.0, help_heading = "Path")]
    alpha: f64,
    /// Lambdas of the path.
    #[arg(long, value_name = "N", default_value_t = 100, help_heading = "Path")]
    lambdas: usize,
    /// The last lambda over the first [default: 0.01 with fewer training samples than variants, else 0.0001].
    #[arg(long, value_name = "RATIO", help_heading = "Path")]
    lambda_min_ratio: Option<f64>,
    /// Penalty factors by variant id: two columns, ID and factor; 0 is no penalty, inf leaves the variant out.
    #[arg(long, value_name = "FILE", help_heading = "Path")]
    penalty_factor: Option<PathBuf>,
    /// Penalise effects of standardised genotypes instead of effects per allele.
    #[arg(long, help_heading = "Path")]
    standardize: bool,
    /// Largest violation of the optimality conditions over all variants, relative to lambda.
    #[arg(long, value_name = "SHARE", default_value_t = 1e-3, help_heading = "Path")]
    tolerance: f64,
}

impl LassoCommand {
    /// Fits, and shows a line per trait and metric.
    pub(super) fn run(&self, remote: &RemoteOptions, session: Session) -> anyhow::Result<Outcome> {
        if remote::is_named(remote) {
            return self.run_remotely(remote, session);
        }
        let started = Instant::now();
        let job = self.place.job(self.options()?, &self.threads, session)?;
        let engine = LocalEngine::new(job.threads)?;
        let mut bar = FitBar::new(session.console, raise_on_interrupt(session.console));
        let progress: Arc<dyn PassProgress> = bar.passes();
        let fitted = fit_cohort(&job, &engine, &progress, &mut bar);
        bar.clear();
        self.show(&fitted?, &self.place.out, started, session)
    }

    fn show(
        &self,
        report: &FitReport,
        place: &str,
        started: Instant,
        session: Session,
    ) -> anyhow::Result<Outcome> {
        print(&shown::traits(&report.record))?;
        if !report.metrics.is_empty() {
            print(&format!("\n{}", shown::metrics(&report.metrics)))?;
        }
        note_end(place, report.reused, started, session);
        if let Some(file) = shown::first_score(&report.record) {
            let next = format!("next:  steppe score --cohort COHORT --score {place}/{file} --out DIR");
            session.console.note(&next);
        }
        Ok(Outcome::Done)
    }

    fn options(&self) -> anyhow::Result<FitOptions> {
        let (pheno, path) = (&self.traits.pheno, &self.path);
        let column = |name: &Option<ColumnName>| name.as_ref().map(|name| name.of(pheno));
        let split = &self.split;
        Ok(FitOptions {
            input: self.traits.input(self.family.parse::<Family>()?, &self.selection, self.maf, self.geno),
            split: match (column(&split.split), split.cv) {
                (Some(column), _) => SplitOption::Column(column),
                (None, Some(folds)) => SplitOption::Folds(folds),
                (None, None) => SplitOption::Fraction(split.validation.unwrap_or(0.2)),
            },
            weights: column(&split.weights),
            population: self.population(column(&self.population.population))?,
            penalty_factors: path.penalty_factor.clone(),
            path: PathOptions {
                alpha: path.alpha,
                lambdas: path.lambdas,
                ratio: path.lambda_min_ratio,
                standardize: path.standardize,
                tolerance: path.tolerance,
                early_stopping: !split.no_early_stopping,
            },
            refit: split.refit,
            seed: split.seed,
        })
    }

    fn population(
        &self,
        column: Option<steppe_fitjob::SampleColumn>,
    ) -> anyhow::Result<Option<PopulationOptions>> {
        let Some(column) = column else { return Ok(None) };
        let weights: PopulationWeights =
            self.population.population_weights.as_deref().unwrap_or_default().parse()?;
        Ok(Some(PopulationOptions { column, weights, specific: self.population.shared_plus_specific }))
    }
}
