mod remotely;

use std::{sync::Arc, time::Instant};

use clap::{Args, ValueEnum};
use steppe_engine::{LocalEngine, PassProgress};
use steppe_fitjob::{
    AssociationOptions, AssociationRecord, AssociationReport, AssociationTraitRecord, Family, Firth,
    TestedAllele, associate_cohort,
};

use super::Session;
use crate::{
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
  All traits of a file, with covariates; case/control traits are found by their codes:
    steppe assoc --cohort biobank --pheno traits.tsv --covar covar.tsv --out gwas

  Two traits, common variants alone:
    steppe assoc --cohort biobank --pheno traits.tsv --trait height bmi --maf 0.01 --geno 0.05 --out gwas

  A case/control trait written as 0 and 1, without Firth's regression:
    steppe assoc --cohort biobank --pheno traits.tsv --trait t2d --coding 01 --firth never --out gwas

The result folder, with the columns of plink2's --glm hide-covar cols=+a1freq,+beta:
  PREFIX.TRAIT.glm.linear            a quantitative trait
  PREFIX.TRAIT.glm.logistic.hybrid   a case/control trait, with Firth's regression where the plain one fails
  PREFIX.TRAIT.glm.logistic          with --firth never
  PREFIX.TRAIT.glm.firth             with --firth always
  run.json                           inputs with hashes, parameters, who and what was left out and why

REF is the cohort's other allele and ALT its counted one. Variants outside the autosomes are left out and counted.

Killed or interrupted, the same command begins again; on a coordinator the job goes on from the last run of variants.

Exit status: 0 done, 2 input or command line refused (nothing was written), 130 interrupted, 1 other failures.";

/// Test every variant of a cohort for association with traits: linear and logistic regression with covariates, as
/// plink2's --glm does it.
///
/// A trait that can not be tested never stops the others: it is listed with the reason. Many quantitative traits share
/// the passes over the genotypes.
#[derive(Debug, Args)]
#[command(after_long_help = EXAMPLES)]
pub(crate) struct AssocCommand {
    #[command(flatten)]
    place: CohortJobOptions,
    /// What the names of tables begin with.
    #[arg(long, value_name = "NAME", default_value = "assoc")]
    prefix: String,
    #[command(flatten)]
    traits: TraitOptions,
    /// The kind of traits: auto (binary where a column has only the two codes), gaussian or binomial.
    #[arg(long, value_name = "FAMILY", default_value = "auto", help_heading = "Phenotypes and covariates")]
    family: String,
    #[command(flatten)]
    selection: SelectionOptions,
    /// Least frequency of the rarer allele over the founders.
    #[arg(long, value_name = "SHARE", default_value = "0", value_parser = fraction, help_heading = "Samples and variants")]
    maf: f64,
    /// Largest share of missing calls over the founders.
    #[arg(long, value_name = "SHARE", default_value = "1", value_parser = fraction, help_heading = "Samples and variants")]
    geno: f64,
    /// When Firth's regression takes the place of the logistic one.
    #[arg(long, value_enum, default_value_t = FirthOption::Fallback, help_heading = "Tests")]
    firth: FirthOption,
    /// Tell the effect of the counted allele (ALT) whatever its frequency, and not that of the rarer one.
    #[arg(long, help_heading = "Tests")]
    omit_ref: bool,
    #[command(flatten)]
    threads: ThreadsOption,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum FirthOption {
    /// Where alleles separate cases from controls or the logistic regression does not converge
    Fallback,
    /// Never
    Never,
    /// Always
    Always,
}

impl AssocCommand {
    /// Tests, and shows a line per trait.
    pub(crate) fn run(&self, remote: &RemoteOptions, session: Session) -> anyhow::Result<Outcome> {
        if remote::is_named(remote) {
            return self.run_remotely(remote, session);
        }
        let started = Instant::now();
        let job = self.place.job(self.options()?, &self.threads, session)?;
        let engine = LocalEngine::new(job.threads)?;
        let mut bar = StepBar::new(session.console, raise_on_interrupt(session.console), "tests");
        let progress: Arc<dyn PassProgress> = bar.passes();
        let tested = associate_cohort(&job, &engine, &progress, &mut bar);
        bar.clear();
        self.show(&tested?, &self.place.out, started, session)
    }

    fn options(&self) -> anyhow::Result<AssociationOptions> {
        let family = self.family.parse::<Family>()?;
        Ok(AssociationOptions {
            input: self.traits.input(family, &self.selection, self.maf, self.geno),
            firth: match self.firth {
                FirthOption::Fallback => Firth::Fallback,
                FirthOption::Never => Firth::Never,
                FirthOption::Always => Firth::Always,
            },
            tested: if self.omit_ref { TestedAllele::Counted } else { TestedAllele::Minor },
            prefix: self.prefix.clone(),
        })
    }

    fn show(
        &self,
        report: &AssociationReport,
        place: &str,
        started: Instant,
        session: Session,
    ) -> anyhow::Result<Outcome> {
        print(&table(&report.record))?;
        note_end(place, report.reused, started, session);
        Ok(Outcome::Done)
    }
}

/// A line per trait.
fn table(record: &AssociationRecord) -> String {
    let columns = [
        ("trait", Align::Left),
        ("family", Align::Left),
        ("samples", Align::Right),
        ("cases", Align::Right),
        ("variants", Align::Right),
        ("estimates", Align::Right),
        ("status", Align::Left),
    ];
    let row = |of: &AssociationTraitRecord| {
        vec![
            of.name.clone(),
            of.family.clone(),
            render::count(of.samples),
            of.cases.map_or_else(String::new, render::count),
            render::count(of.variants),
            render::count(of.estimates),
            of.problem.clone().unwrap_or_else(|| "ok".to_owned()),
        ]
    };
    render::table(columns, record.traits.iter().map(row))
}
