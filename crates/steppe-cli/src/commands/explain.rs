use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::Instant,
};

use clap::{
    Args,
    builder::{PossibleValuesParser, TypedValueParser},
};
use steppe_engine::{
    LocalEngine, PassProgress,
    score::{MissingPolicy, ScoreOptions},
};
use steppe_fitjob::{ApplyOptions, ExplainOptions, ExplainedPerson, Language, explain_person};
use steppe_formats::sample_list::SampleSelector;
use steppe_store::Location;

mod shown;

use super::Session;
use crate::{
    console::print,
    exit::{Outcome, Usage},
    options::{ColumnName, MatchingOptions, RemoteOptions, ThreadsOption, column_name},
    private_file::write_private,
    progress::StageBar,
    remote, render,
};

const EXAMPLES: &str = "\
Examples:
  The fifteen variants that move a person's score most, compared to the people of her own population:
    steppe explain --cohort biobank --sample 4711 --score PGS000018.txt.gz --population people.tsv:population

  What the score means by a calibration, and a page to talk about it, in Kazakh:
    steppe explain --cohort biobank --sample 4711 --score PGS000018.txt.gz --calibration calibrated --target KAZ \\
      --html 4711.html --language kk

  All variants as a table:
    steppe explain --cohort biobank --sample FAM7 4711 --score PGS000018.txt.gz --tsv 4711.tsv

Columns:
  genotype   the other allele first; . where the call is missing
  frequency  of the effect allele: in the people of --population, else as missing calls are imputed (--freq, or the
             cohort's founders)
  change     what the genotype adds beyond what it adds on average at that frequency; the changes of all variants are the
             score less its expectation
  share      of all changes, up and down taken together

What was missing in the person counts as expected; how far the score could move if it were known is said beneath. Variants
that the cohort lacks count nothing, in the score and in its expectation. With a calibration the expectation is the model's at
this person's ancestry; what that differs by from the frequencies' is part of the page's last bar.

Files are written for you alone (mode 600), and hold this person's genotypes.

Exit status: 0 done, 2 input or command line refused (nothing was written), 1 other failures.";

/// Say why one person has a score: the variants that move it most from what is expected, and what was missing.
#[derive(Debug, Args)]
#[command(after_long_help = EXAMPLES)]
pub(crate) struct ExplainCommand {
    /// The cohort: the folder or object-store URL that steppe import wrote.
    #[arg(long, value_name = "COHORT")]
    cohort: String,
    /// The person: IID, or FID and IID.
    #[arg(long, value_name = "ID", required = true, num_args = 1..=2)]
    sample: Vec<String>,
    #[command(flatten)]
    matching: MatchingOptions,
    /// The score to explain, where the scoring files have several.
    #[arg(long, value_name = "NAME")]
    score_name: Option<String>,
    #[command(flatten)]
    expectation: ExpectationArguments,
    #[command(flatten)]
    output: OutputArguments,
    #[command(flatten)]
    threads: ThreadsOption,
}

#[derive(Debug, Args)]
#[command(next_help_heading = "Expectation")]
struct ExpectationArguments {
    /// Compare to the people of the person's own population: FILE:COLUMN; to the cohort's founders where absent.
    #[arg(long, value_name = "FILE:COLUMN", value_parser = column_name)]
    population: Option<ColumnName>,
    /// Allele frequencies, in plink2's .afreq form, in place of the founders'.
    #[arg(long, value_name = "FILE", conflicts_with = "population")]
    freq: Option<PathBuf>,
    /// What a missing call counts: mean, zero, or fail, as in steppe score.
    #[arg(long, value_name = "POLICY", default_value = "mean",
        value_parser = PossibleValuesParser::new(["mean", "zero", "fail"]).try_map(|text| text.parse::<MissingPolicy>()))]
    missing: MissingPolicy,
    /// Say what the score means: the folder that steppe calibrate wrote, or its model.cbor.
    #[arg(long, value_name = "MODEL")]
    calibration: Option<String>,
    /// The person's population in the calibration; that of --population where absent.
    #[arg(long, value_name = "NAME", requires = "calibration")]
    target: Option<String>,
    /// The calibration's covariates, in the form of plink2's --covar.
    #[arg(long, value_name = "FILE", requires = "calibration")]
    covar: Option<PathBuf>,
}

#[derive(Debug, Args)]
#[command(next_help_heading = "Output")]
struct OutputArguments {
    /// Variants to show, on the screen and on the page.
    #[arg(long, value_name = "N", default_value_t = 15)]
    top: usize,
    /// Write all variants as a tab-separated table.
    #[arg(long, value_name = "FILE")]
    tsv: Option<PathBuf>,
    /// Write the person's page.
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
    /// The page's language: en, kk or ru.
    #[arg(long, value_name = "CODE", default_value = "en", requires = "html",
        value_parser = PossibleValuesParser::new(Language::ALL.map(Language::code)))]
    language: String,
    /// Replace files that are there.
    #[arg(long)]
    overwrite: bool,
}

impl ExplainCommand {
    /// Explains, and shows a line per variant.
    pub(crate) fn run(&self, remote: &RemoteOptions, session: Session) -> anyhow::Result<Outcome> {
        remote::refuse(remote, "explanations")?;
        let started = Instant::now();
        self.output.check()?;
        let options = self.options(session)?;
        let engine = LocalEngine::new(options.scoring.threads)?;
        let bar = StageBar::genotypes(session.console);
        let progress: Arc<dyn PassProgress> = bar.clone();
        let found = explain_person(&options, &engine, &progress);
        bar.clear();
        let found = found?;
        self.output.write(&found)?;
        found.notices.iter().for_each(|notice| session.console.note(notice));
        print(&shown::text(&found, self.output.top))?;
        session.console.note(&format!("done in {}", render::duration(started.elapsed())));
        Ok(Outcome::Done)
    }

    fn options(&self, session: Session) -> anyhow::Result<ExplainOptions> {
        let of = &self.expectation;
        let population = of.population.as_ref().map(ColumnName::own_file).transpose()?;
        let (family_id, sample_id) = match &self.sample[..] {
            [family, sample] => (Some(family.clone()), sample.clone()),
            all => (None, all.first().cloned().unwrap_or_default()),
        };
        let apply = |calibration: &String| ApplyOptions {
            calibration: calibration.clone(),
            population: population.clone().filter(|_| of.target.is_none()),
            target: of.target.clone(),
            covariates: of.covar.clone(),
        };
        Ok(ExplainOptions {
            cohort: Location::parse(&self.cohort)?,
            scoring: ScoreOptions {
                missing: of.missing,
                frequency_file: of.freq.clone(),
                ..ScoreOptions::for_matching(self.matching.settings(), session.level, self.threads.count())
            },
            score: self.score_name.clone(),
            sample: SampleSelector { family_id, sample_id },
            calibration: of.calibration.as_ref().map(apply),
            distribution: self.output.html.is_some(),
            population,
        })
    }
}

impl OutputArguments {
    /// Refuses places that can not be written, before any work.
    fn check(&self) -> anyhow::Result<()> {
        for path in [&self.tsv, &self.html].into_iter().flatten() {
            let there = path.exists();
            if there && (!self.overwrite || path.is_dir()) {
                return Err(Usage::refuse(
                    format!("{}: it exists", path.display()),
                    "choose another file, or replace it with --overwrite",
                ));
            }
            let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
            if folder.is_some_and(|folder| !folder.is_dir()) {
                return Err(Usage::refuse(
                    format!("{}: its folder is not there", path.display()),
                    "make the folder first",
                ));
            }
        }
        match self.tsv == self.html && self.tsv.is_some() {
            true => Err(Usage::refuse("--tsv and --html name one file", "give each its own")),
            false => Ok(()),
        }
    }

    /// Writes the files; of two that do not both succeed none stays.
    fn write(&self, found: &ExplainedPerson) -> anyhow::Result<()> {
        let language = Language::from_code(&self.language).unwrap_or(Language::English);
        let page = self.html.as_ref().map(|path| (path, found.html(language, self.top)));
        let table = self.tsv.as_ref().map(|path| (path, found.tsv()));
        let mut written: Vec<&Path> = Vec::new();
        for (path, text) in table.into_iter().chain(page) {
            written.push(path);
            if let Err(error) = write_private(path, &text) {
                written.iter().for_each(|path| drop(std::fs::remove_file(path)));
                return Err(error.context(format!("can not write {}", path.display())));
            }
        }
        Ok(())
    }
}
