mod remotely;

use std::{sync::Arc, time::Instant};

use clap::Args;
use steppe_engine::{LocalEngine, PassProgress};
use steppe_fitjob::{
    Family, RidgeJobOptions, RidgeRecord, RidgeReport, RidgeTraitRecord, RidgeValidation, ridge_cohort,
};

use crate::{
    commands::Session,
    console::print,
    exit::Outcome,
    interrupt::raise_on_interrupt,
    options::{
        CohortJobOptions, RemoteOptions, SelectionOptions, ThreadsOption, TraitOptions, fraction, note_end,
    },
    progress::StepBar,
    remote,
    render::{self, Align},
};

const EXAMPLES: &str = "\
Examples:
  Step 1 of regenie for all traits of a file:
    steppe fit ridge --cohort biobank --pheno traits.tsv --covar covar.tsv --out step1

  Then regenie's own step 2 with the predictions:
    regenie --step 2 --bgen imputed.bgen --phenoFile traits.tsv --covarFile covar.tsv \\
      --pred step1/pred.list --bsize 400 --out step2

  A case/control trait written as 0 and 1, each sample left out alone:
    steppe fit ridge --cohort biobank --pheno traits.tsv --trait t2d --coding 01 --loocv --out t2d

  Score anyone with the weights:
    steppe score --cohort others --score step1/height.score.txt --out scores

The result folder:
  TRAIT_N.loco        the prediction of each sample without each chromosome, as regenie writes it
  pred.list           regenie's list of these files, by their full paths (by their names alone in a result that is
                      fetched from a store or a coordinator: run regenie in its folder)
  TRAIT.score.txt     weights per variant, averaged over folds, as a PGS Catalog scoring file
  metrics.*           how well each penalty of level 1 predicts samples left out
  dropped_variants.*  variants in which the covariates leave nothing
  run.json            inputs with hashes, parameters, who and what was left out and why

Killed or interrupted, the same command goes on from the last block.

Exit status: 0 done, 2 input or command line refused (nothing was written), 130 interrupted, 1 other failures.";

/// Fit regenie's stacked block ridge (its step 1) of many traits, with weights that anyone can apply.
///
/// Blocks of variants predict each trait at several penalties, from samples left out; a second ridge stacks these
/// predictions. A trait that can not be fitted never stops the others: it is listed with the reason.
#[derive(Debug, Args)]
#[command(after_long_help = EXAMPLES)]
pub(crate) struct RidgeCommand {
    #[command(flatten)]
    place: CohortJobOptions,
    #[command(flatten)]
    traits: TraitOptions,
    /// The kind of traits: auto (binary where a column has only the two codes), gaussian or binomial.
    #[arg(long, value_name = "FAMILY", default_value = "auto", help_heading = "Phenotypes and covariates")]
    family: String,
    #[command(flatten)]
    selection: SelectionOptions,
    /// Least frequency of the rarer allele.
    #[arg(long, value_name = "SHARE", default_value = "0.001", value_parser = fraction, help_heading = "Samples and variants")]
    maf: f64,
    /// Largest share of missing calls.
    #[arg(long, value_name = "SHARE", default_value = "0.1", value_parser = fraction, help_heading = "Samples and variants")]
    geno: f64,
    /// Variants of a block.
    #[arg(long, value_name = "N", default_value_t = 1000, help_heading = "Ridge")]
    block_size: usize,
    /// Folds of the cross-validation.
    #[arg(long, value_name = "K", default_value_t = 5, help_heading = "Ridge")]
    folds: usize,
    /// Leave each sample out alone instead (best below 5,000 samples).
    #[arg(long, conflicts_with = "folds", help_heading = "Ridge")]
    loocv: bool,
    /// Shares of the variance that variants explain, one for each ridge of a block, between 0 and 1.
    #[arg(long, value_name = "SHARE", num_args = 1.., value_delimiter = ',', default_values_t = SHARES, help_heading = "Ridge")]
    l0: Vec<f64>,
    /// Likewise for the second ridge, of which the best is taken.
    #[arg(long, value_name = "SHARE", num_args = 1.., value_delimiter = ',', default_values_t = SHARES, help_heading = "Ridge")]
    l1: Vec<f64>,
    /// Seed of the folds.
    #[arg(long, value_name = "N", default_value_t = 1, help_heading = "Ridge")]
    seed: u64,
    #[command(flatten)]
    threads: ThreadsOption,
}

/// regenie's.
const SHARES: [f64; 5] = [0.01, 0.25, 0.5, 0.75, 0.99];

impl RidgeCommand {
    /// Fits, and shows a line per trait.
    pub(super) fn run(&self, remote: &RemoteOptions, session: Session) -> anyhow::Result<Outcome> {
        if remote::is_named(remote) {
            return self.run_remotely(remote, session);
        }
        let started = Instant::now();
        let job = self.place.job(self.options()?, &self.threads, session)?;
        let engine = LocalEngine::new(job.threads)?;
        let mut bar = StepBar::new(session.console, raise_on_interrupt(session.console), "parts");
        let progress: Arc<dyn PassProgress> = bar.passes();
        let fitted = ridge_cohort(&job, &engine, &progress, &mut bar);
        bar.clear();
        self.show(&fitted?, started, session)?;
        session.console.note(&format!("next:  regenie --step 2 --pred {}/pred.list ...", self.place.out));
        Ok(Outcome::Done)
    }

    fn options(&self) -> anyhow::Result<RidgeJobOptions> {
        let family = self.family.parse::<Family>()?;
        let validation =
            if self.loocv { RidgeValidation::LeaveOneOut } else { RidgeValidation::Folds(self.folds) };
        Ok(RidgeJobOptions {
            input: self.traits.input(family, &self.selection, self.maf, self.geno),
            block_size: self.block_size,
            validation,
            level0_shares: self.l0.clone(),
            level1_shares: self.l1.clone(),
            seed: self.seed,
        })
    }

    fn show(&self, report: &RidgeReport, started: Instant, session: Session) -> anyhow::Result<()> {
        print(&table(&report.record))?;
        note_end(&self.place.out, report.reused, started, session);
        Ok(())
    }
}

/// A line per trait.
fn table(record: &RidgeRecord) -> String {
    let columns = [
        ("trait", Align::Left),
        ("family", Align::Left),
        ("samples", Align::Right),
        ("missing", Align::Right),
        ("share", Align::Right),
        ("R2", Align::Right),
        ("variants", Align::Right),
        ("status", Align::Left),
    ];
    let number =
        |value: Option<f64>, digits| value.map_or_else(String::new, |value| format!("{value:.digits$}"));
    let row = |of: &RidgeTraitRecord| {
        vec![
            of.name.clone(),
            of.family.clone(),
            render::count(of.samples),
            render::count(of.missing),
            number(of.share, 2),
            number(of.r_squared, 4),
            render::count(of.variants),
            of.problem.clone().unwrap_or_else(|| "ok".to_owned()),
        ]
    };
    render::table(columns, record.traits.iter().map(row))
}
