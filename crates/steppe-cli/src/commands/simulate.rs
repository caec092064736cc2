use std::{
    path::{Path, PathBuf},
    sync::atomic::{AtomicU64, Ordering},
};

use clap::Args;
use steppe_engine::PassProgress;
use steppe_simulate::{BenchSpec, CohortSpec, SimulateError, Simulated, simulate_bench, simulate_cohort};

use super::Session;
use crate::{
    exit::{Outcome, Usage},
    options::ThreadsOption,
    progress::StageBar,
};

const EXAMPLES: &str = "\
Examples:
  A cohort of three populations with linkage disequilibrium, and scoring files:
    steppe simulate --out people
    steppe simulate --out kazakhs --population KAZ=3000 --variants 100000 --seed 7

  Independent variants of any number, for measuring speed, and a table of 10 scores:
    steppe simulate --unlinked --samples 100000 --variants 50000 --scores 10 --out big

Writes PREFIX.bed, .bim and .fam; for a cohort also PREFIX.populations.tsv (each person's population), PREFIX.pheno.tsv
(a quantitative trait, a disease, and who trains, validates and tests) and scoring files in PREFIX.scores; with --unlinked --scores, PREFIX.scores.txt.
The same options give the same bytes on any machine.";

/// Write a made-up cohort as PLINK files: Europeans, East Asians and Kazakh-like admixed people, with linkage
/// disequilibrium and differing frequencies.
#[derive(Debug, Args)]
#[command(after_long_help = EXAMPLES)]
pub(crate) struct SimulateCommand {
    /// The prefix of the files.
    #[arg(long, value_name = "PREFIX")]
    out: PathBuf,
    /// Other people with every seed; the same people with the same one.
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
    /// How many people of a population: EUR, EAS or KAZ; repeatable [default: EUR=2000 EAS=1500 KAZ=1500].
    #[arg(long, value_name = "NAME=N", conflicts_with = "unlinked")]
    population: Vec<String>,
    /// How many variants [default: 40000].
    #[arg(long, value_name = "N")]
    variants: Option<u32>,
    /// The share of missing calls.
    #[arg(long, value_name = "SHARE", default_value_t = 0.01)]
    missing_rate: f64,
    /// Independent variants and one population: quick to make at any size.
    #[arg(long, requires = "samples")]
    unlinked: bool,
    /// How many people, with --unlinked.
    #[arg(long, value_name = "N", requires = "unlinked")]
    samples: Option<u32>,
    /// How many weight columns the scoring table has, with --unlinked.
    #[arg(long, value_name = "N", requires = "unlinked", default_value_t = 1)]
    scores: u32,
    /// Replace files of that prefix.
    #[arg(long)]
    overwrite: bool,
    #[command(flatten)]
    threads: ThreadsOption,
}

impl SimulateCommand {
    /// Simulates, and says what to do next.
    pub(crate) fn run(&self, session: Session) -> anyhow::Result<Outcome> {
        if !(0.0..0.5).contains(&self.missing_rate) {
            return Err(Usage::refuse(
                format!("--missing-rate {}: not a share of calls", self.missing_rate),
                "give a number from 0 to 0.5",
            ));
        }
        match self.samples {
            Some(samples) if self.unlinked => self.write_unlinked(samples, session)?,
            _ => {
                write_cohort(&self.cohort()?, &self.out, session)?;
            }
        }
        let prefix = self.out.display();
        session.console.note(&format!("next:  steppe import --bfile {prefix} --build GRCh38 --out COHORT"));
        Ok(Outcome::Done)
    }

    fn cohort(&self) -> anyhow::Result<CohortSpec> {
        let mut spec = CohortSpec {
            seed: self.seed,
            missing_rate: self.missing_rate,
            overwrite: self.overwrite,
            threads: self.threads.count(),
            ..CohortSpec::demo()
        };
        spec.variants = self.variants.unwrap_or(spec.variants);
        if !self.population.is_empty() {
            let known = std::mem::take(&mut spec.populations);
            for given in &self.population {
                let parsed = given.split_once('=').and_then(|(name, samples)| {
                    let population = known.iter().find(|population| population.name == name)?;
                    Some((population.clone(), samples.parse().ok()?))
                });
                let Some((mut population, samples)) = parsed else {
                    return Err(Usage::refuse(
                        format!("--population {given}: not a known population and a number"),
                        "give EUR=N, EAS=N or KAZ=N",
                    ));
                };
                population.samples = samples;
                spec.populations.push(population);
            }
        }
        Ok(spec)
    }

    fn write_unlinked(&self, samples: u32, session: Session) -> anyhow::Result<()> {
        let spec = BenchSpec {
            seed: self.seed,
            samples,
            variants: self.variants.unwrap_or(10_000),
            missing_rate: self.missing_rate,
            scores: self.scores,
            overwrite: self.overwrite,
            threads: self.threads.count(),
        };
        with_bar(session, |progress| simulate_bench(&spec, &self.out, progress))?;
        Ok(())
    }
}

/// Writes a cohort with a bar that counts what the simulator counts.
pub(super) fn write_cohort(spec: &CohortSpec, prefix: &Path, session: Session) -> anyhow::Result<Simulated> {
    with_bar(session, |progress| simulate_cohort(spec, prefix, progress))
}

/// Hears how many genotypes are done, and of how many.
type Heard<'a> = &'a (dyn Fn(u64, u64) + Sync);

fn with_bar<T>(
    session: Session,
    simulate: impl FnOnce(Heard<'_>) -> Result<T, SimulateError>,
) -> anyhow::Result<T> {
    let bar = StageBar::genotypes(session.console);
    let last = AtomicU64::new(0);
    let written = simulate(&|done, total| {
        let before = last.swap(done, Ordering::Relaxed);
        if before == 0 {
            bar.stage("simulating", total);
        }
        bar.advance(done.saturating_sub(before));
    });
    bar.clear();
    written.map_err(|error| match error {
        SimulateError::Exists { .. } => {
            Usage::refuse(error.to_string(), "add --overwrite, or choose another --out")
        }
        SimulateError::Empty { .. } => Usage::refuse(error.to_string(), "ask for more"),
        other => other.into(),
    })
}
