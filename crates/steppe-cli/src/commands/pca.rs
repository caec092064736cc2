mod remotely;

use std::{path::PathBuf, sync::Arc, time::Instant};

use clap::{Args, ValueEnum};
use steppe_calibrate::pca::{
    HardyWeinbergTest, LdWindow, LongRangeLd, PcaOptions, PruneOptions, SelectionOptions, VariantScale,
};
use steppe_engine::{LocalEngine, PassProgress};
use steppe_fitjob::{ComponentRecord, PcaJobOptions, PcaRecord, PcaReport, pca_cohort};
use steppe_store::Location;

use super::Session;
use crate::{
    console::print,
    exit::{Outcome, Usage},
    interrupt::raise_on_interrupt,
    options::{CohortJobOptions, ColumnName, RemoteOptions, ThreadsOption, column_name, fraction, note_end},
    progress::StepBar,
    remote,
    render::{self, Align},
};

const EXAMPLES: &str = "\
Examples:
  A reference of labelled people, for steppe ancestry:
    steppe pca --cohort panel --population panel.tsv:SuperPop --out panel-pca

  Components of unrelated people on the variants that a target cohort has too:
    steppe pca --cohort panel --population panel.tsv:SuperPop --unrelated unrelated.txt --shared-with biobank \\
      --out panel-pca

  As plink2 --indep-pairwise 500kb 1 0.2, with 20 components:
    steppe pca --cohort panel --indep-pairwise 500kb 1 0.2 --pcs 20 --out panel-pca

The result folder:
  pcs.*            everybody's place on the components
  eigenvalues.*    the components, and how exact each is
  loadings.tsv     the variants' weights for a copy of the effect allele, with centre and scale: a scoring file
  reference.cbor   all that steppe ancestry needs; no sample ids are in it
  run.json         inputs with hashes, parameters, which variants and people were left out and why

Variants: autosomal biallelic SNPs that read differently on the two strands, without regions of long-range linkage
disequilibrium, pruned in plink2's terms. Components are exact: each is found until it is within --angle of the true one.

On a coordinator (steppe --profile DIR pca ...) lists and the file of populations travel with the job; --shared-with is a
place that the coordinator reads. The files are the same ones, to the bit.

Exit status: 0 done, 2 input or command line refused (nothing was written), 130 interrupted, 1 other failures.";

/// Find the principal components of a reference cohort, for the ancestry of others.
#[derive(Debug, Args)]
#[command(after_long_help = EXAMPLES)]
pub(crate) struct PcaCommand {
    #[command(flatten)]
    place: CohortJobOptions,
    /// Components.
    #[arg(long, value_name = "N", default_value_t = 10)]
    pcs: usize,
    #[command(flatten)]
    people: PeopleArguments,
    #[command(flatten)]
    variants: VariantArguments,
    #[command(flatten)]
    search: SearchArguments,
    #[command(flatten)]
    threads: ThreadsOption,
}

#[derive(Debug, Args)]
#[command(next_help_heading = "People")]
struct PeopleArguments {
    /// People's populations: FILE:COLUMN, a file with #FID and IID (or #IID).
    #[arg(long, value_name = "FILE:COLUMN", value_parser = column_name)]
    population: Option<ColumnName>,
    /// Only the samples of this list (one IID, or FID and IID, a line).
    #[arg(long, value_name = "FILE")]
    keep: Option<PathBuf>,
    /// Not the samples of this list.
    #[arg(long, value_name = "FILE")]
    remove: Option<PathBuf>,
    /// Only the people of this list make the components; the others are projected.
    #[arg(long, value_name = "FILE")]
    unrelated: Option<PathBuf>,
}

#[derive(Debug, Args)]
#[command(next_help_heading = "Variants")]
struct VariantArguments {
    /// Only the variants of this list of ids.
    #[arg(long, value_name = "FILE")]
    extract: Option<PathBuf>,
    /// Not the variants of this list of ids.
    #[arg(long, value_name = "FILE")]
    exclude: Option<PathBuf>,
    /// Only variants that this cohort has too.
    #[arg(long, value_name = "COHORT")]
    shared_with: Option<String>,
    /// Least frequency of the rarer allele.
    #[arg(long, value_name = "SHARE", default_value = "0.05", value_parser = fraction)]
    maf: f64,
    /// Largest share of missing calls.
    #[arg(long, value_name = "SHARE", default_value = "0.1", value_parser = fraction)]
    geno: f64,
    /// Least P of the exact test of Hardy-Weinberg proportions over all people; 0 for none. Where populations are put
    /// together it drops the variants that tell these apart; the PGS Catalog Calculator takes 1e-4.
    #[arg(long, value_name = "P", default_value_t = 0.0)]
    hwe: f64,
    /// Pruning as plink2's: a window in variants, or kb, a step, and the largest r2.
    #[arg(long, value_names = ["WINDOW", "STEP", "R2"], num_args = 3, default_values = ["1000", "50", "0.05"])]
    indep_pairwise: Vec<String>,
    /// Keep correlated variants.
    #[arg(long, conflicts_with = "indep_pairwise")]
    no_prune: bool,
    /// Keep regions of long-range linkage disequilibrium (the HLA, inversions).
    #[arg(long)]
    keep_long_range_ld: bool,
}

#[derive(Debug, Args)]
#[command(next_help_heading = "Components")]
struct SearchArguments {
    /// What variants are divided by.
    #[arg(long, value_enum, default_value_t = ScaleOption::Observed)]
    scale: ScaleOption,
    /// Largest sine of the angle between a component and the exact one.
    #[arg(long, value_name = "SINE", default_value_t = 0.003)]
    angle: f64,
    /// Folds in which people are held out, to learn how far from the others people of the reference lie; 0 for none. Of a
    /// large reference the first folds that have 3,000 people are enough.
    #[arg(long, value_name = "N", default_value_t = 5)]
    held_out_folds: usize,
    /// Seed of the search.
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum ScaleOption {
    /// The standard deviation of the calls, as FRAPOSA
    Observed,
    /// That under Hardy-Weinberg proportions, as plink2 and EIGENSOFT
    HardyWeinberg,
}

impl PcaCommand {
    /// Finds the components, and shows a line each.
    pub(crate) fn run(&self, remote: &RemoteOptions, session: Session) -> anyhow::Result<Outcome> {
        if remote::is_named(remote) {
            return self.run_remotely(remote, session);
        }
        let started = Instant::now();
        let job = self.place.job(self.options()?, &self.threads, session)?;
        let engine = LocalEngine::new(job.threads)?;
        let mut bar = StepBar::new(session.console, raise_on_interrupt(session.console), "steps");
        let progress: Arc<dyn PassProgress> = bar.passes();
        let found = pca_cohort(&job, &engine, &progress, &mut bar);
        bar.clear();
        self.show(&found?, &self.place.out, started, session)
    }

    fn show(
        &self,
        report: &PcaReport,
        place: &str,
        started: Instant,
        session: Session,
    ) -> anyhow::Result<Outcome> {
        print(&table(&report.record))?;
        note_end(place, report.reused, started, session);
        Ok(Outcome::Done)
    }

    fn options(&self) -> anyhow::Result<PcaJobOptions> {
        let (people, variants, search) = (&self.people, &self.variants, &self.search);
        Ok(PcaJobOptions {
            population: people.population.as_ref().map(ColumnName::own_file).transpose()?,
            keep: people.keep.clone(),
            remove: people.remove.clone(),
            unrelated: people.unrelated.clone(),
            extract: variants.extract.clone(),
            exclude: variants.exclude.clone(),
            shared_with: variants.shared_with.as_deref().map(Location::parse).transpose()?,
            selection: SelectionOptions {
                least_maf: variants.maf,
                most_missing: variants.geno,
                least_hardy_weinberg_p: variants.hwe,
                hardy_weinberg: HardyWeinbergTest::Exact,
                long_range_ld: LongRangeLd::None,
            },
            keep_long_range_ld: variants.keep_long_range_ld,
            prune: (!variants.no_prune).then(|| pruning(&variants.indep_pairwise)).transpose()?,
            pca: PcaOptions {
                components: self.pcs,
                kept: 4 * self.pcs,
                scale: match search.scale {
                    ScaleOption::Observed => VariantScale::Observed,
                    ScaleOption::HardyWeinberg => VariantScale::HardyWeinberg,
                },
                angle: search.angle,
                seed: search.seed,
                ..PcaOptions::default()
            },
            held_out_folds: search.held_out_folds,
            copied_inputs: false,
        })
    }
}

/// `WINDOW STEP R2`.
fn pruning(words: &[String]) -> anyhow::Result<PruneOptions> {
    let refuse = |what: &str, word: &str| {
        Usage::refuse(
            format!("--indep-pairwise: {what} {word:?} is not understood"),
            "give a window in variants (1000) or kilobases (500kb), a step in variants, and the largest r2",
        )
    };
    let [window, step, r2] = words else { return Err(refuse("the list", &words.join(" "))) };
    let parsed_step: usize =
        step.parse().ok().filter(|step| *step > 0).ok_or_else(|| refuse("step", step))?;
    let window = match window.to_ascii_lowercase().strip_suffix("kb") {
        Some(kilobases) => {
            let size: f64 = kilobases
                .trim()
                .parse()
                .ok()
                .filter(|size| *size > 0.0)
                .ok_or_else(|| refuse("window", window))?;
            if parsed_step != 1 {
                return Err(refuse("with a window in kilobases a step other than 1:", step));
            }
            LdWindow::BasePairs((size * 1000.0) as u32)
        }
        None => {
            let size =
                window.parse().ok().filter(|size| *size > 1).ok_or_else(|| refuse("window", window))?;
            LdWindow::Variants { size, step: parsed_step }
        }
    };
    let most_r2 = r2.parse().map_err(|_| refuse("r2", r2))?;
    Ok(PruneOptions { window, most_r2 })
}

/// A line per component.
fn table(record: &PcaRecord) -> String {
    let columns = [
        ("component", Align::Left),
        ("eigenvalue", Align::Right),
        ("share", Align::Right),
        ("angle", Align::Right),
        ("status", Align::Left),
    ];
    let row = |of: &ComponentRecord| {
        vec![
            of.name.clone(),
            format!("{:.4}", of.eigenvalue),
            format!("{:.2} %", 100.0 * of.share),
            format!("{:.1e}", of.angle),
            if of.converged { "ok" } else { "rough" }.to_owned(),
        ]
    };
    let mut text = render::table(columns, record.traits.iter().map(row));
    text.push_str(&format!(
        "\n{} people, {} variants\n",
        render::count(record.samples.used),
        render::count(record.variants.used)
    ));
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn windows_are_plink2s() {
        let words = |text: &str| text.split(' ').map(str::to_owned).collect::<Vec<_>>();
        let of = |text: &str| pruning(&words(text)).ok();
        let variants = LdWindow::Variants { size: 1000, step: 50 };
        assert_eq!(of("1000 50 0.05"), Some(PruneOptions { window: variants, most_r2: 0.05 }));
        assert_eq!(
            of("500kb 1 0.2"),
            Some(PruneOptions { window: LdWindow::BasePairs(500_000), most_r2: 0.2 })
        );
        for bad in ["500kb 5 0.2", "x 1 0.2", "10 0 0.2", "10 1 y", "10 1"] {
            assert!(of(bad).is_none(), "{bad}");
        }
    }
}
